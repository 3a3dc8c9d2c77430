"""All triggers go through one decision: every type against every reason for which it may not fire."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.api.triggers import TriggerType
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.reasons import SuppressedReason
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from holdfast_operator.core.triggers import Occasion, Sighting, decide_triggers
from tests.unit.operator.core.builders import at, retrain_run
from tests.unit.operator.core.policy_observations import finished, next_observation, trigger
from tests.unit.operator.core.test_trigger_suppression import (
    awaiting_approval,
    not_ready,
    pinned,
    suspended_model,
)
from tests.unit.operator.core.trigger_observations import OCCASIONS, SLOT

TYPES: tuple[TriggerType, ...] = ("Drift", "Performance", "Schedule", "Data", "Code", "Alert", "Signal")
REASONS: list[Any] = [
    pytest.param({"model": suspended_model()}, "Suspended", id="model-suspended"),
    pytest.param({"model": not_ready()}, "ModelNotReady", id="model-not-ready"),
    pytest.param({"model": pinned()}, "PinnedRevision", id="pinned"),
    pytest.param({"runs": (awaiting_approval(),)}, "ApprovalPending", id="approval-pending"),
    pytest.param({"runs": (retrain_run("busy"),)}, "RunActive", id="run-active"),
    pytest.param({"runs": (finished("done", SLOT - 60),)}, "Cooldown", id="cooldown"),
    pytest.param({"used": 2, "spec": {"limits": {"maxRunsPer30Days": 2}}}, "BudgetExhausted", id="budget"),
]


def made_runs(decision: Decision) -> list[str]:
    return [each["metadata"]["name"] for each in decision.create if each["kind"] == "RetrainRun"]


def occasion(type_: TriggerType, name: str = "run") -> Occasion:
    return Occasion(type_, name, "because")


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("suppression", [None, *SuppressedReason])
def test_trigger_fires_exactly_when_nothing_is_in_the_way(
    type_: TriggerType, suppression: SuppressedReason | None
) -> None:
    (verdict,) = decide_triggers([Sighting(type_, occasion(type_))], suppression, ())
    assert verdict.suppressed is suppression
    assert (verdict.occasion is not None) == (suppression is None)


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("obstacle", [SuppressedReason.INPUT_BROKEN, SuppressedReason.NOT_ENOUGH_SAMPLES])
def test_own_obstacle_of_a_trigger_comes_first_but_for_a_suspension(
    type_: TriggerType, obstacle: SuppressedReason
) -> None:
    for suppression in (None, SuppressedReason.COOLDOWN):
        (verdict,) = decide_triggers([Sighting(type_, occasion(type_), obstacle)], suppression, ())
        assert (verdict.occasion, verdict.suppressed) == (None, obstacle)
    (verdict,) = decide_triggers([Sighting(type_, None, obstacle)], SuppressedReason.SUSPENDED, ())
    assert verdict.suppressed is SuppressedReason.SUSPENDED


@pytest.mark.parametrize("type_", TYPES)
def test_known_run_is_never_started_again(type_: TriggerType) -> None:
    (verdict,) = decide_triggers([Sighting(type_, occasion(type_, "old"))], None, {"old"})
    assert (verdict.occasion, verdict.suppressed) == (None, None)


@given(st.permutations(TYPES), st.sets(st.sampled_from(TYPES)), st.sets(st.sampled_from(TYPES)))
def test_at_most_one_trigger_fires_and_the_others_say_why_not(
    order: list[TriggerType], seeing: set[TriggerType], moments: set[TriggerType]
) -> None:
    sightings = [
        Sighting(each, occasion(each, each) if each in seeing else None, is_moment=each in moments)
        for each in order
    ]
    verdicts = decide_triggers(sightings, None, ())
    first = next((each for each in order if each in seeing), None)
    assert [verdict.trigger for verdict in verdicts if verdict.occasion] == ([first] if first else [])
    late = seeing - {first}
    assert {v.trigger for v in verdicts if v.suppressed is SuppressedReason.RUN_ACTIVE} == late
    assert {v.trigger for v in verdicts if v.has_lost} == late & moments


@pytest.mark.parametrize("type_", OCCASIONS)
def test_every_type_announces_a_run_of_its_own_and_makes_it_once(type_: TriggerType) -> None:
    observation = OCCASIONS[type_]({})
    intent = decide_retrain_policy(observation)
    assert intent.status is not None
    announced = intent.status["lastRun"]
    assert (announced["trigger"], announced["created"]) == (type_, False)
    assert announced["name"].startswith(f"nightly-{type_.lower()}-")
    assert made_runs(intent) == []
    again = decide_retrain_policy(observation)
    assert again.status is not None
    assert again.status["lastRun"]["name"] == announced["name"], "two leaders name the same run"
    act = decide_retrain_policy(next_observation(observation, intent))
    assert made_runs(act) == [announced["name"]]
    made = next_observation(observation, act)
    run = finished(announced["name"], SLOT + 60)
    free = {"cooldown_seconds": 0}
    spec = made.resource.spec.model_copy(update={"limits": made.resource.spec.limits.model_copy(update=free)})
    resource = made.resource.model_copy(update={"spec": spec})
    later = decide_retrain_policy(replace(made, resource=resource, runs=(run,), now=at(SLOT + 120)))
    assert later.status is not None
    assert later.status["lastRun"] == announced | {"created": True}
    assert "suppressedReason" not in trigger(later, type_)


@pytest.mark.parametrize("type_", OCCASIONS)
@pytest.mark.parametrize(("change", "reason"), REASONS)
def test_every_type_shows_every_suppression(
    type_: TriggerType, change: Mapping[str, Any], reason: str
) -> None:
    observation = OCCASIONS[type_](change)
    decision = decide_retrain_policy(observation)
    assert decision.status is not None
    assert (made_runs(decision), "lastRun" in decision.status) == ([], False)
    assert trigger(decision, type_)["suppressedReason"] == reason
    later = decide_retrain_policy(next_observation(observation, decision, now=at(SLOT + 1)))
    assert later.status == decision.status, "the same suppression is written once"
