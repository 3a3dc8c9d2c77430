"""The gate: whether a candidate is good enough, from what the evaluator measured. Pure.

The operator decides by it, and the evaluator's report shows the same outcomes.
"""

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from holdfast.evaluation_metrics import ACCURACY_METRICS, METRICS
from holdfast.gate_terms import CheckTerms, GateTerms
from holdfast.results import EvaluationResult, GapMetric, MetricComparison, SliceMetric

Outcome: TypeAlias = Literal["Pass", "Fail", "Inconclusive"]
NO_CHAMPION: Final = "no champion to compare with"
NOT_MEASURED: Final = "not measured"
NO_SIGNATURE: Final = "none"


@dataclass(frozen=True)
class CheckResult:
    """One bound of one check with its numbers; of one slice, of a column, or overall."""

    metric: str
    threshold: str
    outcome: Outcome
    candidate: float | str | None = None
    champion: float | None = None
    regression: float | None = None
    low: float | None = None
    high: float | None = None
    slice: str | None = None
    note: str | None = None


def assess_terms(terms: GateTerms, result: EvaluationResult, *, has_champion: bool) -> list[CheckResult]:
    """Return the outcome of every bound that is set, with its numbers."""
    gate = _Gate(result, has_champion)
    found = [gate.signature(terms.signature)]
    if result.holdout_overlap is not None:
        found.append(_overlap(result.holdout_overlap, terms.max_holdout_overlap))
    for check in terms.checks:
        found.extend(gate.check(check))
    if result.decisive_left_out:
        found.append(
            CheckResult(
                "slices",
                "all reported",
                "Inconclusive",
                NOT_MEASURED,
                note=f"{result.decisive_left_out} results did not fit: judge fewer slices",
            )
        )
    return found


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """Return Fail if there is one, else Inconclusive if there is one, else Pass."""
    found = set(outcomes)
    return "Fail" if "Fail" in found else "Inconclusive" if "Inconclusive" in found else "Pass"


def assess_regression(metric: MetricComparison, margin: Decimal) -> Outcome:
    """Return whether the candidate is not worse than the champion by more than the margin.

    Non-inferiority by confidence interval (CONSORT extension, Piaggio et al. 2012): Pass if the whole
    interval is within the margin, Fail if all of it is beyond, else Inconclusive. Latency and size have no
    interval and are judged by their value; a metric of rows without one has too few of them.
    """
    if metric.regression is None or not math.isfinite(metric.regression):
        return "Fail"
    if metric.regression_low is None or metric.regression_high is None:
        if metric.name in ACCURACY_METRICS:
            return "Inconclusive"
        return "Pass" if at_most(metric.regression, margin) else "Fail"
    return assess_interval(metric.regression_low, metric.regression_high, margin)


def assess_interval(low: float | None, high: float | None, bound: Decimal) -> Outcome:
    """Return Pass if all of an interval is within the bound, Fail if all is beyond, else Inconclusive."""
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return "Inconclusive"
    if at_most(high, bound):
        return "Pass"
    return "Inconclusive" if at_most(low, bound) else "Fail"


def at_most(value: float, bound: Decimal) -> bool:
    """Return whether a finite value does not exceed the bound, in decimal digits."""
    return math.isfinite(value) and Decimal(repr(value)) <= bound


@dataclass(frozen=True)
class _Gate:
    result: EvaluationResult
    has_champion: bool

    def signature(self, wanted: str) -> CheckResult:
        accepted = {"Identical", wanted}
        is_accepted = not self.has_champion or self.result.signature in accepted
        return CheckResult(
            "signature",
            wanted if self.has_champion else f"{wanted} ({NO_CHAMPION})",
            "Pass" if is_accepted else "Fail",
            self.result.signature or NO_SIGNATURE,
        )

    def check(self, check: CheckTerms) -> Iterator[CheckResult]:
        if check.slice is None:
            metric = next((each for each in self.result.metrics if each.name == check.metric), None)
            yield from self._overall(check, metric)
            return
        if check.has_gap:
            gap = next((each for each in self.result.gaps if _answers(each, check)), None)
            yield from self._gap(check, gap)
        if check.bounds_slices:
            yield from self._slices(check)

    def _overall(self, check: CheckTerms, metric: MetricComparison | None) -> Iterator[CheckResult]:
        if check.max_regression is not None:
            yield self._max_regression(check, metric, check.max_regression)
        for name, bound, sign in (("max", check.max, 1), ("min", check.min, -1)):
            if bound is not None:
                is_within = metric is not None and at_most(sign * metric.candidate, sign * bound)
                yield _overall(check, metric, f"{name} {bound:f}", "Pass" if is_within else "Fail")

    def _max_regression(
        self, check: CheckTerms, metric: MetricComparison | None, margin: Decimal
    ) -> CheckResult:
        threshold = f"maxRegression {margin:f}"
        if not self.has_champion:
            return _overall(check, metric, f"{threshold} ({NO_CHAMPION})", "Pass")
        return _overall(check, metric, threshold, assess_regression(metric, margin) if metric else "Fail")

    def _gap(self, check: CheckTerms, gap: GapMetric | None) -> Iterator[CheckResult]:
        (width, max_gap), (growth, max_increase) = check.gap_bounds
        if max_gap is not None:
            bounds = (gap.low, gap.high) if gap else (None, None)
            yield _gap(check, gap, f"{width} {max_gap:f}", assess_interval(*bounds, max_gap))
        if max_increase is not None:
            threshold = f"{growth} {max_increase:f}"
            if not self.has_champion:
                yield _gap(check, gap, f"{threshold} ({NO_CHAMPION})", "Pass")
            else:
                bounds = (gap.increase_low, gap.increase_high) if gap else (None, None)
                yield _gap(check, gap, threshold, assess_interval(*bounds, max_increase), increase=True)

    def _slices(self, check: CheckTerms) -> Iterator[CheckResult]:
        found = [each for each in self.result.slices if _is_of(each, check)]
        if not found:
            column = check.slice.column if check.slice else None
            yield CheckResult(check.metric, "of slices", "Inconclusive", NOT_MEASURED, slice=column)
        for metric in found:
            yield from self._slice(check, metric)

    def _slice(self, check: CheckTerms, metric: SliceMetric) -> Iterator[CheckResult]:
        if check.max_regression is not None:
            threshold = f"maxRegression {check.max_regression:f}"
            if not self.has_champion:
                yield _slice(metric, f"{threshold} ({NO_CHAMPION})", "Pass")
            else:
                outcome = assess_interval(metric.low, metric.high, check.max_regression)
                yield _unless_few(check, _slice(metric, threshold, outcome), metric.rows)
        for name, bound, sign in (("max", check.max, 1), ("min", check.min, -1)):
            if bound is not None:
                yield _unless_few(check, _bounded(metric, f"{name} {bound:f}", sign, bound), metric.rows)


def _overlap(share: float, bound: Decimal) -> CheckResult:
    outcome: Outcome = "Pass" if at_most(share, bound) else "Fail"
    note = None if outcome == "Pass" else "rows of the holdout were trained on: hold out others"
    return CheckResult("holdoutOverlap", f"max {bound:f}", outcome, share, note=note)


def _overall(
    check: CheckTerms, metric: MetricComparison | None, threshold: str, outcome: Outcome
) -> CheckResult:
    if metric is None:
        return CheckResult(check.metric, threshold, outcome, NOT_MEASURED)
    return CheckResult(
        metric=check.metric,
        threshold=threshold,
        outcome=outcome,
        candidate=metric.candidate,
        champion=metric.champion,
        regression=metric.regression,
        low=metric.regression_low,
        high=metric.regression_high,
    )


def _slice(metric: SliceMetric, threshold: str, outcome: Outcome) -> CheckResult:
    return CheckResult(
        metric=metric.metric,
        threshold=threshold,
        outcome=outcome,
        candidate=NOT_MEASURED if metric.candidate is None else metric.candidate,
        champion=metric.champion,
        regression=slice_regression(metric),
        low=metric.low,
        high=metric.high,
        slice=f"{metric.column}={metric.value}",
    )


def slice_regression(metric: SliceMetric) -> float | None:
    """Return how much worse the candidate is for these rows; None when it cannot be said."""
    if metric.champion is None or metric.candidate is None:
        return None
    return METRICS[metric.metric].regression(metric.champion, metric.candidate)


def _bounded(metric: SliceMetric, threshold: str, sign: int, bound: Decimal) -> CheckResult:
    if metric.candidate is None:
        return _slice(metric, threshold, "Inconclusive")
    return _slice(metric, threshold, "Pass" if at_most(sign * metric.candidate, sign * bound) else "Fail")


def _unless_few(check: CheckTerms, found: CheckResult, rows: int) -> CheckResult:
    least = check.slice.min_rows if check.slice else 0
    if rows >= least:
        return found
    return replace(
        found, outcome="Inconclusive", note=f"{rows or 'too few'} rows, at least {least} are needed"
    )


def _gap(
    check: CheckTerms, gap: GapMetric | None, threshold: str, outcome: Outcome, *, increase: bool = False
) -> CheckResult:
    column = check.slice.column if check.slice else None
    if gap is None or gap.candidate is None:
        note = f"{gap.not_judged} slices have too few rows" if gap else None
        return CheckResult(check.metric, threshold, "Inconclusive", NOT_MEASURED, slice=column, note=note)
    low, high = (gap.increase_low, gap.increase_high) if increase else (gap.low, gap.high)
    return CheckResult(
        metric=check.metric,
        threshold=threshold,
        outcome="Inconclusive" if gap.not_judged and outcome == "Pass" else outcome,
        candidate=gap.candidate,
        champion=gap.champion,
        regression=None if gap.champion is None else gap.candidate - gap.champion,
        low=low,
        high=high,
        slice=column,
        note=_between(gap),
    )


def _between(gap: GapMetric) -> str:
    ends = " to ".join(f"{end[0]} {end[1]:.4g}" for end in (gap.lowest, gap.highest) if end)
    rate = f"{gap.rate} of " if gap.rate != gap.metric else ""
    few = f"; {gap.not_judged} slices have too few rows" if gap.not_judged else ""
    return f"{rate}{ends}{few}"


def _is_of(metric: SliceMetric, check: CheckTerms) -> bool:
    terms = check.slice
    if terms is None or (metric.metric, metric.column) != (check.metric, terms.column):
        return False
    return terms.values is None or metric.value in terms.values


def _answers(gap: GapMetric, check: CheckTerms) -> bool:
    return check.slice is not None and (gap.metric, gap.key) == (check.metric, check.slice.key)
