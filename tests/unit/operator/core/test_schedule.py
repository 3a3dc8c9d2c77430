"""The schedule trigger: slots, time zones, changes."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.builders import (
    find,
    retrain_policy,
)
from tests.unit.operator.core.policy_observations import (
    DAILY,
    next_observation,
    observe_policy,
    said,
    trigger,
)


def test_schedule_begins_when_it_is_first_seen() -> None:
    decision = decide_retrain_policy(observe_policy({"triggers": DAILY}))
    assert decision.status is not None
    assert decision.status["nextScheduleTime"] == "2026-11-03T02:00:00Z"
    assert "lastRun" not in decision.status
    assert decision.requeue_after_seconds == 16 * 3600
    assert said(decision, "DriftConfirmed") == "False/NoDriftTrigger"


def test_due_slot_fires_and_names_the_run_after_itself() -> None:
    observation = observe_policy({"triggers": DAILY})
    observation = next_observation(observation, decide_retrain_policy(observation))
    due = replace(observation, now=datetime(2026, 11, 3, 2, 0, 1, tzinfo=UTC))
    decision = decide_retrain_policy(due)
    assert decision.status is not None
    assert decision.status["lastRun"]["name"] == "nightly-schedule-202611030200"
    assert decision.status["lastRun"]["trigger"] == "Schedule"
    assert trigger(decision, "Schedule") == {"type": "Schedule", "lastFiredTime": "2026-11-03T02:00:01Z"}
    made = decide_retrain_policy(next_observation(due, decision))
    assert [run["metadata"]["name"] for run in made.create] == ["nightly-schedule-202611030200"]
    assert made.status is not None
    assert "suppressedReason" not in trigger(made, "Schedule")


def test_missed_slots_fire_once() -> None:
    observation = observe_policy({"triggers": DAILY})
    observation = next_observation(observation, decide_retrain_policy(observation))
    late = replace(observation, now=datetime(2026, 11, 9, 12, 0, tzinfo=UTC))
    decision = decide_retrain_policy(late)
    assert decision.status is not None
    assert decision.status["lastRun"]["name"] == "nightly-schedule-202611090200"
    after = decide_retrain_policy(next_observation(late, decision))
    assert after.status is not None
    assert after.status["nextScheduleTime"] == "2026-11-10T02:00:00Z"


def test_changed_schedule_begins_anew() -> None:
    observation = observe_policy({"triggers": DAILY})
    observation = next_observation(observation, decide_retrain_policy(observation))
    hourly = retrain_policy({"triggers": {"schedule": {"cron": "0 * * * *"}}}).spec
    resource = observation.resource.model_copy(update={"spec": hourly})
    changed = replace(observation, resource=resource, now=datetime(2026, 11, 5, 12, 30, tzinfo=UTC))
    decision = decide_retrain_policy(changed)
    assert decision.status is not None
    assert "lastRun" not in decision.status
    assert decision.status["nextScheduleTime"] == "2026-11-05T13:00:00Z"


@pytest.mark.parametrize(
    ("moment", "slot"),
    [
        pytest.param(datetime(2026, 3, 28, 12, tzinfo=UTC), "2026-03-29T01:00:00Z", id="summer-time-begins"),
        pytest.param(datetime(2026, 10, 24, 12, tzinfo=UTC), "2026-10-25T02:00:00Z", id="summer-time-ends"),
    ],
)
def test_schedule_follows_the_clocks_of_its_time_zone(moment: datetime, slot: str) -> None:
    decision = decide_retrain_policy(replace(observe_policy({"triggers": DAILY}), now=moment))
    assert decision.status is not None
    assert decision.status["nextScheduleTime"] == slot


@pytest.mark.parametrize(
    "schedule",
    [
        pytest.param({"cron": "61 * * * *"}, id="minute"),
        pytest.param({"cron": "0 3 * * * *"}, id="six-fields"),
        pytest.param({"cron": "0 0 31 2 *"}, id="never"),
        pytest.param({"cron": "0 3 * * *", "timeZone": "Europe/Atlantis"}, id="time-zone"),
        pytest.param({"cron": "0 3 * * *", "timeZone": "Europe"}, id="folder-of-time-zones"),
    ],
)
def test_schedule_that_cannot_be_understood_stalls(schedule: dict[str, str]) -> None:
    decision = decide_retrain_policy(observe_policy({"triggers": {"schedule": schedule}}))
    assert said(decision, "Stalled") == "True/InvalidSchedule"
    assert said(decision, "Ready") == "False/InvalidSchedule"
    assert said(decision, "Reconciling") == "False/InvalidSchedule"
    assert decision.status is not None
    assert schedule["cron"] in find(decision.status["conditions"], "Stalled")["message"]
