"""What a judgement says: better or worse only beyond doubt, and for whom."""

from typing import Any

import pytest

from holdfast.report.document import Check, Metric
from holdfast.report.findings import (
    Finding,
    Groups,
    allowed,
    explain,
    find,
    find_in_slice,
    gap_sentence,
    gate_sentence,
    main_metric,
    metrics_of_column,
    named,
    places,
    subject,
    verdict_sentence,
)
from tests.unit.sdk.report.documents import check, document, gap, metric, part

INTERVAL = "95\u00a0% interval"


@pytest.mark.parametrize(
    ("found", "finding"),
    [
        (metric(ends=(-16, -12)), Finding.BETTER),
        (metric(ends=(1, 2)), Finding.WORSE),
        (metric(ends=(-1, 2)), Finding.UNCLEAR),
        (metric(ends=(0, 0)), Finding.SAME),
        (metric(ends=None), Finding.UNCLEAR),
        (metric(champion=None), Finding.ALONE),
        (metric("selectionRate", 0.2, 0.1, (0.05, 0.15)), Finding.CHANGED),
    ],
)
def test_a_finding_needs_an_interval_beside_zero(found: Metric, finding: Finding) -> None:
    assert find(found) is finding


def test_a_slice_needs_enough_of_the_rows_that_count() -> None:
    tpr = metric("truePositiveRate", 0.5, 0.6, (0.01, 0.2), rows=40)
    assert find_in_slice(part("north", tpr), "truePositiveRate") is Finding.TOO_FEW
    assert find_in_slice(part("north", metric(), rows=99), "mae") is Finding.TOO_FEW
    assert find_in_slice(part("north", metric()), "mae") is Finding.BETTER
    assert find_in_slice(part("north"), "mae") is Finding.UNKNOWN


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        pytest.param(
            {},
            f"Better: MAE 92.1 → 78.2 (−13.9, {INTERVAL} −16.0 to −12.4) on 4,300 held-out rows.",
            id="without slices",
        ),
        pytest.param(
            {"slices": [part("north", metric()), part("south", metric(), rows=50)]},
            f"Better: MAE 92.1 → 78.2 (−13.9, {INTERVAL} −16.0 to −12.4) on 4,300 held-out rows; "
            "no slice got worse; one slice is too small to judge.",
            id="no slice is worse",
        ),
        pytest.param(
            {
                "metrics": [metric(ends=(-1.2, 3.1))],
                "slices": [
                    *(part(name, metric(ends=(1, 2))) for name in "abcdef"),
                    *(part(name, metric(), rows=9) for name in "gh"),
                ],
            },
            f"No clear difference: MAE 92.1 → 78.2 (−13.9, {INTERVAL} −1.2 to +3.1) on 4,300 held-out rows; "
            "worse for region = a, b, c, d and 2 more; 2 slices are too small to judge.",
            id="many slices are worse",
        ),
        pytest.param(
            {"metrics": [metric(ends=None)]},
            "No clear difference: MAE 92.1 → 78.2 (−14, interval unknown) on 4,300 held-out rows.",
            id="no interval",
        ),
        pytest.param(
            {"champion": {}, "metrics": [metric(champion=None, ends=None)]},
            "First model: MAE 78.2 on 4,300 held-out rows; there is no champion to compare with.",
            id="first model",
        ),
        pytest.param(
            {
                "champion": {"digest": "sha256:0", "signature": "Incompatible"},
                "metrics": [metric(champion=None, ends=None)],
            },
            "Not comparable: MAE 78.2 on 4,300 held-out rows; inputs or outputs differ from the champion's, "
            "so that the two cannot be compared.",
            id="another signature",
        ),
        pytest.param(
            {"metrics": [], "checks": []},
            "Not measured: judged on 4,300 held-out rows; the report of the package has the figures.",
            id="only the run is known",
        ),
    ],
)
def test_verdict_in_a_sentence(fields: dict[str, Any], sentence: str) -> None:
    assert verdict_sentence(document(**fields)) == sentence


def test_the_first_metric_that_the_gate_asks_about_is_the_main_one() -> None:
    both = [metric(), metric("rmse", 2, 3)]
    asked = [
        check(metric="packageBytes"),
        check(metric="selectionRate", slice="sex=F"),
        check(metric="r2"),
        check(metric="rmse"),
    ]
    found = main_metric(document(metrics=both, checks=asked))
    assert found is not None
    assert found.name == "rmse"
    first = main_metric(document(metrics=both, checks=[check(metric="beauty")]))
    assert first is not None
    assert first.name == "mae"


def test_slices_are_judged_by_the_metrics_that_the_gate_asks_of_their_column() -> None:
    rate = metric("truePositiveRate", 0.25, 0.36, (0.07, 0.15))
    share = metric("selectionRate", 0.03, 0.04, (-0.02, -0.01))
    fine = metric("auc", 0.9, 0.9, (-0.01, 0.01))
    found = document(
        task="Classification",
        metrics=[fine, share, rate],
        checks=[
            check(metric="auc"),
            check(metric="demographicParityDifference", slice="sex"),
            check(metric="truePositiveRate", slice="sex=F"),
        ],
        slices=[part("F", fine, rate, share, column="sex"), part("3", fine, rate, column="age")],
    )
    assert metrics_of_column(found, "sex") == ["truePositiveRate", "selectionRate", "auc"]
    groups = Groups.of(found)
    assert places(groups.worse, found) == "sex = F (true positive rate)"
    assert (groups.better, groups.too_few, groups.judged) == ([], [], 2)


def test_slices_that_no_metric_is_defined_of_are_not_judged() -> None:
    groups = Groups.of(document(slices=[part("north")]))
    assert (groups.worse, groups.too_few, groups.judged) == ([], [], 0)


@pytest.mark.parametrize(
    ("names", "words"),
    [
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (list("abc"), "a, b and c"),
        (list("abcdef"), "a, b, c, d and 2 more"),
    ],
)
def test_names_in_words(names: list[str], words: str) -> None:
    assert named(names) == words


@pytest.mark.parametrize(
    ("outcomes", "sentence"),
    [
        (["Pass"], "The only check passes."),
        (["Pass", "Pass"], "All 2 checks pass."),
        (["Fail"], "The only check fails: MAE."),
        (["Fail", "Pass"], "1 of 2 checks fails: MAE."),
        (["Fail", "Fail", "Inconclusive"], "2 of 3 checks fail: MAE."),
        (["Inconclusive", "Pass"], "1 of 2 checks cannot be decided: MAE."),
    ],
)
def test_the_gate_in_a_sentence(outcomes: list[str], sentence: str) -> None:
    assert gate_sentence(document(checks=[check(outcome=each) for each in outcomes])) == sentence


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (check(), "MAE"),
        (check(slice="region=north=west"), "MAE of region = north=west"),
        (check(slice="region"), "MAE between values of region"),
    ],
)
def test_what_a_check_is_about(found: Check, words: str) -> None:
    assert subject(found) == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (check(), ""),
        (check(note="selectionRate of Female 0.1"), "selection rate of Female 0.1"),
        (check(outcome="Fail"), "beyond the bound with 95\u00a0% confidence"),
        (check("max 45", outcome="Fail"), "beyond the bound"),
        (check(outcome="Fail", candidate="Incompatible"), "it is another one"),
        (check(outcome="Inconclusive", candidate="not measured"), "it could not be measured"),
        (check(outcome="Inconclusive", candidate=None, note="few"), "few"),
        (
            check(outcome="Inconclusive"),
            "the interval spans the bound: more held-out rows would decide it",
        ),
        (
            check(outcome="Inconclusive", note="12 rows, at least 100 are needed"),
            "12 rows, at least 100 are needed",
        ),
        (check(outcome="Inconclusive", low=None), "too few rows for an interval"),
        (check(outcome="Inconclusive", low=None, note="12 rows"), "12 rows"),
        (check("max 1", outcome="Fail", note="hold out others"), "beyond the bound; hold out others"),
    ],
)
def test_why_a_check_has_its_outcome(found: Check, words: str) -> None:
    assert explain(found) == words


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (check(), "at most 5 worse"),
        (check("maxGapIncrease 0.1", slice="sex"), "at most 0.1 wider"),
        (check("maxRegression 5", slice="sex=F"), "at most 5 worse"),
        (
            check("Compatible (no champion to compare with)", metric="signature"),
            "compatible with the champion's",
        ),
        (check("all reported", metric="slices"), "all reported"),
    ],
)
def test_what_is_allowed(found: Check, words: str) -> None:
    assert allowed(found) == words


def test_between_whom_a_gap_is() -> None:
    words = "Selection rate: lowest for Female (0.0260), highest for Male (0.236)"
    assert gap_sentence(gap()) == words
    assert gap_sentence(gap(notJudged=2)) == f"{words}; 2 more have too few rows"
    assert gap_sentence(gap(candidate=None)) == "fewer than two slices have enough rows"
