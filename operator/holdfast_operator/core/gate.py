"""The gate of a policy, applied to what the evaluator measured; the rules are those of ``holdfast.gate``."""

from collections.abc import Sequence
from typing import Final

from holdfast.gate import (
    NO_SIGNATURE,
    NOT_MEASURED,
    CheckResult,
    Outcome,
    assess_regression,
    assess_terms,
    worst,
)
from holdfast.results import EvaluationResult
from holdfast_operator.api.gate import Gate
from holdfast_operator.api.retrain_run import MAX_OUTCOMES, CheckOutcome, Evaluation

__all__ = ["assess_gate", "assess_regression", "describe_outcomes"]

MAX_DESCRIBED: Final = 12
"""Checks that a condition's message tells of; the status has the others."""


def assess_gate(gate: Gate, result: EvaluationResult, *, has_champion: bool) -> Evaluation:
    """Return every check with its numbers, and the verdict: Pass only if all of them pass."""
    found = assess_terms(gate.terms(), result, has_champion=has_champion)
    return Evaluation(
        holdout_rows=result.holdout_rows,
        signature=result.signature or NO_SIGNATURE,
        metrics=[_outcome(check) for check in _most_important(found)],
        left_out=max(0, len(found) - MAX_OUTCOMES) + (result.left_out or 0) or None,
        verdict=worst(check.outcome for check in found),
    )


def describe_outcomes(evaluation: Evaluation, outcome: Outcome | None = None) -> str:
    """Return the checks in words, with their numbers; only those with that outcome if one is given."""
    chosen = [check for check in evaluation.metrics if outcome is None or check.outcome == outcome]
    told = "; ".join(_describe(check) for check in chosen[:MAX_DESCRIBED])
    more = len(chosen) - MAX_DESCRIBED
    return f"{told}; and {more} more" if more > 0 else told


def _most_important(found: Sequence[CheckResult]) -> Sequence[CheckResult]:
    """Return what the status has room for, in its order; slices that pass give way first."""
    if len(found) <= MAX_OUTCOMES:
        return found
    ranked = sorted(range(len(found)), key=lambda each: (_weight(found[each]), each))
    return [found[each] for each in sorted(ranked[:MAX_OUTCOMES])]


def _weight(check: CheckResult) -> int:
    is_passing_slice = check.outcome == "Pass" and check.slice is not None
    return 3 if is_passing_slice else {"Fail": 0, "Inconclusive": 1, "Pass": 2}[check.outcome]


def _outcome(check: CheckResult) -> CheckOutcome:
    return CheckOutcome(
        metric=check.metric,
        slice=check.slice,
        champion=_number(check.champion),
        candidate=_number(check.candidate) or NOT_MEASURED,
        regression=_number(check.regression),
        regression_low=_number(check.low),
        regression_high=_number(check.high),
        threshold=check.threshold,
        note=check.note,
        outcome=check.outcome,
    )


def _number(value: float | str | None) -> str | None:
    return value if value is None or isinstance(value, str) else f"{value:.6g}"


def _describe(check: CheckOutcome) -> str:
    of = f" of {check.slice}" if check.slice else ""
    parts = [f"{check.metric}{of} {check.candidate}"]
    if check.champion is not None:
        parts.append(f"champion {check.champion}")
    if check.regression is not None:
        interval = f" [{check.regression_low}, {check.regression_high}]" if check.regression_low else ""
        parts.append(f"regression {check.regression}{interval}")
    note = f" ({check.note})" if check.note else ""
    return f"{', '.join(parts)}; wanted {check.threshold}: {check.outcome}{note}".replace(
        "; wanted", " wanted"
    )
