"""From windows of counts to conditions."""

from dataclasses import replace

import pytest

from holdfast.drift_alarms import Alarm
from holdfast.drift_settings import DriftSettings, Tier
from holdfast_operator.api.triggers import DriftTrigger
from holdfast_operator.core.drift import drift_settings_of
from holdfast_operator.core.observation import ColumnWindow, DriftWindow
from holdfast_operator.core.reasons import WindowProblem
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.builders import (
    at,
    find,
    retrain_policy,
    retrain_run,
    time_at,
)
from tests.unit.operator.core.policy_observations import (
    DRIFT,
    EVEN,
    MOVED,
    alarm,
    column,
    confirmed_drift,
    next_observation,
    observe_policy,
    said,
    trigger,
    window,
)


def test_steady_traffic_is_within_tolerance() -> None:
    decision = decide_retrain_policy(observe_policy(drift=window()))
    assert said(decision, "DriftSuspected") == "False/WithinTolerance"
    assert said(decision, "DriftConfirmed") == "False/WithinTolerance"
    assert said(decision, "TriggersHealthy") == "True/Watching"
    assert said(decision, "Ready") == "True/Watching"
    assert trigger(decision) == {"type": "Drift"}
    assert decision.create == ()


@pytest.mark.parametrize(
    ("drift", "conditions", "healthy", "suppressed"),
    [
        pytest.param(None, "Unknown/NoData", "Unknown/NoData", "NotEnoughSamples", id="no-window"),
        pytest.param(
            window(revision="older"),
            "Unknown/NoData",
            "Unknown/NoData",
            "NotEnoughSamples",
            id="old-revision",
        ),
        pytest.param(
            window(rows=499), "Unknown/NotEnoughSamples", "True/Watching", "NotEnoughSamples", id="few-rows"
        ),
        pytest.param(
            window(start=at(1800)),
            "Unknown/NotEnoughSamples",
            "True/Watching",
            "NotEnoughSamples",
            id="window-not-full",
        ),
        pytest.param(
            window(problem=WindowProblem.NO_PROFILE, problem_message="no profile.json"),
            "Unknown/NoData",
            "False/NoProfile",
            None,
            id="no-profile",
        ),
        pytest.param(
            window(problem=WindowProblem.SCRAPE_FAILED, problem_message="refused"),
            "Unknown/NoData",
            "False/ScrapeFailed",
            None,
            id="scrape-failed",
        ),
    ],
)
def test_what_cannot_be_decided_is_unknown(
    drift: DriftWindow | None, conditions: str, healthy: str, suppressed: str | None
) -> None:
    decision = decide_retrain_policy(observe_policy(drift=drift))
    assert said(decision, "DriftSuspected") == said(decision, "DriftConfirmed") == conditions
    assert said(decision, "TriggersHealthy") == healthy
    assert said(decision, "Ready") == "True/Watching"
    assert trigger(decision).get("suppressedReason") == suppressed
    assert decision.create == ()


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        pytest.param(alarm(Tier.FAULT, test="missing"), "temperature is missing in 40%", id="missing"),
        pytest.param(
            alarm(Tier.FAULT, test="unseen"), "temperature is of an unseen category in 40%", id="unseen"
        ),
        pytest.param(
            alarm(Tier.FAULT, test="far"), "temperature is far outside its reference range in 40%", id="far"
        ),
    ],
)
@pytest.mark.parametrize("start", [pytest.param(0, id="full window"), pytest.param(1800, id="half a window")])
def test_broken_input_is_named_and_never_retrains(fault: Alarm, text: str, start: float) -> None:
    alarms = (alarm(Tier.CONFIRMED), alarm(Tier.SEVERE), fault)
    broken = window(column(counts=MOVED), alarms=alarms, start=at(start))
    decision = decide_retrain_policy(observe_policy(drift=broken))
    assert said(decision, "DriftSuspected") == "True/InputBroken"
    assert said(decision, "DriftConfirmed") == "False/InputBroken"
    assert said(decision, "TriggersHealthy") == "False/InputBroken"
    assert trigger(decision)["suppressedReason"] == "InputBroken"
    assert decision.status is not None
    assert text in find(decision.status["conditions"], "TriggersHealthy")["message"]
    assert any(event.reason == "InputBroken" and event.type == "Warning" for event in decision.events)


def test_suspicion_is_told_and_starts_nothing() -> None:
    suspected = window(alarms=(alarm(Tier.SUSPECTED, kind="output", name="score"),))
    decision = decide_retrain_policy(observe_policy(drift=suspected))
    assert said(decision, "DriftSuspected") == "True/Diverged"
    assert said(decision, "DriftConfirmed") == "False/WithinTolerance"
    assert trigger(decision) == {"type": "Drift"}
    assert decision.status is not None
    message = find(decision.status["conditions"], "DriftSuspected")["message"]
    assert message == "Output score: PSI 0.40 on 600 rows within 600 s."


def test_suspicion_does_not_wait_for_a_full_window() -> None:
    early = window(alarms=(alarm(Tier.SUSPECTED),), start=at(1800))
    decision = decide_retrain_policy(observe_policy(drift=early))
    assert said(decision, "DriftSuspected") == "True/Diverged"
    assert said(decision, "DriftConfirmed") == "Unknown/NotEnoughSamples"
    assert trigger(decision)["suppressedReason"] == "NotEnoughSamples"


def test_severe_drift_starts_one_run_before_a_window_is_full() -> None:
    severe = window(alarms=(alarm(Tier.SEVERE, size=0.8), alarm(Tier.SUSPECTED)), start=at(60))
    observation = observe_policy(drift=severe)
    decision = decide_retrain_policy(observation)
    assert said(decision, "DriftConfirmed") == "True/Diverged"
    assert decision.status is not None
    announced = decision.status["lastRun"]
    assert announced["evidence"] == {
        "revision": "champion",
        "profile": "p1",
        "tier": "Severe",
        "windowStart": time_at(1200),
        "windowEnd": time_at(1800),
        "rows": "600",
        "kind": "feature",
        "name": "temperature",
        "psi": "0.800",
        "pValue": "1.0e-09",
        "tolerance": "0.1",
    }
    assert announced["reason"] == "Feature temperature moved: PSI 0.80 on 600 rows."
    later = next_observation(observation, decision, drift=replace(severe, end=at(5400)), now=at(5400))
    again = decide_retrain_policy(later)
    assert again.status is not None
    assert again.status["lastRun"]["name"] == announced["name"]


def test_window_that_confirms_what_was_severe_has_the_word() -> None:
    both = window(column(counts=MOVED), alarms=(alarm(Tier.SEVERE), alarm(Tier.CONFIRMED)))
    decision = decide_retrain_policy(observe_policy(drift=both))
    assert decision.status is not None
    assert decision.status["lastRun"]["evidence"]["windowEnd"] == time_at(3600)


def test_features_that_come_apart_are_drift_although_each_is_as_before() -> None:
    residual = ColumnWindow("residual", "residual", MOVED, column(counts=EVEN).reference)
    alarms = (alarm(Tier.CONFIRMED, kind="residual", name="residual"),)
    moved = window(column(counts=EVEN), residual, alarms=alarms)
    decision = decide_retrain_policy(observe_policy(drift=moved))
    assert said(decision, "DriftConfirmed") == "True/Diverged"
    assert decision.status is not None
    worst = decision.status["drift"]["worstFeatures"]
    assert [each["kind"] for each in worst] == ["Residual", "Feature"]


def test_drift_lasts_as_long_as_its_alarm() -> None:
    observation = observe_policy(drift=confirmed_drift(), runs=(retrain_run("busy"),))
    decision = decide_retrain_policy(observation)
    assert said(decision, "DriftConfirmed") == said(decision, "DriftSuspected") == "True/Diverged"
    cleared = decide_retrain_policy(next_observation(observation, decision, drift=window()))
    assert said(cleared, "DriftConfirmed") == "False/WithinTolerance"
    assert said(cleared, "DriftSuspected") == "False/WithinTolerance"
    assert "suppressedReason" not in trigger(cleared)


def test_only_the_features_asked_for_are_watched() -> None:
    triggers = {"drift": DRIFT["drift"] | {"features": ["rain"]}}
    decision = decide_retrain_policy(observe_policy({"triggers": triggers}, drift=confirmed_drift()))
    assert said(decision, "DriftConfirmed") == "False/WithinTolerance"


def test_trigger_asks_the_detector_for_what_the_policy_says() -> None:
    asked = DriftTrigger.model_validate({"tolerance": "0.2", "severe": "0.5", "features": ["rain"]})
    assert drift_settings_of(asked) == DriftSettings(tolerance=0.2, severe=0.5, features=("rain",))
    assert drift_settings_of(DriftTrigger()) == DriftSettings()


def test_unknown_features_are_named() -> None:
    triggers = {"drift": DRIFT["drift"] | {"features": ["humidity"]}}
    decision = decide_retrain_policy(observe_policy({"triggers": triggers}, drift=confirmed_drift()))
    assert said(decision, "TriggersHealthy") == "False/UnknownFeature"
    assert said(decision, "DriftConfirmed") == "Unknown/UnknownFeature"
    assert decision.status is not None
    assert "humidity" in find(decision.status["conditions"], "TriggersHealthy")["message"]


@pytest.mark.parametrize(
    ("counts", "rows", "is_written"),
    [
        pytest.param(tuple(count + 1 for count in EVEN), 1010, False, id="noise"),
        pytest.param((100, 100, 100, 100, 100, 100, 100, 100, 99, 101), 1000, False, id="order-by-chance"),
        pytest.param((60, 70, 80, 90, 100, 100, 110, 120, 130, 140), 1000, True, id="visible-move"),
    ],
)
def test_figures_are_written_only_when_they_differ_visibly(
    counts: tuple[int, ...], rows: int, *, is_written: bool
) -> None:
    observation = observe_policy(drift=window(column("a"), column("b")))
    first = decide_retrain_policy(observation)
    later = replace(
        next_observation(observation, first), drift=window(column("a"), column("b", counts=counts), rows=rows)
    )
    second = decide_retrain_policy(later)
    assert first.status is not None
    assert second.status is not None
    assert (second.status["drift"] != first.status["drift"]) is is_written


def test_figures_of_another_window_length_are_written() -> None:
    observation = observe_policy(drift=window())
    observation = next_observation(observation, decide_retrain_policy(observation))
    triggers = {"drift": DRIFT["drift"] | {"windowSeconds": 7200}}
    resource = observation.resource.model_copy(update={"spec": retrain_policy({"triggers": triggers}).spec})
    decision = decide_retrain_policy(
        replace(observation, resource=resource, drift=window(end=at(7200)), now=at(7200))
    )
    assert decision.status is not None
    assert decision.status["drift"]["windowSeconds"] == 7200
