"""Observations of a RetrainPolicy, and what its decisions say."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from holdfast.drift_alarms import Alarm
from holdfast.drift_settings import Tier
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import (
    ColumnWindow,
    DriftWindow,
    LabelWindow,
    RetrainPolicyObservation,
    SignalAnswers,
)
from tests.unit.operator.core.builders import (
    SETTINGS,
    at,
    digest,
    find,
    retrain_policy,
    retrain_run,
    serving_model_deployment,
    time_at,
)

EVEN = (100,) * 10


MOVED = (10, 10, 10, 10, 10, 190, 190, 190, 190, 190)


DRIFT = {"drift": {"windowSeconds": 3600, "minSamples": 500}}


DAILY = {"schedule": {"cron": "0 3 * * *", "timeZone": "Europe/Berlin"}}


def column(name: str = "temperature", counts: tuple[int, ...] = EVEN) -> ColumnWindow:
    return ColumnWindow("feature", name, counts, tuple(count * 5 for count in EVEN))


def alarm(tier: Tier, name: str = "temperature", **fields: Any) -> Alarm:
    """Return an alarm of ten minutes."""
    values: dict[str, Any] = {
        "test": "distribution",
        "kind": "feature",
        "start": at(1200).timestamp(),
        "end": at(1800).timestamp(),
        "rows": 600,
        "size": 0.4,
        "p_value": 1e-9,
    }
    return Alarm(tier, name=name, **(values | fields))


def window(*columns: ColumnWindow, rows: int = 1000, **fields: Any) -> DriftWindow:
    values: dict[str, Any] = {
        "revision": "champion",
        "profile": "p1",
        "start": at(0),
        "end": at(3600),
        "rows": rows,
        "columns": columns or (column(),),
    }
    return DriftWindow(**(values | fields))


def confirmed_drift(**fields: Any) -> DriftWindow:
    alarms = (alarm(Tier.SUSPECTED), alarm(Tier.CONFIRMED))
    return window(column(counts=MOVED), column("rain"), alarms=alarms, **fields)


def observe_policy(
    spec: Mapping[str, Any] | None = None,
    *,
    status: Mapping[str, Any] | None = None,
    model: ModelDeployment | None = None,
    runs: tuple[RetrainRun, ...] = (),
    drift: DriftWindow | None = None,
    labels: LabelWindow | None = None,
    signal: SignalAnswers | None = None,
    seconds: float = 3600,
    used: int = 0,
    **metadata: Any,
) -> RetrainPolicyObservation:
    times = {"runTimes": [time_at(-60 * index) for index in range(used)]} if used else {}
    policy = retrain_policy({"triggers": DRIFT, **(spec or {})}, {**times, **(status or {})}, **metadata)
    served = model or serving_model_deployment()
    return RetrainPolicyObservation(
        policy, served, runs, drift, at(seconds), SETTINGS, labels=labels, signal=signal
    )


def finished(name: str, seconds: float, *, is_recorded: bool = True, **fields: Any) -> RetrainRun:
    record = {"record": {"sequence": 1, "digest": digest(name)}} if is_recorded else {}
    status = {"startTime": time_at(seconds - 60), "completionTime": time_at(seconds), **record}
    return retrain_run(name, status=status, **fields)


def next_observation(
    observation: RetrainPolicyObservation, decision: Decision, **changes: Any
) -> RetrainPolicyObservation:
    """Return the same observation after the decision was enacted."""
    resource = observation.resource.model_dump(by_alias=True) | {"status": decision.status}
    policy = RetrainPolicy.model_validate(resource)
    return replace(observation, **({"resource": policy} | changes))


def trigger(decision: Decision, type_: str = "Drift") -> Mapping[str, Any]:
    assert decision.status is not None
    return next((each for each in decision.status["triggers"] if each["type"] == type_), {})


def said(decision: Decision, type_: str) -> str:
    assert decision.status is not None
    found = find(decision.status["conditions"], type_)
    return f"{found['status']}/{found['reason']}"
