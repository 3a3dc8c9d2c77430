"""The gate: whether a candidate is good enough, from what the evaluator measured."""

import math
from collections.abc import Iterable
from decimal import Decimal
from typing import Final, Literal, TypeAlias

from holdfast.results import EvaluationResult, MetricComparison
from holdfast_operator.api.gate import Gate, GateCheck
from holdfast_operator.api.retrain_run import CheckOutcome, Evaluation

Outcome: TypeAlias = Literal["Pass", "Fail", "Inconclusive"]
NO_CHAMPION: Final = "no champion to compare with"
NOT_MEASURED: Final = "not measured"
NO_SIGNATURE: Final = "none"


def assess_gate(gate: Gate, result: EvaluationResult, *, has_champion: bool) -> Evaluation:
    """Return every check with its numbers, and the verdict: Pass only if all of them pass."""
    measured = {metric.name: metric for metric in result.metrics}
    outcomes = [
        _assess_signature(gate, result, has_champion=has_champion),
        *(
            outcome
            for check in gate.checks
            for outcome in _assess_check(check, measured.get(check.metric), has_champion=has_champion)
        ),
    ]
    return Evaluation(
        holdout_rows=result.holdout_rows,
        signature=result.signature or NO_SIGNATURE,
        metrics=outcomes,
        verdict=_worst(outcome.outcome for outcome in outcomes),
    )


def assess_regression(metric: MetricComparison, margin: Decimal) -> Outcome:
    """Return whether the candidate is not worse than the champion by more than the margin.

    Non-inferiority by confidence interval (CONSORT extension, Piaggio et al. 2012): Pass if the whole
    interval is within the margin, Fail if all of it is beyond, else Inconclusive. A metric without an
    interval is judged by its value.
    """
    low, high = metric.regression_low, metric.regression_high
    if metric.regression is None or not math.isfinite(metric.regression):
        return "Fail"
    if low is None or high is None:
        return "Pass" if _at_most(metric.regression, margin) else "Fail"
    if not (math.isfinite(low) and math.isfinite(high)):
        return "Inconclusive"
    if _at_most(high, margin):
        return "Pass"
    return "Inconclusive" if _at_most(low, margin) else "Fail"


def describe_outcomes(evaluation: Evaluation, outcome: Outcome | None = None) -> str:
    """Return the checks in words, with their numbers; only those with that outcome if one is given."""
    return "; ".join(
        _describe(check) for check in evaluation.metrics if outcome is None or check.outcome == outcome
    )


def _assess_signature(gate: Gate, result: EvaluationResult, *, has_champion: bool) -> CheckOutcome:
    accepted = {"Identical": {"Identical"}, "Compatible": {"Identical", "Compatible"}}[gate.signature]
    is_accepted = not has_champion or result.signature in accepted
    return CheckOutcome(
        metric="signature",
        candidate=result.signature or NO_SIGNATURE,
        threshold=gate.signature if has_champion else f"{gate.signature} ({NO_CHAMPION})",
        outcome="Pass" if is_accepted else "Fail",
    )


def _assess_check(
    check: GateCheck, metric: MetricComparison | None, *, has_champion: bool
) -> list[CheckOutcome]:
    """Return one outcome per bound that is set."""
    outcomes = []
    if check.max_regression is not None:
        outcomes.append(_assess_max_regression(check, metric, has_champion=has_champion))
    if check.max is not None:
        is_within = metric is not None and _at_most(metric.candidate, Decimal(check.max))
        outcomes.append(_outcome(check, metric, f"max {check.max}", "Pass" if is_within else "Fail"))
    if check.min is not None:
        is_within = metric is not None and _at_most(-metric.candidate, -Decimal(check.min))
        outcomes.append(_outcome(check, metric, f"min {check.min}", "Pass" if is_within else "Fail"))
    return outcomes


def _assess_max_regression(
    check: GateCheck, metric: MetricComparison | None, *, has_champion: bool
) -> CheckOutcome:
    threshold = f"maxRegression {check.max_regression}"
    if not has_champion:
        return _outcome(check, metric, f"{threshold} ({NO_CHAMPION})", "Pass")
    if metric is None:
        return _outcome(check, metric, threshold, "Fail")
    return _outcome(check, metric, threshold, assess_regression(metric, Decimal(check.max_regression or "0")))


def _outcome(
    check: GateCheck, metric: MetricComparison | None, threshold: str, outcome: Outcome
) -> CheckOutcome:
    if metric is None:
        return CheckOutcome(metric=check.metric, candidate=NOT_MEASURED, threshold=threshold, outcome=outcome)
    return CheckOutcome(
        metric=check.metric,
        champion=_number(metric.champion),
        candidate=_number(metric.candidate) or NOT_MEASURED,
        regression=_number(metric.regression),
        regression_low=_number(metric.regression_low),
        regression_high=_number(metric.regression_high),
        threshold=threshold,
        outcome=outcome,
    )


def _at_most(value: float, bound: Decimal) -> bool:
    return math.isfinite(value) and Decimal(repr(value)) <= bound


def _number(value: float | None) -> str | None:
    return None if value is None else f"{value:.6g}"


def _worst(outcomes: Iterable[Outcome]) -> Outcome:
    found = set(outcomes)
    return "Fail" if "Fail" in found else "Inconclusive" if "Inconclusive" in found else "Pass"


def _describe(check: CheckOutcome) -> str:
    parts = [f"{check.metric} {check.candidate}"]
    if check.champion is not None:
        parts.append(f"champion {check.champion}")
    if check.regression is not None:
        interval = f" [{check.regression_low}, {check.regression_high}]" if check.regression_low else ""
        parts.append(f"regression {check.regression}{interval}")
    return f"{', '.join(parts)}; wanted {check.threshold}: {check.outcome}".replace("; wanted", " wanted")
