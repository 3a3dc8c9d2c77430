"""Whether labelled predictions have become worse than tolerated, tested at any time from sums alone. Pure.

Needs scipy. An e-CUSUM: per alternative, evidence is multiplied by what a block of labels says and never
falls below the weight of a step. docs/explanation/drift-statistics.md explains it and has what was measured.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import betaincinv, ndtri

Floats = NDArray[np.float64]

CONFIDENCE: Final = 0.95
"""How sure the upper end of a measured baseline is, on one side."""
_LOG_ODDS: Final = np.array([0.25, 0.5, 1.0, 1.75, 3.0])
"""Alternatives of an error rate: how much higher its log odds are than those of the bound."""
_STAKES: Final = np.array([0.05, 0.1, 0.2, 0.4, 0.8])
"""Alternatives of a mean: the share of the evidence that is staked on a loss above the bound."""
ALTERNATIVES: Final = len(_LOG_ODDS)
_NONE: Final = -1000.0
_ROUNDING: Final = 1e-9


class LossKind(StrEnum):
    """What a labelled row loses."""

    ERROR = "Error"
    """1 for a wrong class, else 0."""
    ABSOLUTE_ERROR = "AbsoluteError"
    """By how much a number is off: at least 0, and not bounded."""


@dataclass(frozen=True)
class Losses:
    """Sums over labelled rows, of losses and of their squares; sums of several servers add up."""

    rows: int = 0
    total: float = 0.0
    squares: float = 0.0

    def __add__(self, other: "Losses") -> "Losses":
        return Losses(self.rows + other.rows, self.total + other.total, self.squares + other.squares)

    @property
    def mean(self) -> float | None:
        """The mean loss, or None without rows."""
        return self.total / self.rows if self.rows else None


NO_LOSSES: Final = Losses()


def upper_bound(kind: LossKind, losses: Losses) -> float:
    """Return what the mean behind measured losses is at most, with 95 % confidence on one side.

    Without rows it is infinite. Error rates: Clopper & Pearson (1934); absolute errors: the normal
    approximation.
    """
    mean = losses.mean
    if mean is None:
        return math.inf
    if kind is LossKind.ERROR:
        right = losses.rows - losses.total
        return float(betaincinv(losses.total + 1, right, CONFIDENCE)) if right > 0 else 1.0
    variance = max(losses.squares / losses.rows - mean**2, 0.0)
    return mean + float(ndtri(CONFIDENCE)) * math.sqrt(variance / losses.rows)


def no_evidence() -> Floats:
    """Return the logarithms of the evidence, by alternative, before any label: none, as a number."""
    return np.full(ALTERNATIVES, _NONE)


def log_growth(kind: LossKind, bound: float, losses: Losses) -> Floats:
    """Return by how much a block of labels multiplies the evidence, as logarithms by alternative.

    Each factor is at most 1 on average while the mean loss given what came before is at most ``bound``,
    however many labels the block has and in whatever order they came. ``bound`` is positive.

    Error rates: the likelihood ratio of a higher rate. Absolute errors: bets of a share θ that the loss
    exceeds the bound, Π (1 + θ(x/bound - 1)), from below by log(1+y) ≥ y + y² (log(1-θ)+θ)/θ² for y ≥ -θ,
    which needs only sums. Sources: Waudby-Smith & Ramdas (2024), "Estimating means of bounded random
    variables by betting"; Fan, Grama & Liu (2015), "Exponential inequalities for martingales", lemma 4.1.
    """
    if kind is LossKind.ERROR:
        normal = np.log1p(min(bound, 1.0) * np.expm1(_LOG_ODDS))
        return np.asarray(losses.total * _LOG_ODDS - losses.rows * normal)
    excess = losses.total / bound - losses.rows
    squares = losses.squares / bound**2 - 2 * losses.total / bound + losses.rows
    return np.asarray(_STAKES * excess + (np.log1p(-_STAKES) + _STAKES) * max(squares, 0.0))


def accumulate(evidence: ArrayLike, growth: ArrayLike, weight: float) -> Floats:
    """Return the evidence after one more block: an e-CUSUM whose expected sum of weights is the budget.

    ``weight`` is the share of the budget of false alarms that the step may spend, known before the block's
    losses are: the time since the step before, in units of the mean time between false alarms. While the mean
    loss stays within the bound, the weights until the first alarm add up to at least 1 on average, whatever
    the sizes of blocks. Evidence beyond an alarm is not kept, so that a recovery is noticed.

    Source: Shin, Ramdas & Rinaldo (2024), "E-detectors", with weights in place of a count of steps.
    """
    grown = np.asarray(growth) + np.maximum(np.asarray(evidence), math.log(weight))
    return np.asarray(np.minimum(grown, math.log(ALTERNATIVES)))


def log_evidence(evidence: ArrayLike) -> Floats:
    """Return the logarithm of the mean over alternatives, the last axis; 0 and more is an alarm."""
    return np.asarray(np.logaddexp.reduce(np.asarray(evidence), axis=-1) - math.log(ALTERNATIVES))


def is_alarm(evidence: ArrayLike) -> bool:
    """Return whether the losses have become worse than the bound."""
    return bool(log_evidence(evidence) >= -_ROUNDING)


def evidence_share(evidence: ArrayLike, weight: float) -> float:
    """Return how much of the evidence that an alarm takes is there, from 0 to 1, on a logarithmic scale.

    ``weight`` is that of a usual step. After a change the share rises about evenly with the labels.
    """
    if is_alarm(evidence):
        return 1.0
    return float(np.clip(1 - log_evidence(evidence) / math.log(weight), 0.0, 1.0))
