"""The tests of ``drift`` for many columns at once. Pure, vectorised; needs scipy."""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import betainc, chndtr, xlogy

Floats = NDArray[np.float64]

SPREADS: Final = 2.0
"""A statistic less than so many standard deviations above its mean has no p-value below 0.01."""


def g_statistics(live: Floats, past: Floats) -> tuple[Floats, Floats, Floats]:
    """Return ``drift.g_statistic`` of each pair of rows: arrays ``(g, df, n_eff)``.

    ``live`` and ``past`` are counts of shape [pairs, bins]; each row has at least one count.
    """
    n, m = live.sum(axis=1), past.sum(axis=1)
    both = live + past
    inside = xlogy(live, live).sum(axis=1) + xlogy(past, past).sum(axis=1) - xlogy(both, both).sum(axis=1)
    outside = xlogy(n, n) + xlogy(m, m) - xlogy(n + m, n + m)
    g = np.maximum(2 * (inside - outside), 0)
    df = np.count_nonzero(both, axis=1) - 1.0
    return np.asarray(g), df, n * m / (n + m)


def p_values(g: Floats, df: Floats, n_eff: Floats, tolerance: float) -> Floats:
    """Return ``drift.p_value`` where it may be below 0.01, elsewhere 1.

    Far most windows have not moved. Theirs need no distribution function: the noncentral chi-square
    distribution is skewed to the right, so more than 1 % of it is two standard deviations above its mean.
    """
    shift = n_eff * tolerance
    p = np.ones(len(g))
    (far,) = np.nonzero((df >= 1) & (g > df + shift + SPREADS * np.sqrt(2 * (df + 2 * shift))))
    # A noncentrality of 0 is the plain chi-square distribution.
    p[far] = np.clip(1 - chndtr(g[far], df[far], shift[far]), 0, 1)
    return p


def share_p_values(count: Floats, rows: Floats, allowed: Floats) -> Floats:
    """Return ``drift.share_p_value`` where it may be below 0.01, elsewhere 1.

    Counts and rows need not be whole numbers: divided by an overdispersion they are worth fewer rows.
    """
    p = np.ones(len(count))
    (many,) = np.nonzero((count > rows * allowed) & (allowed < 1))
    p[many] = betainc(count[many], rows[many] - count[many] + 1, allowed[many])
    return p
