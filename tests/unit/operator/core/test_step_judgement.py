"""A step passes, fails or waits by what was counted, and by how sure that is."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.performance import Losses
from holdfast.profile import CategoricalColumn
from holdfast_operator.api.rollout import Analysis, StepCheck
from holdfast_operator.core.step_evidence import RevisionEvidence, StepEvidence
from holdfast_operator.core.step_judgement import DOUBT, judge_step
from tests.unit.operator.core.builders import START
from tests.unit.operator.core.step_evidences import SLOW, evidence, output, revision

USUAL = Analysis()


def analysis(metric: Any, **bounds: str) -> Analysis:
    return Analysis(checks=[StepCheck(metric=metric, **bounds)])


def losses(rows: int, mean: float) -> Losses:
    return Losses(rows, rows * mean, rows * (mean**2 + 1))


ERRORS, SHIFT = analysis("errorRate", max="0.05"), analysis("predictionShift", max="0.1")
DISAGREEMENT = analysis("disagreement", max="0.05")
HEALTH, LOSS = analysis("featureHealth", maxRegression="0.02"), analysis("labelledLoss", maxRegression="1")
EVEN = output(250, 250, 250, 250)
CLASSES = {
    "score": CategoricalColumn(
        kind="output", name="score", tensor="score", missing=0, counts=(500, 500, 0), categories=("a", "b")
    )
}


@pytest.mark.parametrize(
    ("analysis", "seen", "outcome"),
    [
        pytest.param(USUAL, evidence(), "Pass", id="as good"),
        pytest.param(USUAL, evidence(errors=200), "Fail", id="many errors"),
        pytest.param(USUAL, evidence(errors=25), "Inconclusive", id="errors about the bound"),
        pytest.param(USUAL, evidence(revision(errors=200), errors=200), "Inconclusive", id="errors of both"),
        pytest.param(USUAL, evidence(latency=SLOW), "Fail", id="slow"),
        pytest.param(USUAL, evidence(revision(latency=SLOW), latency=SLOW), "Pass", id="both slow"),
        pytest.param(USUAL, evidence(requests=199), "Inconclusive", id="too few of the candidate"),
        pytest.param(USUAL, evidence(revision(requests=0)), "Inconclusive", id="none of the champion"),
        pytest.param(USUAL, evidence(requests=199, errors=199), "Inconclusive", id="too few to fail"),
        pytest.param(USUAL, None, "Inconclusive", id="nothing counted"),
        pytest.param(ERRORS, evidence(revision(errors=900), errors=10), "Pass", id="upper bound alone"),
        pytest.param(SHIFT, evidence(revision(outputs=EVEN), outputs=EVEN), "Pass", id="alike"),
        pytest.param(
            SHIFT, evidence(revision(outputs=EVEN), outputs=output(700, 100, 100, 100)), "Fail", id="shifted"
        ),
        pytest.param(
            SHIFT,
            evidence(revision(outputs=EVEN), outputs=output(340, 250, 250, 160)),
            "Inconclusive",
            id="shifted by about the bound",
        ),
        pytest.param(
            SHIFT,
            evidence(revision(outputs=EVEN), outputs=output(500, 500, edges=(2.0,))),
            "Pass",
            id="alike in other bins",
        ),
        pytest.param(SHIFT, evidence(), "Inconclusive", id="no outputs"),
        pytest.param(SHIFT, evidence(revision(outputs=CLASSES), outputs=EVEN), "Inconclusive", id="classes"),
        pytest.param(
            SHIFT, evidence(revision(outputs=EVEN), outputs=output(5, 5, 5, 5)), "Inconclusive", id="few rows"
        ),
        pytest.param(
            DISAGREEMENT, evidence(revision(copied_rows=500, disagreeing_rows=5)), "Pass", id="they agree"
        ),
        pytest.param(
            DISAGREEMENT, evidence(revision(copied_rows=500, disagreeing_rows=90)), "Fail", id="they disagree"
        ),
        pytest.param(DISAGREEMENT, evidence(), "Inconclusive", id="no copies"),
        pytest.param(
            HEALTH, evidence(revision(unhealthy={"x": 9}), unhealthy={"x": 9}), "Pass", id="healthy"
        ),
        pytest.param(
            HEALTH,
            evidence(revision(unhealthy={"x": 9, "y": 0}), unhealthy={"x": 300, "y": 0}),
            "Fail",
            id="one feature breaks",
        ),
        pytest.param(HEALTH, evidence(), "Inconclusive", id="no features"),
        pytest.param(
            HEALTH,
            evidence(revision(unhealthy={"x": 0}), unhealthy={"x": 0}, rows=0),
            "Inconclusive",
            id="no rows",
        ),
        pytest.param(
            LOSS, evidence(revision(losses=losses(400, 5)), losses=losses(400, 5)), "Pass", id="as right"
        ),
        pytest.param(
            LOSS, evidence(revision(losses=losses(400, 5)), losses=losses(400, 9)), "Fail", id="more wrong"
        ),
        pytest.param(LOSS, evidence(), "Inconclusive", id="no labels"),
    ],
)
def test_step_is_judged_by_what_was_counted(
    analysis: Analysis, seen: StepEvidence | None, outcome: str
) -> None:
    assert judge_step(analysis, seen).outcome == outcome


@pytest.mark.parametrize(
    ("analysis", "seen", "outcome"),
    [
        pytest.param(ERRORS, {}, "Pass", id="few errors"),
        pytest.param(ERRORS, {"errors": 300}, "Fail", id="many errors"),
        pytest.param(USUAL, {"errors": 300}, "Inconclusive", id="nothing to compare with"),
        pytest.param(ERRORS, {"requests": 10}, "Inconclusive", id="few requests"),
        pytest.param(SHIFT, {"outputs": EVEN}, "Inconclusive", id="predictions"),
        pytest.param(DISAGREEMENT, {}, "Inconclusive", id="no copies"),
        pytest.param(analysis("featureHealth", max="0.1"), {"unhealthy": {"x": 500}}, "Fail", id="broken"),
        pytest.param(analysis("labelledLoss", max="4"), {"losses": losses(100, 2)}, "Pass", id="right"),
    ],
)
def test_revision_on_probation_is_judged_alone(
    analysis: Analysis, seen: dict[str, Any], outcome: str
) -> None:
    assert judge_step(analysis, StepEvidence(START, None, revision(**seen))).outcome == outcome


def test_result_has_the_numbers_and_words_of_the_bound() -> None:
    [check] = judge_step(analysis("errorRate", maxRegression="0.02"), evidence(errors=200)).checks
    assert (check.champion, check.candidate, check.samples) == ("0", "0.2", "1000")
    assert (check.low, check.high) == ("0.1798", "0.2216")
    assert (check.threshold, check.outcome) == ("maxRegression 0.02", "Fail")


def test_failure_names_what_failed() -> None:
    assert judge_step(USUAL, evidence(errors=200)).message == "errorRate 0.2 (maxRegression 0.02)"
    few = judge_step(USUAL, evidence(requests=3))
    assert few.message == "3 requests of the candidate and 1000 requests of the champion, 200 are needed"


def test_check_without_labels_does_not_hold_the_others_up() -> None:
    checks = [*USUAL.effective_checks, *LOSS.checks]
    judged = judge_step(Analysis(checks=checks), evidence())
    assert judged.outcome == "Pass"
    assert [each.outcome for each in judged.checks] == ["Pass", "Pass", "Skipped"]


def test_value_without_a_figure_is_left_out() -> None:
    [check] = judge_step(ERRORS, evidence(requests=0)).checks
    assert (check.candidate, check.low, check.high) == (None, "0", "1")


@given(errors=st.integers(0, 1000), more=st.integers(1, 50), theirs=st.integers(0, 1000))
def test_more_errors_never_help_the_candidate(errors: int, more: int, theirs: int) -> None:
    order = ["Fail", "Inconclusive", "Pass"]
    few = judge_step(USUAL, evidence(revision(errors=theirs), errors=errors))
    many = judge_step(USUAL, evidence(revision(errors=theirs), errors=min(errors + more, 1000)))
    assert order.index(many.outcome) <= order.index(few.outcome)


def counted(random: np.random.Generator, requests: int, error_rate: float) -> RevisionEvidence:
    latency = dict(
        zip((0.01, 0.05, 1.0), random.multinomial(requests, (0.9, 0.08, 0.02)).tolist(), strict=True)
    )
    return revision(requests=requests, errors=int(random.binomial(requests, error_rate)), latency=latency)


def added(first: RevisionEvidence, second: RevisionEvidence) -> RevisionEvidence:
    latency = {bound: first.latency[bound] + second.latency[bound] for bound in first.latency}
    return replace(
        first,
        requests=first.requests + second.requests,
        errors=first.errors + second.errors,
        latency=latency,
    )


@pytest.mark.parametrize(("rate", "at_least", "at_most"), [(0.03, 0.0, DOUBT), (0.3, 1.0, 1.0)])
def test_candidate_at_its_bound_is_taken_back_no_more_often_than_said(
    rate: float, at_least: float, at_most: float
) -> None:
    random, failed = np.random.default_rng(0), 0
    for _ in range(300):
        ours, theirs = counted(random, 300, rate), counted(random, 300, 0.01)
        for _ in range(USUAL.max_intervals):
            outcome = judge_step(USUAL, StepEvidence(START, theirs, ours)).outcome
            if outcome == "Fail":
                failed += 1
                break
            ours, theirs = added(ours, counted(random, 300, rate)), added(theirs, counted(random, 300, 0.01))
    assert at_least <= failed / 300 <= at_most
