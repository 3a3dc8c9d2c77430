"""What a server has counted about labels is read by revision and group, and only what it would write."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.cluster.exposition import MalformedMetricsError, parse_counters
from holdfast_operator.cluster.label_exposition import MAX_GROUPS

START = "process_start_time_seconds 1.8e9\n"
MODEL = 'model="credit",revision="credit-1"'
ALL = f'{MODEL},slice="",value=""'
TEXT = f"""\
holdfast_rows_total{{{MODEL},profile="p1"}} 150
holdfast_labelled_rows_total{{{ALL}}} 90
holdfast_labelled_rows_total{{{MODEL},slice="age",value="3"}} 40
holdfast_labelled_rows_total{{model="fraud",revision="fraud-1",slice="",value=""}} 7
holdfast_correct_rows_total{{{ALL}}} 80
holdfast_correct_rows_total{{{MODEL},slice="age",value="3"}} 30
holdfast_holdout_metric{{{MODEL},metric="accuracy"}} 0.9
holdfast_holdout_metric{{{MODEL},metric="groups"}} 400
{START}"""
REGRESSION = f"""\
holdfast_labelled_rows_total{{{ALL}}} 10
holdfast_error_sum_total{{{ALL},direction="over"}} 30.5
holdfast_error_sum_total{{{ALL},direction="under"}} 12.25
holdfast_squared_error_sum_total{{{ALL}}} 500.0
holdfast_holdout_metric{{{MODEL},metric="mae"}} 3.0
holdfast_holdout_metric{{{MODEL},metric="rmse"}} 5.0
holdfast_holdout_metric{{{MODEL},metric="groups"}} 60
{START}"""


def test_labels_are_read_beside_the_rows_and_do_not_look_like_a_revision_without_a_profile() -> None:
    counters = parse_counters(TEXT, "credit")
    assert set(counters.by_profile) == {("credit-1", "p1")}
    assert set(counters.labels) == {"credit-1"}
    found = counters.labels["credit-1"]
    assert found.groups == {
        ("", ""): {"rows": 90, "correct": 80},
        ("age", "3"): {"rows": 40, "correct": 30},
    }
    baseline = found.package_baseline("accuracy")
    assert baseline is not None
    assert baseline.mean == pytest.approx(0.1)
    assert baseline.rows == 400
    assert baseline.deviation == pytest.approx(0.3)


def test_errors_above_and_below_the_label_are_one_sum() -> None:
    found = parse_counters(REGRESSION, "credit").labels["credit-1"]
    assert found.groups == {("", ""): {"rows": 10, "errors": 42.75, "squares": 500}}
    baseline = found.package_baseline("mae")
    assert baseline is not None
    assert (baseline.mean, baseline.deviation, baseline.rows) == (3, 4, 60)
    assert found.package_baseline("accuracy") is None


@pytest.mark.parametrize(
    "figures",
    [
        pytest.param("", id="no figures"),
        pytest.param('{metric="mae"} 3.0', id="no groups"),
        pytest.param('{metric="groups"} 60', id="no metric"),
        pytest.param('{metric="mae"} NaN', id="not a number"),
    ],
)
def test_package_without_both_figures_is_no_baseline(figures: str) -> None:
    labelled = figures.replace("{", f"holdfast_holdout_metric{{{MODEL},")
    text = f"holdfast_labelled_rows_total{{{ALL}}} 10\n{labelled}\n{START}"
    assert parse_counters(text, "credit").labels["credit-1"].package_baseline("mae") is None


@pytest.mark.parametrize("value", ["NaN", "+Inf", "-1"])
def test_sum_that_cannot_be_is_refused(value: str) -> None:
    with pytest.raises(MalformedMetricsError, match="sum of errors or rows"):
        parse_counters(f"holdfast_error_sum_total{{{ALL}}} {value}\n{START}", "credit")


def test_groups_and_figures_are_bounded() -> None:
    groups = "".join(
        f'holdfast_labelled_rows_total{{{MODEL},slice="f",value="{index}"}} 1\n' for index in range(999)
    )
    figures = "".join(f'holdfast_holdout_metric{{{MODEL},metric="{index}"}} 1\n' for index in range(999))
    found = parse_counters(groups + figures + START, "credit").labels["credit-1"]
    assert len(found.groups) == MAX_GROUPS
    assert len(found.holdout) <= 4


@given(position=st.integers(0, len(TEXT)), inserted=st.text(max_size=5), removed=st.integers(0, 20))
def test_damaged_metrics_are_read_or_refused(position: int, inserted: str, removed: int) -> None:
    try:
        parse_counters(TEXT[:position] + inserted + TEXT[position + removed :], "credit")
    except MalformedMetricsError:
        return
