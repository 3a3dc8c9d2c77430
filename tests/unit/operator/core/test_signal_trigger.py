"""The signal trigger: hysteresis in both directions, one run for a crossing, nothing for what went wrong."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import RetrainPolicyObservation, SignalAnswers
from holdfast_operator.core.reasons import LookProblem
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from holdfast_operator.core.signal_answer import SignalError, failed_answer, follow_on, read_answer
from tests.unit.operator.core.builders import at, retrain_run, time_at
from tests.unit.operator.core.policy_observations import (
    finished,
    next_observation,
    observe_policy,
    said,
    trigger,
)

SIGNAL = {"url": "http://tool.bank.svc/", "path": "@", "above": "0.5", "consecutive": 3}
SPEC = {"triggers": {"signal": SIGNAL}, "limits": {"cooldownSeconds": 0, "maxRunsPer30Days": 1000}}
OUT, FINE, BROKEN = b"0.7", b"0.2", b"oops"


class Watched:
    """A policy whose signal is read every minute; ``answer`` is one answer and one reconciliation."""

    def __init__(self, **signal: Any) -> None:
        spec = {**SPEC, "triggers": {"signal": {**SIGNAL, **signal}}}
        self.observation: RetrainPolicyObservation = observe_policy(spec, seconds=0)
        self.answers: SignalAnswers | None = None
        self.minute = 0
        self.fired: list[str] = []

    def answer(self, *bodies: bytes) -> Decision:
        trigger = self.observation.resource.spec.triggers.signal
        assert trigger is not None
        for body in bodies:
            self.minute += 1
            read = read_answer(trigger, body, at(self.minute * 60))
            self.answers = follow_on(self.answers, read)
            decision = self.look()
        return decision

    def look(self, runs: tuple[Any, ...] | None = None) -> Decision:
        changes: dict[str, Any] = {} if runs is None else {"runs": runs}
        now = at(self.minute * 60)
        self.observation = replace(self.observation, signal=self.answers, now=now, **changes)
        decision = decide_retrain_policy(self.observation)
        assert decision.status is not None
        announced = decision.status.get("lastRun")
        if announced is not None and not announced["created"]:
            self.fired.append(announced["name"])
        self.observation = next_observation(self.observation, decision)
        return decision

    def finish(self) -> None:
        """End the run that was started last."""
        self.look()
        self.look(runs=(finished(self.fired[-1], self.minute * 60),))

    def restart(self) -> None:
        self.answers = None

    @property
    def status(self) -> Any:
        return self.observation.resource.status.signal


def test_signal_is_raised_by_answers_in_a_row_and_starts_one_run() -> None:
    watched = Watched()
    watched.answer(OUT, OUT, FINE, OUT, OUT)
    assert watched.fired == []
    decision = watched.answer(OUT)
    assert decision.status is not None
    announced = decision.status["lastRun"]
    assert announced["trigger"] == "Signal"
    assert announced["reason"] == "@ is 0.7, above 0.5."
    assert announced["evidence"] == {
        "url": "http://tool.bank.svc/",
        "path": "@",
        "value": "0.7",
        "above": "0.5",
        "raisedTime": time_at(360),
    }
    watched.finish()
    watched.answer(*[OUT] * 9)
    assert len(watched.fired) == 1, "it has to be cleared before it fires again"


def test_text_that_equals_is_told() -> None:
    watched = Watched(above=None, equals="Critical", consecutive=1)
    decision = watched.answer(b'"Critical"')
    assert decision.status is not None
    assert decision.status["lastRun"]["reason"] == "@ equals Critical."


def test_signal_is_cleared_by_answers_in_a_row_and_then_fires_anew() -> None:
    watched = Watched()
    watched.answer(OUT, OUT, OUT)
    watched.finish()
    watched.answer(FINE, FINE, OUT, OUT, OUT)
    assert len(watched.fired) == 1
    watched.answer(FINE, FINE, FINE)
    assert (watched.status.is_raised, watched.status.value) == (False, "0.2")
    watched.answer(OUT, OUT, OUT)
    assert len(set(watched.fired)) == 2


def test_answer_that_says_nothing_begins_the_count_anew_and_is_told() -> None:
    watched = Watched()
    decision = watched.answer(OUT, OUT, BROKEN)
    assert said(decision, "TriggersHealthy") == "False/SignalNotJson"
    assert watched.status.failure.time == time_at(180)
    again = watched.answer(BROKEN)
    assert again.status == decision.status, "the same failure is written once"
    assert said(watched.answer(OUT), "TriggersHealthy") == "True/Watching"
    assert (watched.status.failure, watched.fired) == (None, [])
    watched.answer(OUT, OUT)
    assert len(watched.fired) == 1


def test_other_failure_is_told_as_well() -> None:
    watched = Watched()
    assert said(watched.answer(BROKEN, b"null"), "TriggersHealthy") == "False/SignalAbsent"


def test_raised_signal_waits_for_its_run_but_not_beyond_what_the_tool_says() -> None:
    watched = Watched()
    busy = retrain_run("busy")
    watched.look(runs=(busy,))
    held = watched.answer(OUT, OUT, OUT)
    assert trigger(held, "Signal")["suppressedReason"] == "RunActive"
    watched.answer(BROKEN)
    watched.look(runs=())
    assert watched.fired == [], "it is not known whether it still holds"
    watched.answer(FINE)
    assert watched.fired == []
    watched.answer(OUT)
    assert len(watched.fired) == 1


def test_restart_forgets_the_count_and_never_what_was_raised() -> None:
    watched = Watched()
    watched.answer(OUT, OUT)
    watched.restart()
    watched.answer(OUT, OUT)
    assert watched.fired == []
    watched.answer(OUT)
    watched.finish()
    watched.restart()
    watched.look()
    watched.answer(*[OUT] * 6)
    assert len(watched.fired) == 1


@pytest.mark.parametrize(
    ("started", "fires"), [pytest.param(170, True, id="before"), pytest.param(180, False, id="after")]
)
def test_run_for_another_cause_answers_what_was_raised_before_it(started: int, *, fires: bool) -> None:
    watched = Watched()
    watched.look(runs=(retrain_run("busy", status={"startTime": time_at(started)}),))
    watched.answer(OUT, OUT, OUT)
    assert watched.status.is_answered is not fires
    watched.look(runs=())
    assert bool(watched.fired) is fires


def test_other_bound_begins_anew() -> None:
    watched = Watched()
    watched.answer(OUT, OUT, OUT)
    watched.finish()
    spec = watched.observation.resource.spec
    assert spec.triggers.signal is not None
    moved = spec.triggers.signal.model_copy(update={"above": "0.6"})
    triggers = spec.triggers.model_copy(update={"signal": moved})
    resource = watched.observation.resource.model_copy(
        update={"spec": spec.model_copy(update={"triggers": triggers})}
    )
    watched.observation = replace(watched.observation, resource=resource)
    watched.look()
    assert (watched.status.is_raised, watched.status.changed_time) == (False, None)
    watched.answer(OUT, OUT, OUT)
    assert len(set(watched.fired)) == 2


def test_suspended_policy_keeps_what_it_knew() -> None:
    watched = Watched()
    watched.answer(OUT, OUT, OUT)
    known = watched.status
    spec = watched.observation.resource.spec.model_copy(update={"suspend": True})
    resource = watched.observation.resource.model_copy(update={"spec": spec})
    watched.observation = replace(watched.observation, resource=resource)
    decision = watched.answer(FINE, FINE, FINE)
    assert watched.status == known
    assert trigger(decision, "Signal")["suppressedReason"] == "Suspended"


def test_every_failure_of_the_request_is_a_reason_and_fires_nothing() -> None:
    for problem in [each for each in LookProblem if each.value.startswith("Signal")]:
        watched = Watched(consecutive=1)
        signal = watched.observation.resource.spec.triggers.signal
        assert signal is not None
        watched.answers = failed_answer(signal, SignalError(problem, "It failed."), at(0))
        assert said(watched.look(), "TriggersHealthy") == f"False/{problem}"
        assert watched.fired == []


@given(
    st.integers(1, 4), st.lists(st.sampled_from(["out", "fine", "broken", "restart", "finish"]), max_size=60)
)
def test_between_two_runs_the_signal_was_cleared(consecutive: int, steps: list[str]) -> None:
    """Whatever is answered, fails, and ends: each run has its own crossing, by good answers in a row."""
    watched = Watched(consecutive=consecutive)
    bodies = {"out": OUT, "fine": FINE, "broken": BROKEN}
    in_a_row, raised, crossings = ("", 0), False, 0
    for step in steps:
        if step in bodies:
            watched.answer(bodies[step])
            in_a_row = (step, in_a_row[1] + 1 if in_a_row[0] == step else 1)
            if step != "broken" and in_a_row[1] >= consecutive and raised != (step == "out"):
                raised = step == "out"
                crossings += raised
        elif step == "restart":
            watched.restart()
            in_a_row = ("", 0)
        elif watched.fired:
            watched.finish()
    assert len(watched.fired) == len(set(watched.fired)) <= crossings
