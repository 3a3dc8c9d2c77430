"""By how much two samples differ, as intervals from counts and sums alone. Pure; needs scipy.

Every interval is one-sided on both sides: ``confidence`` is that of each end.
"""

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from holdfast.performance import Losses


class Interval(NamedTuple):
    """An estimate, and what the truth is at least and at most."""

    estimate: float
    low: float
    high: float


def share(count: int, rows: int, confidence: float) -> Interval:
    """Return the share behind COUNT of ROWS; without rows anything from 0 to 1.

    Source: Wilson (1927), the score interval.
    """
    if rows <= 0:
        return Interval(math.nan, 0.0, 1.0)
    z = float(ndtri(confidence))
    estimate = count / rows
    middle = (count + z * z / 2) / (rows + z * z)
    reach = z / (rows + z * z) * math.sqrt(count * (rows - count) / rows + z * z / 4)
    return Interval(estimate, max(middle - reach, 0.0), min(middle + reach, 1.0))


def quantile(counts: Mapping[float, int], of: float, confidence: float) -> Interval:
    """Return a quantile of values that are only known to lie between bounds.

    Args:
        counts: values by upper bound, not cumulative; the highest bound may be infinite.
        of: which quantile, such as 0.95.
        confidence: of each end.

    Within a bucket values are taken to lie evenly, as Prometheus's ``histogram_quantile`` does; what is
    beyond the highest finite bound may be anything. Source of the ends: order statistics (Conover 1999,
    §3.2), with the normal approximation of the binomial.
    """
    rows = sum(counts.values())
    if rows <= 0:
        return Interval(math.nan, 0.0, math.inf)
    spread = float(ndtri(confidence)) * math.sqrt(of * (1 - of) / rows)
    low, high = max(of - spread, 0.0), min(of + spread, 1.0)
    return Interval(*(_at(counts, share_below * rows) for share_below in (of, low, high)))


def _at(counts: Mapping[float, int], rank: float) -> float:
    bounds = sorted(counts)
    until = np.cumsum([counts[bound] for bound in bounds])
    place = min(int(np.searchsorted(until, rank)), int(np.searchsorted(until, until[-1])))
    bound, lower = bounds[place], bounds[place - 1] if place else 0.0
    if math.isinf(bound):
        return bound
    count = counts[bound]
    return float(lower + (bound - lower) * min(max(rank - until[place] + count, 0.0) / count, 1.0))


def mean(losses: Losses, confidence: float) -> Interval:
    """Return the mean behind sums of losses; without two rows it may be anything.

    The normal approximation, which 30 rows or more allow.
    """
    if losses.rows < 2:
        return Interval(math.nan, -math.inf, math.inf)
    estimate = losses.total / losses.rows
    variance = max(losses.squares / losses.rows - estimate**2, 0.0) * losses.rows / (losses.rows - 1)
    reach = float(ndtri(confidence)) * math.sqrt(variance / losses.rows)
    return Interval(estimate, estimate - reach, estimate + reach)


def difference(first: Interval, second: Interval) -> Interval:
    """Return by how much the first is above the second.

    Source: Zou & Donner (2008), "Construction of confidence limits about effect measures"; for shares it is
    Newcombe's (1998) method 10.
    """
    estimate = first.estimate - second.estimate
    down = math.hypot(first.estimate - first.low, second.high - second.estimate)
    up = math.hypot(first.high - first.estimate, second.estimate - second.low)
    if math.isnan(estimate):
        return Interval(math.nan, -math.inf, math.inf)
    return Interval(estimate, estimate - down, estimate + up)
