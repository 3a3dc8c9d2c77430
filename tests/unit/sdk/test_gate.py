"""The gate on slices, on gaps between them, and on rows that were trained on."""

from typing import Any

import pytest

from holdfast.gate import CheckResult, assess_terms, worst
from holdfast.gate_terms import GateTerms
from holdfast.results import EvaluationResult, GapMetric, SliceMetric

SEX = {"column": "sex"}


def checked(check: dict[str, Any], *, champion: bool = True, **result: Any) -> list[CheckResult]:
    """Return the outcomes of one check; that of the signature comes before them."""
    terms = GateTerms.model_validate({"checks": [check]})
    found = EvaluationResult(signature="Identical", **result)
    return assess_terms(terms, found, has_champion=champion)[1:]


def slice_of(value: str, rows: int = 500, **numbers: Any) -> SliceMetric:
    given = {"champion": 0.9, "candidate": 0.88, "low": -0.01, "high": 0.03} | numbers
    return SliceMetric("accuracy", "sex", value, rows, **given)


def gap(check: dict[str, Any], **changes: Any) -> GapMetric:
    key = GateTerms.model_validate({"checks": [check]}).checks[0].slice
    assert key is not None
    found = GapMetric(
        metric=check["metric"],
        key=key.key,
        champion=0.1,
        candidate=0.2,
        low=0.15,
        high=0.25,
        increase_low=0.05,
        increase_high=0.15,
        rate=check["metric"],
        lowest=("Female", 0.1),
        highest=("Male", 0.3),
        not_judged=0,
    )
    return found._replace(**changes)


@pytest.mark.parametrize(
    ("numbers", "outcome"),
    [
        pytest.param({"low": -0.03, "high": 0.01}, "Pass", id="within"),
        pytest.param({"low": -0.01, "high": 0.03}, "Inconclusive", id="spans-the-margin"),
        pytest.param({"low": 0.02, "high": 0.05}, "Fail", id="worse"),
        pytest.param({"low": None, "high": None}, "Inconclusive", id="no-interval"),
        pytest.param({"low": None, "high": None, "candidate": None}, "Inconclusive", id="not-defined"),
        pytest.param({"low": -0.03, "high": 0.01, "rows": 99}, "Inconclusive", id="too-few-rows"),
        pytest.param({"low": 0.02, "high": 0.05, "rows": 99}, "Inconclusive", id="worse-but-too-few"),
        pytest.param({"low": 0.02, "high": 0.05, "champion": None}, "Fail", id="champion-without-figure"),
    ],
)
def test_every_slice_is_judged_by_its_interval(numbers: dict[str, Any], outcome: str) -> None:
    check = {"metric": "accuracy", "slice": SEX, "maxRegression": "0.01"}
    [found] = checked(check, slices=[slice_of("Female", **numbers)])
    assert (found.outcome, found.slice) == (outcome, "sex=Female")
    assert (found.note is not None) == ("rows" in numbers)


def test_the_worst_slice_decides() -> None:
    check = {"metric": "accuracy", "slice": SEX, "maxRegression": "0.01"}
    fine, bad = slice_of("Male", low=-0.03, high=0.0), slice_of("Female", low=0.02, high=0.05)
    found = checked(check, slices=[fine, bad, SliceMetric("f1", "sex", "Male", 9), slice_of("x")])
    assert [each.outcome for each in found] == ["Pass", "Fail", "Inconclusive"]
    assert worst(each.outcome for each in found) == "Fail"


def test_only_the_values_that_are_named_are_judged() -> None:
    check = {"metric": "accuracy", "slice": SEX | {"values": ["Male"]}, "maxRegression": "0.1"}
    found = checked(check, slices=[slice_of("Female", rows=3), slice_of("Male")])
    assert [(each.slice, each.outcome) for each in found] == [("sex=Male", "Pass")]


@pytest.mark.parametrize(
    ("bounds", "candidate", "outcomes"),
    [
        pytest.param({"min": "0.8"}, 0.88, ["Pass"], id="min-met"),
        pytest.param({"min": "0.9"}, 0.88, ["Fail"], id="min-missed"),
        pytest.param({"max": "0.8"}, 0.88, ["Fail"], id="max-missed"),
        pytest.param({"max": "0.9", "min": "0.5"}, 0.88, ["Pass", "Pass"], id="both"),
        pytest.param({"min": "0.8"}, None, ["Inconclusive"], id="not-defined"),
    ],
)
def test_slices_have_bounds_of_their_own(
    bounds: dict[str, str], candidate: float | None, outcomes: list[str]
) -> None:
    check = {"metric": "accuracy", "slice": SEX, **bounds}
    found = checked(check, slices=[slice_of("Female", candidate=candidate)])
    assert [each.outcome for each in found] == outcomes


def test_slices_that_were_not_measured_ask_a_person() -> None:
    [found] = checked({"metric": "accuracy", "slice": SEX, "min": "0.8"})
    assert (found.outcome, found.candidate) == ("Inconclusive", "not measured")


def test_figures_that_did_not_fit_ask_a_person() -> None:
    check = {"metric": "accuracy", "slice": SEX, "min": "0.8"}
    found = checked(check, slices=[slice_of("Female")], decisive_left_out=2)
    assert [each.outcome for each in found] == ["Pass", "Inconclusive"]
    assert "2 results did not fit" in str(found[-1].note)


def test_without_a_champion_slices_and_gaps_have_nothing_to_be_worse_than() -> None:
    check = {"metric": "accuracy", "slice": SEX, "maxRegression": "0", "maxGapIncrease": "0"}
    first = gap(check, champion=None, increase_low=None, increase_high=None)
    found = checked(check, champion=False, slices=[slice_of("Female", rows=3)], gaps=[first])
    assert [each.outcome for each in found] == ["Pass", "Pass"]
    assert all("no champion" in each.threshold for each in found)


PARITY = {"metric": "demographicParityDifference", "slice": SEX}
ACCURACY = {"metric": "accuracy", "slice": SEX}


@pytest.mark.parametrize(
    ("check", "changes", "outcome"),
    [
        pytest.param(ACCURACY | {"maxGap": "0.3"}, {}, "Pass", id="narrow-enough"),
        pytest.param(ACCURACY | {"maxGap": "0.2"}, {}, "Inconclusive", id="perhaps-too-wide"),
        pytest.param(ACCURACY | {"maxGap": "0.1"}, {}, "Fail", id="too-wide"),
        pytest.param(PARITY | {"max": "0.1"}, {}, "Fail", id="parity-too-wide"),
        pytest.param(PARITY | {"maxRegression": "0.2"}, {}, "Pass", id="parity-hardly-wider"),
        pytest.param(PARITY | {"maxRegression": "0.02"}, {}, "Fail", id="parity-wider"),
        pytest.param(ACCURACY | {"maxGapIncrease": "0.1"}, {}, "Inconclusive", id="perhaps-wider"),
        pytest.param(ACCURACY | {"maxGapIncrease": "0"}, {}, "Fail", id="wider"),
        pytest.param(ACCURACY | {"maxGap": "0.3"}, {"not_judged": 1}, "Inconclusive", id="one-too-small"),
        pytest.param(ACCURACY | {"maxGap": "0.1"}, {"not_judged": 1}, "Fail", id="too-wide-anyway"),
        pytest.param(ACCURACY | {"maxGap": "0.3"}, {"low": None, "high": None}, "Inconclusive", id="unclear"),
        pytest.param(
            ACCURACY | {"maxGap": "0.3"}, {"candidate": None, "not_judged": 2}, "Inconclusive", id="none"
        ),
        pytest.param(ACCURACY | {"maxGap": "0.3"}, {"key": "0"}, "Inconclusive", id="of-other-terms"),
    ],
)
def test_gaps_are_judged_by_their_interval(
    check: dict[str, Any], changes: dict[str, Any], outcome: str
) -> None:
    [found] = checked(check, gaps=[gap(check, **changes)])
    assert (found.outcome, found.slice) == (outcome, "sex")


def test_a_gap_says_between_whom_it_is() -> None:
    [found] = checked(PARITY | {"max": "0.1"}, gaps=[gap(PARITY, not_judged=3)])
    assert found.note == "Female 0.1 to Male 0.3; 3 slices have too few rows"
    odds = {"metric": "equalizedOddsDifference", "slice": SEX, "max": "0.1"}
    [found] = checked(odds, gaps=[gap(odds, rate="truePositiveRate")])
    assert found.note == "truePositiveRate of Female 0.1 to Male 0.3"


def test_a_check_may_bound_slices_and_their_gap() -> None:
    check = ACCURACY | {"min": "0.8", "maxGap": "0.3"}
    found = checked(check, slices=[slice_of("Female")], gaps=[gap(check)])
    assert [(each.threshold, each.outcome) for each in found] == [("maxGap 0.3", "Pass"), ("min 0.8", "Pass")]


@pytest.mark.parametrize(("share", "outcome"), [(0.0, "Pass"), (0.01, "Pass"), (0.02, "Fail")])
def test_a_holdout_that_was_trained_on_fails(share: float, outcome: str) -> None:
    found = assess_terms(
        GateTerms(), EvaluationResult(signature="Identical", holdout_overlap=share), has_champion=True
    )
    assert [(each.metric, each.outcome) for each in found[1:]] == [("holdoutOverlap", outcome)]


def test_small_bounds_are_written_out() -> None:
    [found] = checked({"metric": "mae", "max": "0.000000001"})
    assert found.threshold == "max 0.000000001"
