"""What labels lead to: verdicts by group, a condition, a run, and a status that is written on change."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from holdfast.drift_settings import Tier
from holdfast_operator.core.drift import DriftState
from holdfast_operator.core.observation import LabelWindow
from holdfast_operator.core.performance import PerformanceState, assess_performance
from holdfast_operator.core.reasons import WindowProblem
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.builders import at, find, time_at
from tests.unit.operator.core.label_windows import (
    ACCURACY,
    ALL_BAD,
    ALL_GOOD,
    BAD,
    GOOD,
    LABELS,
    MAE,
    OLD,
    YOUNG,
    degraded_labels,
    good_labels,
    label_window,
    off,
    performance,
    trigger_of,
    wrong,
)
from tests.unit.operator.core.policy_observations import (
    DRIFT,
    alarm,
    finished,
    next_observation,
    observe_policy,
    said,
    trigger,
    window,
)


def verdicts(labels: LabelWindow, spec: Mapping[str, Any] = ACCURACY) -> dict[tuple[str, str], str]:
    assessment = assess_performance(trigger_of(spec), labels, set())
    assert assessment.overall is not None
    return {group.name: group.verdict for group in (assessment.overall, *assessment.slices)}


@pytest.mark.parametrize(
    ("labels", "state"),
    [
        pytest.param(None, PerformanceState.NO_DATA, id="nothing scraped"),
        pytest.param(label_window(), PerformanceState.NOT_ENOUGH_LABELS, id="no labels"),
        pytest.param(label_window(blocks=[wrong(GOOD)]), PerformanceState.NOT_ENOUGH_LABELS, id="few labels"),
        pytest.param(
            label_window(blocks=[wrong(GOOD)] * 3), PerformanceState.NOT_ENOUGH_LABELS, id="few after those"
        ),
        pytest.param(good_labels(), PerformanceState.WITHIN_TOLERANCE, id="as good as before"),
        pytest.param(degraded_labels(), PerformanceState.DEGRADED, id="worse"),
    ],
)
def test_labels_say_one_of_these(labels: LabelWindow | None, state: PerformanceState) -> None:
    assert assess_performance(trigger_of(), labels, set()).state is state


def test_slice_that_got_worse_counts_though_all_rows_did_not() -> None:
    labels = label_window(blocks=[wrong(0.06, 1000)] * 12, slices={YOUNG: ALL_GOOD, OLD: ALL_BAD})
    assert verdicts(labels) == {
        ("", ""): "WithinTolerance",
        YOUNG: "WithinTolerance",
        OLD: "Degraded",
    }
    assert assess_performance(trigger_of(), labels, set()).state is PerformanceState.DEGRADED


def test_slice_with_few_labels_is_not_called_fine() -> None:
    few = [wrong(GOOD, 20)] * 8
    labels = label_window(blocks=ALL_GOOD, slices={YOUNG: ALL_GOOD, OLD: few})
    assert verdicts(labels)[OLD] == "NotEnoughLabels"
    decision = decide_retrain_policy(observe_policy({"triggers": LABELS}, labels=labels))
    assert decision.status is not None
    degraded = find(decision.status["conditions"], "PerformanceDegraded")
    assert (degraded["status"], degraded["reason"]) == ("False", "WithinTolerance")
    assert "Some slices have too few labels" in degraded["message"]


def test_only_slices_of_the_policy_are_watched() -> None:
    labels = label_window(blocks=ALL_GOOD, slices={YOUNG: ALL_GOOD, ("sex", "0"): ALL_BAD})
    assert ("sex", "0") not in verdicts(labels, {**ACCURACY, "slices": ["age"]})
    assessment = assess_performance(trigger_of(slices=["age", "income"]), labels, set())
    assert assessment.state is PerformanceState.UNKNOWN_SLICE
    assert "income" in assessment.message


def test_good_labels_of_long_ago_say_nothing_about_now() -> None:
    late = replace(good_labels(), end=at(86400 * 30))
    assert verdicts(late) == {("", ""): "NotEnoughLabels"}


def test_group_is_degraded_until_half_of_the_evidence_is_gone() -> None:
    recovering = [wrong(GOOD)] * 6 + [wrong(BAD)] * 6 + [wrong(GOOD)] * 2
    labels = label_window(blocks=recovering)
    fresh = assess_performance(trigger_of(), labels, set())
    lasting = assess_performance(trigger_of(), labels, {("", "")})
    assert fresh.overall is not None
    assert 0.5 < fresh.overall.evidence < 1
    assert fresh.state is PerformanceState.WITHIN_TOLERANCE
    assert lasting.state is PerformanceState.DEGRADED
    over = label_window(blocks=[*recovering, *[wrong(GOOD)] * 20])
    assert assess_performance(trigger_of(), over, {("", "")}).state is PerformanceState.WITHIN_TOLERANCE


def test_degraded_labels_announce_a_run_and_then_make_it() -> None:
    observation = observe_policy({"triggers": LABELS}, labels=degraded_labels())
    intent = decide_retrain_policy(observation)
    assert intent.create == ()
    assert said(intent, "PerformanceDegraded") == "True/Degraded"
    assert said(intent, "Ready") == "True/Watching"
    assert said(intent, "TriggersHealthy") == "True/Watching"
    assert {event.reason for event in intent.events} == {"PerformanceDegraded", "StartingRun"}
    assert intent.status is not None
    announced = intent.status["lastRun"]
    assert announced["name"].startswith("nightly-performance-")
    assert announced["reason"] == "accuracy is worse than its baseline 0.950 by over 0.02."
    assert announced["evidence"] == {
        "revision": "champion",
        "labelsUntil": time_at(720),
        "metric": "accuracy",
        "baseline": "0.950",
        "baselineSource": "FirstLabels",
        "current": "0.825",
        "labels": "1200",
        "evidence": "1.00",
        "maxDrop": "0.02",
    }
    act = decide_retrain_policy(next_observation(observation, intent))
    assert [run["metadata"]["name"] for run in act.create] == [announced["name"]]
    assert act.create[0]["spec"]["trigger"]["type"] == "Performance"
    assert trigger(act, "Performance")["suppressedReason"] == "RunActive"


def test_same_look_never_starts_a_second_run_and_a_later_one_does() -> None:
    spec = {"triggers": LABELS, "limits": {"cooldownSeconds": 0}}
    observation = observe_policy(spec, labels=degraded_labels())
    intent = decide_retrain_policy(observation)
    observation = next_observation(observation, intent)
    observation = next_observation(observation, decide_retrain_policy(observation))
    assert intent.status is not None
    done = finished(intent.status["lastRun"]["name"], 3600)
    again = decide_retrain_policy(replace(observation, runs=(done,)))
    assert again.status is not None
    assert again.status["lastRun"]["name"] == intent.status["lastRun"]["name"]
    later = replace(degraded_labels(), end=at(780))
    fresh = decide_retrain_policy(replace(observation, runs=(done,), labels=later))
    assert fresh.status is not None
    assert fresh.status["lastRun"]["created"] is False
    assert fresh.status["lastRun"]["name"] != intent.status["lastRun"]["name"]


def test_slice_is_named_in_the_reason_and_the_evidence() -> None:
    labels = label_window(blocks=[wrong(0.06, 1000)] * 12, slices={OLD: ALL_BAD})
    decision = decide_retrain_policy(observe_policy({"triggers": LABELS}, labels=labels))
    assert decision.status is not None
    announced = decision.status["lastRun"]
    assert announced["reason"].startswith("accuracy where age is in bin 1 is worse")
    assert (announced["evidence"]["slice"], announced["evidence"]["value"]) == OLD
    assert performance(decision.status)["slices"][0]["verdict"] == "Degraded"


def test_errors_of_numbers_are_judged_in_the_labels_units() -> None:
    labels = label_window(MAE, [off(32.7)] * 6 + [off(92.0)] * 6)
    spec = {"triggers": {"performance": MAE}}
    decision = decide_retrain_policy(observe_policy(spec, labels=labels))
    assert said(decision, "PerformanceDegraded") == "True/Degraded"
    figures = performance(decision.status)
    assert (figures["metric"], figures["baseline"], figures["current"]) == ("mae", "32.7", "62.35")
    assert decision.status is not None
    assert decision.status["lastRun"]["evidence"]["maxIncrease"] == "10"


@pytest.mark.parametrize(
    ("labels", "condition", "healthy", "suppressed"),
    [
        pytest.param(None, "Unknown/NoData", "Unknown/NoData", "NotEnoughSamples", id="nothing scraped"),
        pytest.param(
            replace(good_labels(), revision="older"),
            "Unknown/NoData",
            "Unknown/NoData",
            "NotEnoughSamples",
            id="labels of another revision",
        ),
        pytest.param(
            label_window(blocks=[wrong(BAD)]),
            "Unknown/NotEnoughLabels",
            "True/Watching",
            "NotEnoughSamples",
            id="few labels",
        ),
        pytest.param(good_labels(), "False/WithinTolerance", "True/Watching", None, id="all is well"),
        pytest.param(
            replace(good_labels(), groups=(), problem=WindowProblem.OTHER_METRIC, problem_message="no"),
            "Unknown/NoData",
            "False/OtherMetric",
            None,
            id="another metric",
        ),
        pytest.param(
            label_window(blocks=ALL_GOOD, slices={("sex", "0"): ALL_BAD}),
            "Unknown/UnknownSlice",
            "False/UnknownSlice",
            None,
            id="a slice that nobody counts",
        ),
    ],
)
def test_what_labels_say_is_visible(
    labels: LabelWindow | None, condition: str, healthy: str, suppressed: str | None
) -> None:
    spec: dict[str, Any] = {"triggers": {"performance": {**ACCURACY, "slices": ["age"]}}}
    if labels is None or not labels.groups or labels.groups[-1].slice != "sex":
        spec = {"triggers": LABELS}
    decision = decide_retrain_policy(observe_policy(spec, labels=labels))
    assert said(decision, "PerformanceDegraded") == condition
    assert said(decision, "TriggersHealthy") == healthy
    assert trigger(decision, "Performance").get("suppressedReason") == suppressed
    assert "lastRun" not in (decision.status or {})


def test_trouble_of_the_drift_trigger_comes_first() -> None:
    failed = window(problem=WindowProblem.SCRAPE_FAILED, problem_message="no answer")
    decision = decide_retrain_policy(observe_policy({"triggers": LABELS | DRIFT}, drift=failed))
    assert said(decision, "TriggersHealthy") == "False/ScrapeFailed"


def test_broken_input_explains_bad_predictions_and_is_not_learned() -> None:
    broken = window(alarms=(alarm(Tier.FAULT, test="missing"),))
    observation = observe_policy({"triggers": LABELS | DRIFT}, labels=degraded_labels(), drift=broken)
    decision = decide_retrain_policy(observation)
    assert said(decision, "DriftSuspected") == f"True/{DriftState.INPUT_BROKEN}"
    assert said(decision, "PerformanceDegraded") == "True/Degraded"
    assert trigger(decision, "Performance")["suppressedReason"] == "InputBroken"
    assert "lastRun" not in (decision.status or {})


def test_policy_without_the_trigger_says_so_and_forgets_the_figures() -> None:
    observation = observe_policy({"triggers": LABELS}, labels=good_labels())
    with_figures = next_observation(observation, decide_retrain_policy(observation))
    assert with_figures.resource.status.performance is not None
    spec = observe_policy({"triggers": DRIFT}).resource.spec
    resource = with_figures.resource.model_copy(update={"spec": spec})
    decision = decide_retrain_policy(replace(with_figures, resource=resource, labels=None))
    assert said(decision, "PerformanceDegraded") == "False/NoPerformanceTrigger"
    assert "performance" not in (decision.status or {})
