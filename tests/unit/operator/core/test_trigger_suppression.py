"""Every reason for which a trigger does not fire, and that it shows."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.builders import (
    at,
    condition,
    retrain_run,
    serving_model_deployment,
    time_at,
)
from tests.unit.operator.core.policy_observations import (
    DAILY,
    DRIFT,
    confirmed_drift,
    finished,
    next_observation,
    observe_policy,
    trigger,
)


def not_ready() -> ModelDeployment:
    return serving_model_deployment(conditions=[condition("Ready", "False")])


def pinned() -> ModelDeployment:
    model = serving_model_deployment()
    annotations = {"holdfast.dev/pinned-revision": "champion"}
    return model.model_copy(
        update={"metadata": model.metadata.model_copy(update={"annotations": annotations})}
    )


def suspended_model() -> ModelDeployment:
    model = serving_model_deployment()
    return model.model_copy(update={"spec": model.spec.model_copy(update={"suspend": True})})


def awaiting_approval() -> RetrainRun:
    question = {"requestedTime": time_at(0), "expireTime": time_at(9000)}
    return retrain_run("asking", status={"startTime": time_at(0), "approval": question})


SUPPRESSIONS = [
    pytest.param({"spec": {"suspend": True}}, "Suspended", id="policy-suspended"),
    pytest.param({"model": suspended_model()}, "Suspended", id="model-suspended"),
    pytest.param({"model": not_ready()}, "ModelNotReady", id="model-not-ready"),
    pytest.param({"model": pinned()}, "PinnedRevision", id="pinned"),
    pytest.param({"runs": (retrain_run("busy"),)}, "RunActive", id="run-active"),
    pytest.param({"runs": (awaiting_approval(),)}, "ApprovalPending", id="approval-pending"),
    pytest.param({"runs": (finished("done", 3500),)}, "Cooldown", id="cooldown"),
    pytest.param(
        {"used": 2, "spec": {"limits": {"maxRunsPer30Days": 2}}}, "BudgetExhausted", id="budget-exhausted"
    ),
]


@pytest.mark.parametrize(("change", "reason"), SUPPRESSIONS)
def test_suppressed_drift_is_visible(change: dict[str, Any], reason: str) -> None:
    observation = observe_policy(drift=confirmed_drift(), **change)
    decision = decide_retrain_policy(observation)
    assert decision.create == ()
    assert "lastRun" not in (decision.status or {})
    assert trigger(decision) == {
        "type": "Drift",
        "lastSuppressedTime": time_at(3600),
        "suppressedReason": reason,
    }
    later = decide_retrain_policy(next_observation(observation, decision, now=at(3660)))
    assert later.status == decision.status, "the same suppression is written once"


@pytest.mark.parametrize(("change", "reason"), SUPPRESSIONS)
def test_suppressed_slot_is_visible_and_does_not_fire_later(change: dict[str, Any], reason: str) -> None:
    slot = datetime(2026, 11, 3, 2, 0, tzinfo=UTC)
    spec = {**change.get("spec", {}), "triggers": DAILY}
    known = {"lastScheduleTime": time_at(0), "nextScheduleTime": "2026-11-03T02:00:00Z"}
    runs = tuple(
        finished("done", (slot - at(0)).total_seconds() - 60) if run.status.completion_time else run
        for run in change.get("runs", ())
    )
    observation = observe_policy(**{**change, "spec": spec, "runs": runs, "status": known})
    decision = decide_retrain_policy(replace(observation, now=slot))
    assert trigger(decision, "Schedule")["suppressedReason"] == reason
    assert decision.status is not None
    assert decision.status["lastScheduleTime"] == "2026-11-03T02:00:00Z"
    assert decision.status["nextScheduleTime"] == "2026-11-04T02:00:00Z"
    if reason != "Suspended":
        resumed = replace(observation, model_deployment=serving_model_deployment(), runs=())
        later = next_observation(resumed, decision, now=slot + timedelta(seconds=60))
        quiet = decide_retrain_policy(later)
        assert "lastRun" not in (quiet.status or {})
        assert trigger(quiet, "Schedule")["suppressedReason"] == reason


def test_two_triggers_at_once_start_one_run() -> None:
    known = {"lastScheduleTime": time_at(0), "nextScheduleTime": "2026-11-03T02:00:00Z"}
    observation = observe_policy({"triggers": DRIFT | DAILY}, status=known, drift=confirmed_drift())
    decision = decide_retrain_policy(replace(observation, now=datetime(2026, 11, 3, 2, 0, tzinfo=UTC)))
    assert decision.status is not None
    assert decision.status["lastRun"]["trigger"] == "Drift"
    assert trigger(decision, "Schedule")["suppressedReason"] == "RunActive"


def test_cooldown_is_woken_from() -> None:
    observation = observe_policy(
        {"limits": {"cooldownSeconds": 600}}, drift=confirmed_drift(), runs=(finished("done", 3500),)
    )
    assert decide_retrain_policy(observation).requeue_after_seconds == 500
    over = decide_retrain_policy(replace(observation, now=at(4100)))
    assert over.status is not None
    assert over.status["lastRun"]["created"] is False


def test_run_of_another_policy_counts_as_active_but_not_in_the_budget() -> None:
    other = retrain_run("theirs", spec={"policyRef": {"name": "other"}})
    decision = decide_retrain_policy(observe_policy(drift=confirmed_drift(), runs=(other,)))
    assert trigger(decision)["suppressedReason"] == "RunActive"
    assert decision.status is not None
    assert decision.status["budget"]["used"] == 0
