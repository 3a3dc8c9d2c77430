"""Readable builders of resources, pods and Jobs as they would be observed."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.resource import Condition
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.manifests.metadata import ImageSettings

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
SETTINGS = ImageSettings(
    server_image="holdfast-server:1.0",
    evaluator_image="holdfast-evaluator:1.0",
    pod_image_pull_secrets=("registry",),
)
MODEL_URI = "s3://models/credit/7"
OUTPUT_URI = "s3://models/credit"


def digest(text: str) -> str:
    """Return a well-formed digest that is recognisable in a failing test."""
    return "sha256:" + text.encode().hex().ljust(64, "0")[:64]


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def time_at(seconds: float) -> str:
    return format_time(at(seconds))


def metadata(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "namespace": "bank",
        "uid": f"uid-of-{name}",
        "generation": 1,
        "creationTimestamp": time_at(0),
        **fields,
    }


def model_deployment(
    spec: Mapping[str, Any] | None = None, status: Mapping[str, Any] | None = None, **fields: Any
) -> ModelDeployment:
    return ModelDeployment.model_validate(
        {
            "metadata": metadata("credit", **fields),
            "spec": {"model": {"uri": MODEL_URI}, **(spec or {})},
            "status": status or {},
        }
    )


def condition(type_: str, status: str, reason: str = "Because") -> dict[str, Any]:
    return {
        "type": type_,
        "status": status,
        "reason": reason,
        "message": "",
        "lastTransitionTime": time_at(0),
        "observedGeneration": 1,
    }


def revision(name: str, **fields: Any) -> dict[str, Any]:
    return {
        "name": name,
        "digest": digest(name),
        "uri": MODEL_URI,
        "origin": "Spec",
        "image": SETTINGS.server_image,
        "server": {},
        "createdTime": time_at(0),
        **fields,
    }


def serving_model_deployment(**status: Any) -> ModelDeployment:
    """Return a ModelDeployment that serves its spec's model."""
    return model_deployment(
        status={
            "observedGeneration": 1,
            "conditions": [condition("Ready", "True", "Serving")],
            "target": {
                "uri": MODEL_URI,
                "digest": digest("champion"),
                "origin": "Spec",
                "specModelHash": "0123456789",
                "chosenTime": time_at(0),
            },
            "stableRevision": revision("champion", promotedTime=time_at(0), outcome="Serving"),
            **status,
        }
    )


def retrain_policy(
    spec: Mapping[str, Any] | None = None, status: Mapping[str, Any] | None = None, **fields: Any
) -> RetrainPolicy:
    return RetrainPolicy.model_validate(
        {
            "metadata": metadata("nightly", **fields),
            "spec": {
                "modelDeploymentRef": {"name": "credit"},
                "trainer": {"image": "trainer:1"},
                "output": {"uri": OUTPUT_URI},
                **(spec or {}),
            },
            "status": status or {},
        }
    )


def retrain_run(
    name: str = "again",
    status: Mapping[str, Any] | None = None,
    spec: Mapping[str, Any] | None = None,
    **fields: Any,
) -> RetrainRun:
    return RetrainRun.model_validate(
        {
            "metadata": metadata(name, **fields),
            "spec": {"policyRef": {"name": "nightly"}, **(spec or {})},
            "status": status or {},
        }
    )


def terminated(
    container: str, exit_code: int, message: str = "", reason: str = "", *, before: bool = False
) -> dict[str, Any]:
    """Return a container status: ended now, or before its last restart."""
    ended = {
        "exitCode": exit_code,
        "message": message,
        "reason": reason or ("Completed" if exit_code == 0 else "Error"),
    }
    state = {"state": {"waiting": {"reason": "CrashLoopBackOff"}}, "lastState": {"terminated": ended}}
    return {"name": container, **(state if before else {"state": {"terminated": ended}})}


def waiting(container: str, reason: str, image: str = "trainer:1", message: str = "") -> dict[str, Any]:
    return {
        "name": container,
        "image": image,
        "state": {"waiting": {"reason": reason, "message": message}},
    }


def running(container: str) -> dict[str, Any]:
    return {"name": container, "state": {"running": {"startedAt": time_at(0)}}}


def pod(
    name: str = "pod",
    containers: Sequence[Mapping[str, Any]] = (),
    init_containers: Sequence[Mapping[str, Any]] = (),
    labels: Mapping[str, str] | None = None,
    created: str | None = None,
    **status: Any,
) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": metadata(name, labels=dict(labels or {}), creationTimestamp=created or time_at(0)),
        "status": {
            "initContainerStatuses": list(init_containers),
            "containerStatuses": list(containers),
            **status,
        },
    }


def unschedulable(name: str, message: str, labels: Mapping[str, str] | None = None) -> dict[str, Any]:
    scheduled = {"type": "PodScheduled", "status": "False", "reason": "Unschedulable", "message": message}
    return pod(name, labels=labels, conditions=[{"type": "Initialized", "status": "True"}, scheduled])


def job_condition(type_: str, reason: str = "") -> dict[str, Any]:
    condition = {"type": type_, "status": "True", **({"reason": reason} if reason else {})}
    return {"conditions": [{"type": "Suspended", "status": "False"}, condition]}


def message(**fields: Any) -> str:
    """Return a termination message."""
    return json.dumps(fields)


def find(conditions: Sequence[Mapping[str, Any] | Condition], type_: str) -> Mapping[str, Any]:
    """Return the condition of that type as a mapping."""
    mappings = [
        each.model_dump(by_alias=True) if isinstance(each, Condition) else each for each in conditions
    ]
    return next(each for each in mappings if each["type"] == type_)
