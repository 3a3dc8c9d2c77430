"""The alert trigger: one run for all alerts that wait, never for one that has had its run or has expired."""

from dataclasses import replace
from typing import Any

import pytest

from holdfast_operator.api.trigger_statuses import AlertStatus
from holdfast_operator.core.alerts import Alert, spell_start, take_alert
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.builders import at, retrain_run, time_at
from tests.unit.operator.core.policy_observations import (
    finished,
    next_observation,
    observe_policy,
    said,
    trigger,
)

SPEC = {
    "triggers": {"alert": {"matchLabels": {"alertname": "ManyErrors"}, "expireSeconds": 600}},
    "limits": {"cooldownSeconds": 0},
}


def received(
    observation: RetrainPolicyObservation, *numbers: int, seconds: float
) -> RetrainPolicyObservation:
    """Return the observation after alerts have come, each with a start of its own."""
    status = observation.resource.status
    known = status.alert or AlertStatus()
    for number in numbers:
        alert = Alert(f"{number:016x}", spell_start(at(number)), {"alertname": "ManyErrors"})
        known, _ = take_alert(known, alert, at(seconds))
    changed = status.model_copy(update={"alert": known})
    resource = observation.resource.model_copy(update={"status": changed})
    return replace(observation, resource=resource, now=at(seconds))


def looked(observation: RetrainPolicyObservation) -> tuple[RetrainPolicyObservation, Decision]:
    decision = decide_retrain_policy(observation)
    return next_observation(observation, decision), decision


def states(decision: Decision) -> list[str]:
    assert decision.status is not None
    return [each["state"] for each in decision.status["alert"]["recent"]]


def run_names(decision: Decision) -> list[str]:
    return [each["metadata"]["name"] for each in decision.create]


def test_nothing_has_come_and_nothing_is_written() -> None:
    _, decision = looked(observe_policy(SPEC))
    assert decision.status is not None
    assert "alert" not in decision.status
    assert trigger(decision, "Alert") == {"type": "Alert"}


def test_alerts_that_came_together_start_one_run() -> None:
    observation, intent = looked(received(observe_policy(SPEC), 1, 2, seconds=4000))
    assert intent.status is not None
    announced = intent.status["lastRun"]
    assert announced["reason"] == f"Alert ManyErrors fires since {spell_start(at(1))}."
    assert announced["evidence"] == {
        "alertname": "ManyErrors",
        "fingerprint": f"{1:016x}",
        "startsAt": spell_start(at(1)),
        "receivedTime": time_at(4000),
        "alerts": "2",
    }
    assert states(intent) == ["Answered", "Answered"]
    observation, act = looked(observation)
    assert run_names(act) == [announced["name"]]
    done = finished(announced["name"], 4100)
    _, later = looked(replace(received(observation, 1, 2, seconds=4200), runs=(done,)))
    assert (later.status or {})["lastRun"]["name"] == announced["name"], "they were repeated"


def test_repeated_alert_starts_nothing_when_its_run_is_gone() -> None:
    observation, _ = looked(received(observe_policy(SPEC), 1, seconds=4000))
    observation, _ = looked(observation)
    other = {"name": "later", "trigger": "Manual", "intentTime": time_at(5000), "created": True}
    status = observation.resource.status.model_dump(by_alias=True) | {"lastRun": other}
    gone = next_observation(observation, Decision(status=status))
    _, later = looked(received(gone, 1, seconds=6000))
    assert (later.status or {})["lastRun"]["name"] == "later"


def test_run_that_exists_answers_its_alert_even_if_the_status_was_lost() -> None:
    _, intent = looked(received(observe_policy(SPEC), 1, seconds=4000))
    name = (intent.status or {})["lastRun"]["name"]
    fresh = replace(received(observe_policy(SPEC), 1, seconds=5000), runs=(finished(name, 4100),))
    _, decision = looked(fresh)
    assert states(decision) == ["Answered"]
    assert "lastRun" not in (decision.status or {})


@pytest.mark.parametrize(
    ("started", "state"),
    [pytest.param(3990, "Waiting", id="before"), pytest.param(4000, "Answered", id="after")],
)
def test_run_for_another_cause_answers_alerts_that_came_before_it(started: int, state: str) -> None:
    busy = retrain_run("busy", status={"startTime": time_at(started)})
    _, decision = looked(replace(received(observe_policy(SPEC), 1, seconds=4000), runs=(busy,)))
    assert states(decision) == [state]


def test_alert_that_cannot_start_a_run_in_time_is_dropped() -> None:
    busy = (retrain_run("busy"),)
    observation, held = looked(replace(received(observe_policy(SPEC), 1, seconds=4000), runs=busy))
    assert trigger(held, "Alert")["suppressedReason"] == "RunActive"
    assert held.requeue_after_seconds == 600
    observation, _ = looked(replace(observation, now=at(4599)))
    _, over = looked(replace(observation, now=at(4600), runs=()))
    assert states(over) == ["Expired"]
    assert "suppressedReason" not in trigger(over, "Alert")
    assert "lastRun" not in (over.status or {})


def test_alerts_expire_while_the_policy_is_suspended() -> None:
    suspended = observe_policy(SPEC | {"suspend": True})
    observation, held = looked(received(suspended, 1, seconds=4000))
    assert (states(held), trigger(held, "Alert")["suppressedReason"]) == (["Waiting"], "Suspended")
    _, over = looked(replace(observation, now=at(4600)))
    assert states(over) == ["Expired"]


def test_memory_outlives_the_trigger_and_what_waits_does_not() -> None:
    observation = received(observe_policy(SPEC), 1, seconds=4000)
    spec = observation.resource.spec
    without = spec.model_copy(update={"triggers": spec.triggers.model_copy(update={"alert": None})})
    resource = observation.resource.model_copy(update={"spec": without})
    _, decision = looked(replace(observation, resource=resource))
    assert states(decision) == ["Expired"]
    assert trigger(decision, "Alert") == {}


@pytest.mark.parametrize(
    ("receives", "triggers", "healthy"),
    [
        pytest.param(False, SPEC["triggers"], "False/AlertsOff", id="off"),
        pytest.param(True, SPEC["triggers"], "True/Watching", id="on"),
        pytest.param(False, {}, "True/Watching", id="not-needed"),
    ],
)
def test_policy_that_no_alert_can_reach_says_so(receives: bool, triggers: Any, healthy: str) -> None:
    observation = replace(observe_policy({"triggers": triggers}), receives_alerts=receives)
    _, decision = looked(observation)
    assert said(decision, "TriggersHealthy") == healthy
