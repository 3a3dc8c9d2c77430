"""Observations of a RetrainRun, and what its decisions say."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import RetrainRunObservation
from tests.unit.operator.core.builders import (
    OUTPUT_URI,
    SETTINGS,
    at,
    condition,
    digest,
    find,
    job_condition,
    metadata,
    pod,
    retrain_policy,
    retrain_run,
    serving_model_deployment,
    time_at,
)

GATE = {"gate": {"checks": [{"metric": "mae", "maxRegression": "0"}]}}


CHAMPION = {"revision": "champion", "digest": digest("champion"), "uri": "s3://models/credit/7"}


STARTED = {
    "modelDeployment": "credit",
    "job": "again",
    "startTime": time_at(10),
    "champion": CHAMPION,
    "conditions": [condition("Trained", "Unknown", "Training")],
}


BETTER = {"name": "mae", "champion": 76.1, "candidate": 32.6, "regression": -43.5}


RESULT = {
    "digest": digest("challenger"),
    "uri": f"{OUTPUT_URI}/challenger",
    "sizeBytes": 1000,
    "championDigest": digest("champion"),
    "holdoutRows": 400,
    "signature": "Identical",
    "metrics": [BETTER | {"regressionLow": -60.0, "regressionHigh": -31.0}],
    "dataDigest": "sha256:data",
}


_OF_THE_OBSERVATION = {"engines", "events", "refusal", "service_account", "workload"}


def observe_run(
    status: Mapping[str, Any] | None = None,
    *,
    policy: RetrainPolicy | None = None,
    model: ModelDeployment | None = None,
    others: Sequence[RetrainRun] = (),
    job: Mapping[str, Any] | None = None,
    pods: Sequence[Mapping[str, Any]] = (),
    seconds: float = 100,
    **fields: Any,
) -> RetrainRunObservation:
    """Return the observation; FIELDS are further ones of it, or of the run's metadata."""
    own = {name: fields.pop(name) for name in _OF_THE_OBSERVATION & set(fields)}
    return RetrainRunObservation(
        resource=retrain_run(status=status, **fields),
        policy=policy or retrain_policy(GATE),
        model_deployment=model or serving_model_deployment(),
        other_runs=tuple(others),
        job=job,
        pods=tuple(pods),
        now=at(seconds),
        settings=SETTINGS,
        **own,
    )


def training_job(status: Mapping[str, Any] | None = None, owner: str = "uid-of-again", **fields: Any) -> Any:
    references = [{"kind": "RetrainRun", "name": "again", "uid": owner, "controller": True}]
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata("again", uid="uid-of-job", ownerReferences=references, **fields),
        "status": dict(status or {}),
    }


def complete(*containers: Mapping[str, Any]) -> dict[str, Any]:
    """Return job and pods of a training whose evaluator ended like this."""
    return {"job": training_job(job_condition("Complete")), "pods": [pod(containers=containers)]}


def failed(reason: str, *pods: Mapping[str, Any]) -> dict[str, Any]:
    return {"job": training_job(job_condition("Failed", reason)), "pods": pods}


def next_observation(
    observation: RetrainRunObservation, decision: Decision, **changes: Any
) -> RetrainRunObservation:
    resource = observation.resource.model_dump(by_alias=True) | {"status": decision.status}
    return replace(observation, **({"resource": RetrainRun.model_validate(resource)} | changes))


def said(decision: Decision, type_: str) -> str:
    assert decision.status is not None
    found = find(decision.status["conditions"], type_)
    return f"{found['status']}/{found['reason']}"


def text(decision: Decision, type_: str) -> str:
    assert decision.status is not None
    return str(find(decision.status["conditions"], type_)["message"])


def assert_failed(decision: Decision, reason: str) -> None:
    assert said(decision, "Failed") == f"True/{reason}"
    assert said(decision, "Stalled") == f"True/{reason}"
    assert said(decision, "Ready") == f"False/{reason}"
    assert said(decision, "Reconciling") == f"False/{reason}"
    assert said(decision, "Promoted") == f"False/{reason}"
    assert decision.status is not None
    assert decision.status["completionTime"] == time_at(100)
    assert next((event.type, event.reason) for event in decision.events) == ("Warning", reason)
