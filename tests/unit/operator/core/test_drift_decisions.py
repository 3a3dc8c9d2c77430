"""From windows of counts to conditions."""

from dataclasses import replace

import pytest

from holdfast_operator.core.observation import ColumnWindow, DriftWindow
from holdfast_operator.core.reasons import WindowProblem
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.builders import (
    at,
    find,
    retrain_policy,
    retrain_run,
    serving_model_deployment,
)
from tests.unit.operator.core.policy_observations import (
    DRIFT,
    EVEN,
    MOVED,
    column,
    confirmed_drift,
    next_observation,
    observe_policy,
    said,
    trigger,
    window,
)

NUDGED = (75, 80, 85, 90, 95, 105, 110, 115, 120, 125)


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
    ("broken", "text"),
    [
        pytest.param(column(counts=MOVED, missing=400), "temperature is missing in 40%", id="missing"),
        pytest.param(column(counts=MOVED, unseen=900), "temperature is of an unseen category", id="unseen"),
    ],
)
def test_broken_input_is_named_and_never_retrains(broken: ColumnWindow, text: str) -> None:
    decision = decide_retrain_policy(observe_policy(drift=window(broken)))
    assert said(decision, "DriftSuspected") == "True/InputBroken"
    assert said(decision, "DriftConfirmed") == "False/InputBroken"
    assert said(decision, "TriggersHealthy") == "False/InputBroken"
    assert trigger(decision)["suppressedReason"] == "InputBroken"
    assert decision.status is not None
    assert text in find(decision.status["conditions"], "TriggersHealthy")["message"]
    assert any(event.reason == "InputBroken" and event.type == "Warning" for event in decision.events)


def test_small_drift_is_suspected_but_starts_nothing() -> None:
    decision = decide_retrain_policy(observe_policy(drift=window(column(counts=NUDGED, below=50, above=50))))
    assert said(decision, "DriftSuspected") == "False/WithinTolerance"
    many = tuple(count * 100 for count in NUDGED)
    decision = decide_retrain_policy(
        observe_policy(
            drift=window(
                ColumnWindow("output", "score", many, tuple(count * 100 for count in EVEN)), rows=100_000
            )
        )
    )
    assert said(decision, "DriftSuspected") == "True/Diverged"
    assert said(decision, "DriftConfirmed") == "False/WithinTolerance"
    assert trigger(decision) == {"type": "Drift"}
    assert decision.status is not None
    assert decision.status["drift"]["worstFeatures"][0]["kind"] == "Output"


def test_features_that_come_apart_are_drift_although_each_is_as_before() -> None:
    residual = ColumnWindow("residual", "residual", MOVED, column(counts=EVEN).reference)
    decision = decide_retrain_policy(observe_policy(drift=window(column(counts=EVEN), residual)))
    assert said(decision, "DriftConfirmed") == "True/Diverged"
    assert decision.status is not None
    worst = decision.status["drift"]["worstFeatures"]
    assert [each["kind"] for each in worst] == ["Residual", "Feature"]


def test_drift_clears_later_than_it_is_raised() -> None:
    policy = {"limits": {"cooldownSeconds": 86400}}
    busy = (retrain_run("busy"),)
    observation = observe_policy(policy, drift=confirmed_drift(), runs=busy)
    observation = next_observation(observation, decide_retrain_policy(observation))
    lingering = replace(
        observation, drift=window(column(counts=(60, 70, 80, 90, 100, 100, 110, 120, 130, 140)))
    )
    decision = decide_retrain_policy(lingering)
    assert said(decision, "DriftConfirmed") == "True/Diverged"
    fresh = decide_retrain_policy(replace(lingering, resource=retrain_policy({"triggers": DRIFT})))
    assert said(fresh, "DriftConfirmed") == "False/WithinTolerance"
    cleared = decide_retrain_policy(next_observation(lingering, decision, drift=window()))
    assert said(cleared, "DriftConfirmed") == "False/WithinTolerance"
    assert said(cleared, "DriftSuspected") == "False/WithinTolerance"
    assert "suppressedReason" not in trigger(cleared)


def test_drift_of_another_revision_is_forgotten() -> None:
    observation = observe_policy(drift=confirmed_drift(), runs=(retrain_run("busy"),))
    observation = next_observation(observation, decide_retrain_policy(observation))
    model = serving_model_deployment(
        stableRevision=observation.model_deployment.status.stable_revision.model_dump(by_alias=True)  # type: ignore[union-attr]  # the builder serves
        | {"name": "challenger"}
    )
    slight = window(column(counts=(60, 70, 80, 90, 100, 100, 110, 120, 130, 140)), revision="challenger")
    decision = decide_retrain_policy(replace(observation, model_deployment=model, drift=slight))
    assert said(decision, "DriftConfirmed") == "False/WithinTolerance"


def test_only_the_features_asked_for_are_watched() -> None:
    triggers = {"drift": DRIFT["drift"] | {"features": ["rain"]}}
    decision = decide_retrain_policy(observe_policy({"triggers": triggers}, drift=confirmed_drift()))
    assert said(decision, "DriftConfirmed") == "False/WithinTolerance"


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
