"""The judgement of a step: Pass, Fail or Inconclusive, by what was counted since it began."""

import math
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from holdfast.two_samples import Interval
from holdfast_operator.api.rollout import Analysis, StepCheck, StepResult
from holdfast_operator.core.prediction_shift import shift_of_predictions
from holdfast_operator.core.step_evidence import StepEvidence
from holdfast_operator.core.step_measures import measure
from holdfast_operator.core.step_queries import judge_query

DOUBT: Final = 0.05
"""How often a step fails although the candidate is just as good as its bounds; and how often a candidate at
a bound passes one check at one look."""

Outcome = Literal["Pass", "Fail", "Inconclusive", "Skipped"]


@dataclass(frozen=True)
class StepJudgement:
    """What all checks together say; Inconclusive waits, then asks a person."""

    outcome: Literal["Pass", "Fail", "Inconclusive"]
    checks: tuple[StepResult, ...]
    message: str = ""


def judge_step(analysis: Analysis, evidence: StepEvidence | None) -> StepJudgement:
    """Return what the evidence says about a step.

    A check fails when its value, or regression, is beyond the bound with a confidence that allows for all
    checks and looks of the step; it passes when that is within the bound with 95 % confidence. A check that
    there is nothing to judge by is Skipped, and a step on which every check was is Inconclusive.
    """
    if evidence is None:
        return StepJudgement("Inconclusive", (), "nothing has been counted yet")
    few = _too_few(analysis, evidence)
    checks = tuple(_judge(analysis, check, evidence) for check in analysis.effective_checks)
    checks += tuple(judge_query(each, evidence.answers.get(each.name)) for each in analysis.queries)
    if few:
        return StepJudgement("Inconclusive", checks, few)
    outcomes = {each.outcome for each in checks}
    if "Fail" in outcomes:
        return StepJudgement("Fail", checks, _words(checks, "Fail"))
    if "Inconclusive" in outcomes or outcomes == {"Skipped"}:
        return StepJudgement("Inconclusive", checks, _words(checks, "Inconclusive"))
    return StepJudgement("Pass", checks)


def _too_few(analysis: Analysis, evidence: StepEvidence) -> str:
    counts = {"the candidate": evidence.candidate.requests}
    if evidence.champion is not None:
        counts["the champion"] = evidence.champion.requests
    if min(counts.values()) >= analysis.min_samples:
        return ""
    seen = " and ".join(f"{count} requests of {name}" for name, count in counts.items())
    return f"{seen}, {analysis.min_samples} are needed"


def _words(checks: tuple[StepResult, ...], outcome: Outcome) -> str:
    said = [_said(each) for each in checks if each.outcome == outcome]
    return ", ".join(said) or "no check could be judged"


def _said(check: StepResult) -> str:
    if check.candidate is None and check.message:
        return f"{check.metric}: {check.message}"
    return f"{check.metric} {check.candidate} ({check.threshold})"


def _judge(analysis: Analysis, check: StepCheck, evidence: StepEvidence) -> StepResult:
    doubt = DOUBT / (len(analysis.effective_checks) * analysis.max_intervals)
    if check.metric == "predictionShift":
        return _judge_shift(check, evidence, doubt)
    passing, failing = (measure(check.metric, evidence, 1 - each) for each in (DOUBT, doubt))
    if passing is None or failing is None:
        return StepResult(
            metric=check.metric, threshold=_threshold(check), outcome="Skipped", message=_NOTHING
        )
    bounds = [(passing.candidate, failing.candidate, check.max)]
    if passing.regression is not None and failing.regression is not None:
        bounds.append((passing.regression, failing.regression, check.max_regression))
    outcomes = [_outcome(passes, fails, float(bound)) for passes, fails, bound in bounds if bound is not None]
    shown = passing.regression if check.max_regression is not None else passing.candidate
    return StepResult(
        metric=check.metric,
        champion=None if passing.champion is None else _number(passing.champion.estimate),
        candidate=_number(passing.candidate.estimate),
        low=None if shown is None else _number(shown.low),
        high=None if shown is None else _number(shown.high),
        threshold=_threshold(check),
        samples=str(passing.samples),
        outcome=max(outcomes, key=_SEVERITY.index, default="Skipped"),
    )


_NOTHING: Final = "there is nothing to judge this by"
_SEVERITY: Final = ("Pass", "Inconclusive", "Fail")


def _judge_shift(check: StepCheck, evidence: StepEvidence, doubt: float) -> StepResult:
    shift = shift_of_predictions(evidence, float(check.max or 0))
    if shift is None:
        message = "too few rows, or outputs that cannot be compared"
        return StepResult(
            metric=check.metric, threshold=_threshold(check), outcome="Inconclusive", message=message
        )
    outcome: Outcome = "Fail" if shift.more < doubt else "Pass" if shift.less < DOUBT else "Inconclusive"
    return StepResult(
        metric=check.metric,
        candidate=_number(shift.psi),
        threshold=_threshold(check),
        samples=str(shift.rows),
        outcome=outcome,
        message=f"of the output {shift.output}"[:512],
    )


def _outcome(passes: Interval, fails: Interval, bound: float) -> Outcome:
    if fails.low > bound:
        return "Fail"
    return "Pass" if passes.high <= bound else "Inconclusive"


def _threshold(check: StepCheck) -> str:
    bounds = (("max", check.max), ("maxRegression", check.max_regression))
    return ", ".join(f"{name} {bound}" for name, bound in bounds if bound is not None)


def _number(value: float) -> str | None:
    """Return a number with four significant digits; None where there is none."""
    if math.isnan(value):
        return None
    return str(value) if math.isinf(value) else f"{Decimal(f'{value:.4g}'):f}"
