"""Fixed rules on PSI, as dashboards have them, and what any rule's alarms come to."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr, ndtri

from tests.benchmarks.drift.traffic import DAY, FEATURES, Change

EMPTY_SHARE: Final = 1e-4
"""Share that stands for an empty bin, the usual choice."""
MONTH_DAYS: Final = 30
LOOKS_PER_MONTH: Final = MONTH_DAYS * DAY
BOUND_BINS: Final = 10

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PsiRule:
    """An alarm when any feature's PSI over a trailing window is above a limit, looked at every minute."""

    limit: float
    minutes: int

    @property
    def title(self) -> str:
        """What the rule is called in tables."""
        return f"PSI > {self.limit:g}, {self.minutes // 60} h"


PSI_LIMITS: Final = (0.1, 0.25)
"""What is usually called some drift, and much."""
PSI_RULES: Final = tuple(PsiRule(limit, minutes) for minutes in (60, DAY) for limit in PSI_LIMITS)


def psi(live: NDArray[Any], reference: Floats) -> Floats:
    """Return the PSI of counts of shape [..., features, bins] beside those of reference rows."""
    p = live / np.maximum(live.sum(axis=-1, keepdims=True), 1)
    q = reference / reference.sum(axis=-1, keepdims=True)
    p, q = np.maximum(p, EMPTY_SHARE), np.maximum(q, EMPTY_SHARE)
    return np.asarray(((p - q) * np.log(p / q)).sum(axis=-1))


def psi_title(limit: float) -> str:
    """Return what a rule on single windows is called in tables."""
    return f"PSI > {limit:g}, any column"


def worst_psi(counts: NDArray[Any], reference: Floats, minutes: int) -> Floats:
    """Return the largest PSI of any feature in the window that ends with each minute.

    ``counts`` are of shape [minutes, features, bins]. Before a window is full there is no PSI: NaN.
    """
    worst = np.full(len(counts), np.nan)
    total = np.cumsum(counts, axis=0)
    for start in range(minutes - 1, len(counts), DAY):
        ends = np.arange(start, min(start + DAY, len(counts)))
        begins = ends - minutes
        past = np.where((begins >= 0)[:, None, None], total[np.maximum(begins, 0)], 0)
        worst[ends] = psi(total[ends] - past, reference).max(axis=-1)
    return worst


def retrains(minutes: Iterable[int], cooldown: int = DAY) -> int:
    """Return how many retrains alarms at these minutes start, when none does within a day of another."""
    count, last = 0, -cooldown
    for minute in sorted(minutes):
        if minute - last >= cooldown:
            count, last = count + 1, minute
    return count


@dataclass(frozen=True)
class Rate:
    """Events in 30 days, from a count in some days, with the exact 95 % interval of a Poisson rate."""

    count: int
    days: float

    @property
    def mean(self) -> float:
        """Events per 30 days."""
        return self.count * MONTH_DAYS / self.days

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of the interval. Source: Garwood (1936)."""
        low = float(gammaincinv(self.count, 0.025)) if self.count else 0.0
        high = float(gammaincinv(self.count + 1, 0.975))
        return low * MONTH_DAYS / self.days, high * MONTH_DAYS / self.days


def changed_shares(change: Change) -> tuple[Floats, Floats]:
    """Return the shares of ten equally filled bins of a normal feature before and after a change."""
    edges = ndtri(np.arange(1, BOUND_BINS) / BOUND_BINS)
    reached = ndtr((edges - change.mean) / change.scale)
    return np.full(BOUND_BINS, 1 / BOUND_BINS), np.diff(reached, prepend=0, append=1)


def true_psi(change: Change) -> float:
    """Return the PSI of a changed feature."""
    before, after = changed_shares(change)
    return float(((after - before) * np.log(after / before)).sum())


def information_bound(change: Change) -> float:
    """Return how many rows any detector needs on average to see the change in one known feature's ten bins.

    It is ln(looks x features) / KL for one false alarm in a month of looks. Source: Lorden (1971).
    """
    before, after = changed_shares(change)
    return float(np.log(LOOKS_PER_MONTH * FEATURES) / (after * np.log(after / before)).sum())
