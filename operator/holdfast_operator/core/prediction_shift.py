"""Whether candidate and champion predict alike, by the G-test on the bins of their outputs."""

from dataclasses import dataclass
from typing import Final

from holdfast.drift import g_statistic, p_value, psi_debiased
from holdfast.rebinning import Column, rebinned
from holdfast_operator.core.step_evidence import StepEvidence

ROWS_PER_BIN: Final = 20
"""Rows of each revision, for each bin, below which the G-test is not to be trusted."""


@dataclass(frozen=True)
class PredictionShift:
    """The output that differs most."""

    output: str
    psi: float
    more: float
    """Probability of such a difference if the true one were the bound: small means that it is more."""
    less: float
    """The same of one as small as this: small means that the true one is below the bound."""
    rows: int


def shift_of_predictions(evidence: StepEvidence, bound: float) -> PredictionShift | None:
    """Return how far the predictions are apart over the same time; None: there are too few rows to tell.

    Both probabilities allow for the number of outputs. The champion's rows are spread over the candidate's
    bins, so where the two have other bins the difference is an estimate.
    """
    candidate = evidence.candidate.outputs
    champion = evidence.champion.outputs if evidence.champion is not None else {}
    names = sorted(candidate.keys() & champion.keys())
    found = [_shift(name, candidate[name], champion[name], bound) for name in names]
    known = [each for each in found if each is not None]
    if not known or len(known) < len(found):
        return None
    most, least = min(each.more for each in known), max(each.less for each in known)
    worst = max(known, key=lambda each: each.psi)
    more = min(most * len(known), 1.0)
    return PredictionShift(worst.output, worst.psi, more, least, worst.rows)


def _shift(name: str, ours: Column, theirs: Column, bound: float) -> PredictionShift | None:
    others = rebinned(theirs, ours)
    needed = ROWS_PER_BIN * len(ours.counts)
    if others is None or min(ours.rows, theirs.rows) < needed:
        return None
    more = p_value(*g_statistic(ours.counts, others), bound)
    return PredictionShift(name, psi_debiased(ours.counts, others), more, 1 - more, ours.rows)
