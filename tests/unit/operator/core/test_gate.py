"""The gate: non-inferiority by interval, bounds, signature, and the verdict."""

import math
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.evaluation_metrics import METRICS, Scope
from holdfast.results import EvaluationResult, MetricComparison, SliceMetric
from holdfast_operator.api.gate import Gate
from holdfast_operator.core.gate import assess_gate, assess_regression, describe_outcomes


def metric(name: str = "mae", **fields: Any) -> MetricComparison:
    values = {"champion": 40.0, "candidate": 30.0, "regression": -10.0}
    if METRICS[name].scope == Scope.ROWS:
        values |= {"regression_low": -11.0, "regression_high": -9.0}
    return MetricComparison(name=name, **values | fields)


def verdict(
    gate: dict[str, Any], *metrics: MetricComparison, champion: bool = True, **result: Any
) -> list[str]:
    """Return the outcomes of the checks, then the verdict."""
    values: dict[str, Any] = {"signature": "Identical", "holdout_rows": 100} | result
    evaluation = assess_gate(
        Gate.model_validate(gate),
        EvaluationResult(metrics=list(metrics), **values),
        has_champion=champion,
    )
    return [*(check.outcome for check in evaluation.metrics[1:]), evaluation.verdict]


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        pytest.param(-5.0, -1.0, "Pass", id="better"),
        pytest.param(-5.0, 1.0, "Pass", id="touches-the-margin"),
        pytest.param(-5.0, 1.5, "Inconclusive", id="spans-the-margin"),
        pytest.param(1.0, 2.0, "Inconclusive", id="begins-at-the-margin"),
        pytest.param(1.1, 2.0, "Fail", id="worse"),
        pytest.param(None, None, "Inconclusive", id="no-interval"),
        pytest.param(-math.inf, math.inf, "Inconclusive", id="endless-interval"),
    ],
)
def test_regression_is_judged_by_its_interval(low: float | None, high: float | None, outcome: str) -> None:
    judged = metric(regression=0.5, regression_low=low, regression_high=high)
    assert assess_regression(judged, Decimal("1")) == outcome


@pytest.mark.parametrize(
    ("name", "regression", "outcome"),
    [
        ("latencyP95Milliseconds", 2.0, "Fail"),
        ("latencyP95Milliseconds", 0.5, "Pass"),
        ("mae", None, "Fail"),
        ("mae", math.nan, "Fail"),
    ],
)
def test_regression_without_an_interval_or_value(name: str, regression: float | None, outcome: str) -> None:
    assert assess_regression(metric(name, regression=regression), Decimal("1")) == outcome


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.decimals(-1000, 1000, places=3))
def test_pass_and_fail_never_swap(first: float, second: float, margin: Decimal) -> None:
    low, high = sorted((first, second))
    judged = metric(regression=(low + high) / 2, regression_low=low, regression_high=high)
    outcome = assess_regression(judged, margin)
    assert (outcome == "Pass") == (Decimal(repr(high)) <= margin)
    assert (outcome == "Fail") == (Decimal(repr(low)) > margin)


@pytest.mark.parametrize(
    ("check", "outcomes"),
    [
        pytest.param({"max": "30"}, ["Pass", "Pass"], id="max-met"),
        pytest.param({"max": "29.999"}, ["Fail", "Fail"], id="max-missed"),
        pytest.param({"min": "30"}, ["Pass", "Pass"], id="min-met"),
        pytest.param({"min": "30.001"}, ["Fail", "Fail"], id="min-missed"),
        pytest.param({"maxRegression": "0", "max": "10"}, ["Pass", "Fail", "Fail"], id="two-bounds"),
    ],
)
def test_every_bound_that_is_set_is_checked(check: dict[str, str], outcomes: list[str]) -> None:
    assert verdict({"checks": [{"metric": "mae", **check}]}, metric()) == outcomes


@pytest.mark.parametrize("bound", ["max", "min", "maxRegression"])
def test_metric_that_was_not_measured_fails(bound: str) -> None:
    assert verdict({"checks": [{"metric": "auc", bound: "1"}]}, metric()) == ["Fail", "Fail"]


def test_metric_that_is_not_a_number_fails() -> None:
    gate = {"checks": [{"metric": "mae", "max": "1", "min": "1"}]}
    assert verdict(gate, metric(candidate=math.nan)) == ["Fail", "Fail", "Fail"]


def test_any_fail_outweighs_any_inconclusive() -> None:
    gate = {"checks": [{"metric": "mae", "maxRegression": "0"}, {"metric": "r2", "maxRegression": "0"}]}
    open_ = metric(regression_low=-1.0, regression_high=1.0)
    worse = metric("r2", regression=1.0, regression_low=0.5, regression_high=2.0)
    assert verdict(gate, open_, worse) == ["Inconclusive", "Fail", "Fail"]
    assert verdict({"checks": gate["checks"][:1]}, open_) == ["Inconclusive", "Inconclusive"]


@pytest.mark.parametrize(
    ("wanted", "found", "outcome"),
    [
        ("Identical", "Identical", "Pass"),
        ("Identical", "Compatible", "Fail"),
        ("Compatible", "Compatible", "Pass"),
        ("Compatible", "Incompatible", "Fail"),
        ("Compatible", None, "Fail"),
    ],
)
def test_signature_has_to_fit(wanted: str, found: str | None, outcome: str) -> None:
    assert verdict({"signature": wanted}, signature=found) == [outcome]


def test_without_a_champion_regressions_pass_and_say_so() -> None:
    gate = Gate.model_validate({"checks": [{"metric": "mae", "maxRegression": "0", "max": "35"}]})
    result = EvaluationResult(metrics=[metric(champion=None, regression=None)], holdout_rows=9)
    evaluation = assess_gate(gate, result, has_champion=False)
    assert evaluation.verdict == "Pass"
    text = describe_outcomes(evaluation)
    assert text.count("no champion to compare with") == 2
    assert "mae 30 wanted max 35: Pass" in text


def test_description_has_the_numbers_and_can_be_of_one_outcome() -> None:
    gate = Gate.model_validate(
        {
            "checks": [
                {"metric": "mae", "maxRegression": "0"},
                {"metric": "latencyP95Milliseconds", "max": "5"},
            ]
        }
    )
    metrics = [
        metric(regression_low=-12.34567, regression_high=-8.0),
        metric("latencyP95Milliseconds", candidate=7.0, champion=6.0, regression=1.0),
    ]
    evaluation = assess_gate(
        gate, EvaluationResult(metrics=metrics, signature="Identical"), has_champion=True
    )
    assert (
        "mae 30, champion 40, regression -10 [-12.3457, -8] wanted maxRegression 0: Pass"
        in describe_outcomes(evaluation)
    )
    assert describe_outcomes(evaluation, "Fail") == (
        "latencyP95Milliseconds 7, champion 6, regression 1 wanted max 5: Fail"
    )


def test_the_status_holds_at_most_64_outcomes_and_passing_slices_give_way() -> None:
    gate = {
        "checks": [
            {"metric": "mae", "slice": {"column": column}, "max": "50", "maxRegression": "0"}
            for column in ("a", "b", "c")
        ]
    }
    slices = [
        SliceMetric("mae", column, str(value), 500, 40.0, 60.0 if value == 19 else 40.0, -1.0, -0.5)
        for column in ("a", "b", "c")
        for value in range(20)
    ]
    result = EvaluationResult(signature="Identical", slices=slices, left_out=2)
    evaluation = assess_gate(Gate.model_validate(gate), result, has_champion=True)
    assert len(evaluation.metrics) == 64
    assert evaluation.left_out == 1 + 120 - 64 + 2
    assert [check.slice for check in evaluation.metrics if check.outcome == "Fail"] == [
        "a=19",
        "b=19",
        "c=19",
    ]
    assert evaluation.metrics[0].metric == "signature"
    assert "and 52 more" in describe_outcomes(evaluation)
    assert describe_outcomes(evaluation, "Fail").startswith(
        "mae of a=19 60, champion 40, regression 20 [-1, -0.5]"
    )
