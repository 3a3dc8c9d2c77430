"""What a RetrainPolicy decides: runs, budget, history, suspension."""

from dataclasses import replace

import pytest

from holdfast_operator.core.decision import Decision
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.builders import (
    at,
    retrain_run,
    serving_model_deployment,
    time_at,
)
from tests.unit.operator.core.policy_observations import (
    DAILY,
    confirmed_drift,
    finished,
    next_observation,
    observe_policy,
    said,
    trigger,
    window,
)


def test_confirmed_drift_announces_a_run_and_then_makes_it() -> None:
    observation = observe_policy(drift=confirmed_drift())
    intent = decide_retrain_policy(observation)
    assert intent.create == ()
    assert intent.status is not None
    announced = intent.status["lastRun"]
    assert announced["created"] is False
    assert announced["name"].startswith("nightly-drift-")
    assert announced["evidence"]["name"] == "temperature"
    assert announced["evidence"]["windowEnd"] == time_at(3600)
    assert intent.requeue_after_seconds == pytest.approx(0.1)
    assert said(intent, "Reconciling") == "True/StartingRun"
    assert said(intent, "Ready") == "True/Watching"
    assert {event.reason for event in intent.events} == {"DriftConfirmed", "DriftSuspected", "StartingRun"}
    assert intent.status["budget"] == {"used": 1, "limit": 10}

    act = decide_retrain_policy(next_observation(observation, intent))
    assert [run["metadata"]["name"] for run in act.create] == [announced["name"]]
    assert act.create[0]["spec"]["trigger"]["type"] == "Drift"
    assert act.status is not None
    assert act.status["lastRun"]["created"] is True
    assert trigger(act)["suppressedReason"] == "RunActive"
    assert act.status["budget"]["used"] == 1


def test_same_window_never_starts_a_second_run() -> None:
    observation = observe_policy(drift=confirmed_drift(), spec={"limits": {"cooldownSeconds": 0}})
    intent = decide_retrain_policy(observation)
    observation = next_observation(observation, intent)
    observation = next_observation(observation, decide_retrain_policy(observation))
    assert intent.status is not None
    done = finished(intent.status["lastRun"]["name"], 3600)
    again = decide_retrain_policy(replace(observation, runs=(done,)))
    assert again.status is not None
    assert again.status["lastRun"] == intent.status["lastRun"] | {"created": True}
    later = confirmed_drift(start=at(900), end=at(4500))
    fresh = decide_retrain_policy(replace(observation, runs=(done,), drift=later, now=at(4500)))
    assert fresh.status is not None
    assert fresh.status["lastRun"]["created"] is False
    assert fresh.status["lastRun"]["name"] != intent.status["lastRun"]["name"]


def test_policy_without_a_trigger_waits_for_people() -> None:
    decision = decide_retrain_policy(observe_policy({"triggers": {}}))
    assert said(decision, "Ready") == "True/NoTrigger"
    assert decision.requeue_after_seconds is None


def test_missing_model_deployment_stalls_until_it_comes() -> None:
    observation = replace(observe_policy(), model_deployment=None)
    decision = decide_retrain_policy(observation)
    assert said(decision, "Stalled") == "True/ModelDeploymentNotFound"
    assert decision.requeue_after_seconds == 60


def test_runs_of_people_count_in_the_budget_and_show() -> None:
    runs = (finished("mine", 600), finished("again", 900, creationTimestamp=time_at(700)))
    observation = observe_policy(runs=runs)
    decision = decide_retrain_policy(observation)
    assert decision.status is not None
    assert decision.status["budget"]["used"] == 2
    assert trigger(decision, "Manual") == {"type": "Manual", "lastFiredTime": time_at(700)}
    gone = decide_retrain_policy(next_observation(observation, decision, runs=()))
    assert trigger(gone, "Manual") == {"type": "Manual", "lastFiredTime": time_at(700)}
    assert gone.status is not None
    assert gone.status["budget"]["used"] == 2


def test_runs_of_long_ago_leave_the_budget() -> None:
    status = {"runTimes": [time_at(-31 * 86400), time_at(-29 * 86400)]}
    decision = decide_retrain_policy(observe_policy(status=status))
    assert decision.status is not None
    assert decision.status["runTimes"] == [time_at(-29 * 86400)]


def test_oldest_finished_runs_go_but_not_those_in_use() -> None:
    runs = (
        *(finished(f"run-{index}", 100 * index) for index in range(5)),
        finished("going", 1, deletionTimestamp=time_at(1)),
        finished("theirs", 1, spec={"policyRef": {"name": "other"}}),
        retrain_run("busy"),
    )
    model = serving_model_deployment(
        target={
            "uri": "s3://x/y",
            "origin": "RetrainRun/run-0",
            "specModelHash": "h",
            "chosenTime": time_at(0),
        }
    )
    decision = decide_retrain_policy(observe_policy({"historyLimit": 2}, runs=runs, model=model))
    assert [deletion.name for deletion in decision.deletions] == ["run-2", "run-1"]
    assert {deletion.kind for deletion in decision.deletions} == {"RetrainRun"}
    orphan = replace(observe_policy({"historyLimit": 4}, runs=runs), model_deployment=None)
    assert [deletion.name for deletion in decide_retrain_policy(orphan).deletions] == ["run-0"]


def test_suspended_policy_keeps_what_it_said() -> None:
    observation = observe_policy(drift=confirmed_drift(), runs=(retrain_run("busy"),))
    before = decide_retrain_policy(observation)
    spec = observation.resource.spec.model_copy(update={"suspend": True})
    observation = next_observation(observation, before)
    resource = observation.resource.model_copy(update={"spec": spec})
    decision = decide_retrain_policy(replace(observation, resource=resource, drift=None))
    assert said(decision, "DriftConfirmed") == "True/Diverged"
    assert said(decision, "Ready") == "True/Watching"
    assert said(decision, "Reconciling") == "False/Suspended"
    assert trigger(decision)["suppressedReason"] == "Suspended"
    resumed = next_observation(replace(observation, resource=resource), decision)
    resumed = replace(
        resumed,
        resource=resumed.resource.model_copy(update={"spec": observation.resource.spec}),
        drift=window(),
    )
    assert "suppressedReason" not in trigger(decide_retrain_policy(resumed))


def test_policy_born_suspended_is_unknown_and_its_schedule_shows_it() -> None:
    decision = decide_retrain_policy(observe_policy({"triggers": DAILY, "suspend": True}))
    assert said(decision, "Ready") == "Unknown/Suspended"
    assert trigger(decision, "Schedule")["suppressedReason"] == "Suspended"
    observation = next_observation(observe_policy({"triggers": DAILY}), decision)
    assert "suppressedReason" not in trigger(decide_retrain_policy(observation), "Schedule")


def test_deleted_policy_is_left_alone() -> None:
    assert decide_retrain_policy(observe_policy(deletionTimestamp=time_at(0))) == Decision()
