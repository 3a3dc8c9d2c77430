"""Objects as an API server gives them, written from the API's own models so that no field can be misspelt."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import BaseModel

from holdfast_operator.api.model_deployment import ModelDeploymentSpec, ModelDeploymentStatus
from holdfast_operator.api.retrain_policy import RetrainPolicySpec, RetrainPolicyStatus
from holdfast_operator.api.retrain_run import RetrainRunSpec, RetrainRunStatus

NOW = datetime(2026, 6, 14, 12, 0, tzinfo=UTC)
NAMESPACE = "ml"
Object = dict[str, Any]


def ago(**duration: float) -> str:
    """A time of the API so long before NOW."""
    return (NOW - timedelta(**duration)).strftime("%Y-%m-%dT%H:%M:%SZ")


def digest(letter: str) -> str:
    return "sha256:" + letter * 64


def condition(type_: str, status: str = "True", reason: str = "", message: str = "") -> Object:
    return {
        "type": type_,
        "status": status,
        "reason": reason or type_,
        "message": message,
        "lastTransitionTime": ago(minutes=5),
        "observedGeneration": 1,
    }


def revision(name: str, letter: str, outcome: str | None = None, **fields: Any) -> Object:
    return {
        "name": name,
        "digest": digest(letter),
        "uri": "s3://models/bikes/1",
        "origin": "Spec",
        "createdTime": ago(days=3),
        "promotedTime": ago(days=3),
        **({"outcome": outcome} if outcome else {}),
        **fields,
    }


STABLE = revision(
    "bikes-3f9c2d1e07",
    "9",
    "Serving",
    origin="RetrainRun/bikes-drift-1a2b3c4d5e",
    createdTime=ago(minutes=12),
    promotedTime=ago(minutes=11),
)
EARLIER = revision("bikes-b1c9a0f3d2", "7", "Superseded")
FAILED = revision("bikes-00aa11bb22", "5", "Failed", createdTime=ago(days=1), promotedTime=None)


def model_deployment(
    name: str = "bikes",
    *,
    spec: Object | None = None,
    annotations: dict[str, str] | None = None,
    namespace: str = NAMESPACE,
    **status: Any,
) -> Object:
    """A ModelDeployment that serves; keyword arguments replace fields of its status."""
    serving = {
        "observedGeneration": 1,
        "conditions": [condition("Ready"), condition("Reconciling", "False"), condition("Stalled", "False")],
        "stableRevision": STABLE,
        "revisions": [STABLE, EARLIER],
        "url": f"http://{name}.{namespace}.svc",
        "replicas": 2,
        "readyReplicas": 2,
    }
    body = {"model": {"uri": "s3://models/bikes/1"}, "server": {"replicas": 2}, **(spec or {})}
    return _object(
        "ModelDeployment",
        name,
        namespace,
        ModelDeploymentSpec.model_validate(body),
        ModelDeploymentStatus.model_validate(serving | status),
        annotations=annotations,
    )


def retrain_policy(
    name: str = "bikes-drift",
    *,
    model: str = "bikes",
    watched: Object | None = None,
    namespace: str = NAMESPACE,
    **status: Any,
) -> Object:
    """A RetrainPolicy that watches for drift."""
    watching = {
        "observedGeneration": 1,
        "conditions": [
            condition("Ready"),
            condition("DriftSuspected", "False", "WithinTolerance"),
            condition("DriftConfirmed", "False", "WithinTolerance"),
        ],
        "drift": {"rows": 5230, "windowSeconds": 86400, "revision": STABLE["name"]},
        "budget": {"used": 2, "limit": 10},
    }
    spec = {
        "modelDeploymentRef": {"name": model},
        "triggers": {"drift": {"tolerance": "0.1"}} if watched is None else watched,
        "trainer": {"image": "trainer:1"},
        "output": {"uri": "s3://models/bikes/"},
    }
    return _object(
        "RetrainPolicy",
        name,
        namespace,
        RetrainPolicySpec.model_validate(spec),
        RetrainPolicyStatus.model_validate(watching | status),
    )


def retrain_run(
    name: str = "bikes-drift-1a2b3c4d5e",
    *,
    policy: str = "bikes-drift",
    trigger: str = "Drift",
    created: str = "",
    namespace: str = NAMESPACE,
    **status: Any,
) -> Object:
    """A RetrainRun that the operator has seen."""
    spec = {"policyRef": {"name": policy}, "trigger": {"type": trigger}}
    return _object(
        "RetrainRun",
        name,
        namespace,
        RetrainRunSpec.model_validate(spec),
        RetrainRunStatus.model_validate({"observedGeneration": 1} | status),
        created=created or ago(minutes=20),
    )


def evaluation(outcome: str = "Pass", **check: str) -> Object:
    numbers = {"metric": "mae", "champion": "76.1", "candidate": "33.2", "threshold": "max 45"} | check
    return {
        "holdoutRows": 1008,
        "signature": "Identical",
        "metrics": [numbers | {"outcome": outcome}],
        "verdict": outcome,
    }


def drift(name: str, psi: str, p_value: str, kind: str = "Feature") -> Object:
    return {"name": name, "kind": kind, "psi": psi, "noiseFloor": "0.004", "pValue": p_value}


def _object(
    kind: str,
    name: str,
    namespace: str,
    spec: BaseModel,
    status: BaseModel,
    *,
    annotations: dict[str, str] | None = None,
    created: str = "",
) -> Object:
    metadata = {
        "name": name,
        "namespace": namespace,
        "generation": 1,
        "creationTimestamp": created or ago(days=3),
        "managedFields": [{"manager": "kubectl"}],
        **({"annotations": annotations} if annotations else {}),
    }
    parts = {"spec": spec, "status": status}
    dumped = {
        key: json.loads(part.model_dump_json(by_alias=True, exclude_none=True)) for key, part in parts.items()
    }
    return {"apiVersion": "holdfast.dev/v1alpha1", "kind": kind, "metadata": metadata, **dumped}
