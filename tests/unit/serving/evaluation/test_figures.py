"""What fits into the termination message, and that the gate decides by it as by everything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.evaluation import Evaluation, SliceComparison
from holdfast.evaluation_metrics import Task
from holdfast.gaps import GapComparison
from holdfast.gate import CheckResult, assess_terms, worst
from holdfast.gate_terms import CheckTerms, GateTerms, SliceTerms
from holdfast.results import MAX_MESSAGE_BYTES, EvaluationResult, GapMetric, MetricComparison
from holdfast_serving.evaluation.figures import all_figures, fitted_figures

BASE = EvaluationResult(
    digest="sha256:" + "0" * 64, uri="s3://models/" + "k" * 900, signature="Identical", holdout_rows=10_000
)
BOUNDS = {"max_regression": "0.01", "min": "0.5", "max": "0.99"}


def check(metric: str, column: str, **bounds: Any) -> CheckTerms:
    return CheckTerms.model_validate({"metric": metric, "slice": {"column": column}, **bounds})


def compared(name: str, candidate: float, low: float | None = -0.01, high: float | None = 0.01) -> Any:
    return MetricComparison(
        name=name,
        champion=0.9,
        candidate=candidate,
        regression=0.9 - candidate,
        regression_low=low,
        regression_high=high,
    )


def slice_of(column: str, value: str, rows: int, *metrics: MetricComparison) -> SliceComparison:
    return SliceComparison(column, value, rows, metrics, {each.name: rows for each in metrics})


def evaluation(*slices: SliceComparison, **others: Any) -> Evaluation:
    overall = [compared("accuracy", 0.912345678), compared("auc", 0.95)]
    return Evaluation(Task.CLASSIFICATION, 10_000, 10_000, overall, slices, **others)


def judged(terms: GateTerms, result: EvaluationResult) -> list[CheckResult]:
    """Return what the operator makes of the message."""
    message = result.to_json()
    assert len(message.encode()) <= MAX_MESSAGE_BYTES
    return assess_terms(terms, EvaluationResult.model_validate_json(message), has_champion=True)


def test_a_short_evaluation_is_told_in_full() -> None:
    terms = GateTerms(checks=[CheckTerms(metric="auc", min="0.9"), check("accuracy", "sex", min="0.5")])
    found = evaluation(slice_of("sex", "F", 200, compared("accuracy", 0.8)))
    result = fitted_figures(BASE, found, terms)
    assert [each.name for each in result.metrics] == ["accuracy", "auc"]
    assert result.metrics[0].candidate == 0.912346
    assert [each[:4] for each in result.slices] == [("accuracy", "sex", "F", 200)]
    assert (result.left_out, result.decisive_left_out) == (None, None)
    assert [each.outcome for each in judged(terms, result)] == ["Pass", "Pass", "Pass"]


SLICES = st.lists(
    st.tuples(
        st.integers(90, 120),
        st.floats(0.4, 1.0),
        st.one_of(st.none(), st.tuples(st.floats(-0.1, 0.02), st.floats(0, 0.1))),
        st.booleans(),
    ),
    min_size=1,
    max_size=60,
)


@given(SLICES, st.sets(st.sampled_from(sorted(BOUNDS)), min_size=1))
def test_the_verdict_is_that_of_all_figures(
    slices: list[tuple[int, float, tuple[float, float] | None, bool]], bounds: set[str]
) -> None:
    terms = GateTerms(checks=[check("accuracy", "postal code", **{name: BOUNDS[name] for name in bounds})])
    found = evaluation(
        *(
            slice_of(
                "postal code",
                f"{number:030}",
                rows,
                *([compared("accuracy", value, *(interval or (None, None)))] if defined else []),
            )
            for number, (rows, value, interval, defined) in enumerate(slices)
        )
    )
    everything = assess_terms(terms, all_figures(BASE, found, terms), has_champion=True)
    fitted = judged(terms, fitted_figures(BASE, found, terms))
    assert worst(each.outcome for each in fitted) == worst(each.outcome for each in everything)


def test_what_decides_and_does_not_fit_asks_a_person() -> None:
    columns = [f"{'c' * 100}{number}" for number in range(16)]
    terms = GateTerms(checks=[check("accuracy", column, **BOUNDS) for column in columns])
    found = evaluation(*(slice_of(column, "v" * 100, 500, compared("accuracy", 0.9)) for column in columns))
    result = fitted_figures(BASE, found, terms)
    assert result.decisive_left_out is not None
    assert result.left_out is not None
    assert result.left_out >= result.decisive_left_out
    assert worst(each.outcome for each in judged(terms, result)) == "Inconclusive"


def test_values_that_no_check_names_and_gaps_without_bounds_on_slices_stay_in_the_report() -> None:
    named = CheckTerms(metric="accuracy", slice=SliceTerms(column="sex", values=("M",)), min="0.5")
    terms = GateTerms(checks=[named, check("auc", "sex", max_gap="0.1")])
    slices = [slice_of("sex", value, 200, compared("accuracy", 0.8)) for value in ("F", "M", "X")]
    gap = GapMetric(
        "auc", terms.checks[1].slice.key if terms.checks[1].slice else "", 0.1, 0.1234567, 0.0, 0.2, 0.0, 0.1,
        "auc", ("F", 0.8), ("M", 0.9234567), 0,
    )  # fmt: skip
    found = evaluation(
        *slices, slice_of("age", "9", 500), gaps=[GapComparison("sex", SliceTerms(column="sex"), gap)]
    )
    result = fitted_figures(BASE, found, terms)
    assert [each.value for each in result.slices] == ["M"]
    assert result.gaps[0].candidate == pytest.approx(0.123457)
    assert result.gaps[0].highest == ("M", 0.923457)
    assert [each.outcome for each in judged(terms, result)] == ["Pass", "Pass", "Inconclusive"]
