"""What of an evaluation goes into the termination message: what the gate decides by, then what fits."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from holdfast.evaluation import Evaluation
from holdfast.gate_terms import CheckTerms, GateTerms
from holdfast.results import MAX_MESSAGE_BYTES, EvaluationResult, GapMetric, MetricComparison, SliceMetric
from holdfast.slices import SliceComparison

_DIGITS: Final = 6
_ROOM: Final = MAX_MESSAGE_BYTES - len(',"leftOut":9999,"decisiveLeftOut":9999')
_MOST: Final = {"metrics": 24, "slices": 64, "gaps": 16}
"""What the fields of an EvaluationResult hold."""


@dataclass(frozen=True)
class Figure:
    """One entry of a list in the result, and whether the gate cannot decide without it."""

    field: Literal["metrics", "slices", "gaps"]
    value: MetricComparison | SliceMetric | GapMetric
    decisive: bool


def all_figures(result: EvaluationResult, evaluation: Evaluation, gate: GateTerms) -> EvaluationResult:
    """Return the result with every figure that the gate asks about, however long it becomes."""
    slices = [each for check in gate.checks for each in _asked(check, evaluation.slices)]
    return result.model_copy(
        update={
            "metrics": [rounded(each) for each in evaluation.metrics],
            "slices": list(dict.fromkeys(slices)),
            "gaps": [_rounded_gap(each.metric) for each in evaluation.gaps],
        }
    )


def fitted_figures(result: EvaluationResult, evaluation: Evaluation, gate: GateTerms) -> EvaluationResult:
    """Return the result with as many figures as 4,096 bytes of JSON hold.

    First comes what the gate decides by: of a check on slices, those that are furthest beyond its bounds, so
    that the verdict is the same as if all were there. What does not fit is counted.
    """
    left_out = decisive_left_out = 0
    for figure in _by_importance(evaluation, gate):
        grown = _grown(result, figure)
        if grown is None:
            left_out += 1
            decisive_left_out += figure.decisive
        else:
            result = grown
    counts = {"left_out": left_out or None, "decisive_left_out": decisive_left_out or None}
    return result.model_copy(update=counts)


def _grown(result: EvaluationResult, figure: Figure) -> EvaluationResult | None:
    present: Sequence[Any] = getattr(result, figure.field)
    if len(present) >= _MOST[figure.field]:
        return None
    grown = result.model_copy(update={figure.field: [*present, figure.value]})
    return grown if len(grown.to_json().encode()) <= _ROOM else None


def _by_importance(evaluation: Evaluation, gate: GateTerms) -> Iterator[Figure]:
    asked = set(gate.metrics)
    yield from (Figure("metrics", rounded(each), True) for each in evaluation.metrics if each.name in asked)
    yield from (Figure("gaps", _rounded_gap(each.metric), True) for each in evaluation.gaps)
    of_checks = [(check, _asked(check, evaluation.slices)) for check in gate.checks]
    decisive = dict.fromkeys(each for check, found in of_checks for each in _decisive(check, found))
    yield from (Figure("slices", each, True) for each in decisive)
    others = {each for _, found in of_checks for each in found} - set(decisive)
    yield from (Figure("slices", each, False) for each in sorted(others, key=_harm, reverse=True))
    yield from (
        Figure("metrics", rounded(each), False) for each in evaluation.metrics if each.name not in asked
    )


def _asked(check: CheckTerms, slices: Iterable[SliceComparison]) -> list[SliceMetric]:
    """Return what a check on each slice is about; a check on gaps alone is not."""
    terms = check.slice
    if terms is None or not check.bounds_slices:
        return []
    return [
        _of_slice(check.metric, each)
        for each in slices
        if each.name == terms.column and (terms.values is None or each.value in terms.values)
    ]


def _decisive(check: CheckTerms, found: Sequence[SliceMetric]) -> list[SliceMetric]:
    """Return the slices that the outcome is the same by as by all: one for each way to miss a bound."""
    least = check.slice.min_rows if check.slice else 0
    few = [each for each in found if each.rows < least or each.candidate is None]
    judged = [each for each in found if each not in few]
    chosen = few[:1]
    if check.max_regression is not None:
        unclear = [each for each in judged if each.low is None or each.high is None]
        clear = [each for each in judged if each not in unclear]
        chosen += unclear[:1]
        if clear:
            chosen += [max(clear, key=_harm), max(clear, key=lambda each: each.high or 0)]
    if check.max is not None and judged:
        chosen.append(max(judged, key=lambda each: each.candidate or 0))
    if check.min is not None and judged:
        chosen.append(min(judged, key=lambda each: each.candidate or 0))
    return chosen


def _harm(metric: SliceMetric) -> float:
    return metric.low if metric.low is not None else float("-inf")


def _of_slice(name: str, comparison: SliceComparison) -> SliceMetric:
    metric = comparison.metric(name)
    rows = comparison.made_of.get(name, comparison.rows)
    value = comparison.value
    if metric is None:
        return SliceMetric(name, comparison.name, value, rows)
    numbers = (metric.champion, metric.candidate, metric.regression_low, metric.regression_high)
    return SliceMetric(name, comparison.name, value, rows, *(_round(each) for each in numbers))


def _rounded_gap(gap: GapMetric) -> GapMetric:
    return GapMetric._make(
        tuple(_round(each) for each in value) if isinstance(value, tuple) else _round(value) for value in gap
    )


def rounded(metric: MetricComparison) -> MetricComparison:
    """Return the metric with six significant digits: the message that it goes into is bounded."""
    numbers = metric.model_dump(exclude={"name"}, exclude_none=True)
    return metric.model_copy(update={name: _round(number) for name, number in numbers.items()})


def _round(value: Any) -> Any:
    return float(f"{value:.{_DIGITS}g}") if isinstance(value, float) else value
