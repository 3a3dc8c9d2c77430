"""Whether live rows are distributed as the reference rows, from bin counts alone. Pure; needs scipy.

docs/explanation/drift-statistics.md explains the choice, with sources and what was measured.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtrc, chdtrc, chdtri, chndtr, xlogy

from holdfast.profile import Kind

Counts = Sequence[int] | NDArray[np.int64]

EMPTY_CELL = 0.5
"""Added to every cell of a PSI when one is empty, since its logarithm is infinite (Haldane 1956)."""


@dataclass(frozen=True)
class ColumnDrift:
    """How far one column has moved.

    ``psi`` is debiased and at least 0. An unchanged column stays below ``noise_floor`` in 95 of 100 windows.
    ``p_value`` is for "the divergence is at most the tolerance": small means it is more.
    """

    name: str
    kind: Kind
    psi: float
    noise_floor: float
    p_value: float


def g_statistic(current: Counts, reference: Counts) -> tuple[float, int, float]:
    """Return ``(g, df, n_eff)`` of the two-sample G-test (log-likelihood ratio) on bin counts.

    ``g`` is 2 Σ [c ln(c/E) + r ln(r/E')] with the expected counts of the pooled sample; ``df`` is the number
    of bins that are not empty in both, minus 1; ``n_eff`` is n·m/(n+m). Without rows on a side all three are
    0.

    The chi-square approximation holds from about 20 rows per bin: do not decide on fewer.

    Raises:
        ValueError: the counts differ in length or are negative.

    Source: Sokal & Rohlf, Biometry (1981), §17; equal to
    ``scipy.stats.chi2_contingency(lambda_="log-likelihood", correction=False)``.
    """
    live, past = _counts(current, reference)
    n, m = live.sum(), past.sum()
    if n == 0 or m == 0:
        return 0.0, 0, 0.0
    used = live + past > 0
    live, past = live[used], past[used]
    share = (live + past) / (n + m)
    g = 2 * (xlogy(live, live / (n * share)) + xlogy(past, past / (m * share))).sum()
    return max(float(g), 0.0), len(live) - 1, float(n * m / (n + m))


def p_value(g: float, df: int, n_eff: float, tolerance: float) -> float:
    """Return the probability of a G at least as large if the divergence were exactly ``tolerance``.

    ``tolerance`` is in units of PSI: a sample whose true PSI is δ has G of about noncentral chi-square with
    noncentrality ``n_eff``·δ (PSI and G/n_eff agree to second order). Tolerance 0 is the plain test. Without
    a degree of freedom there is nothing to test, and the answer is 1.

    Source: Potgieter, van Zyl, Schutte & Lombard (2023), "The population resemblance statistic".
    """
    if df < 1:
        return 1.0
    if tolerance <= 0:
        return float(chdtrc(df, g))
    return float(np.clip(1 - chndtr(g, df, n_eff * tolerance), 0, 1))


def psi(current: Counts, reference: Counts) -> float:
    """Return the population stability index Σ (p-q) ln(p/q); empty cells make it add 0.5 to every cell.

    Bins that are empty on both sides count for nothing; without rows on a side it is 0.
    """
    live, past = _counts(current, reference)
    used = live + past > 0
    live, past = live[used], past[used]
    if live.sum() == 0 or past.sum() == 0:
        return 0.0
    if (live == 0).any() or (past == 0).any():
        live, past = live + EMPTY_CELL, past + EMPTY_CELL
    p, q = live / live.sum(), past / past.sum()
    return float(((p - q) * np.log(p / q)).sum())


def psi_debiased(current: Counts, reference: Counts) -> float:
    """Return the PSI less what sampling alone adds on average, (B-1)(1/n+1/m); at least 0.

    Source: Yurdakul & Naranjo (2020), "Statistical properties of the population stability index": without
    drift, PSI is distributed as (1/n+1/m) chi-square with B-1 degrees of freedom.
    """
    live, past = _counts(current, reference)
    n, m = float(live.sum()), float(past.sum())
    if n == 0 or m == 0:
        return 0.0
    bins = int(np.count_nonzero(live + past))
    return max(psi(current, reference) - (bins - 1) * (1 / n + 1 / m), 0.0)


def noise_floor(n: float, m: float, bins: int, level: float = 0.95) -> float:
    """Return what the debiased PSI of an unchanged column stays below with probability ``level``.

    ``n`` and ``m`` are the rows of both samples; without rows, or with one bin, it is 0. Source: as
    ``psi_debiased``.
    """
    if n <= 0 or m <= 0 or bins < 2:
        return 0.0
    return max(float(chdtri(bins - 1, 1 - level)) - (bins - 1), 0.0) * (1 / n + 1 / m)


def share_p_value(count: int, rows: int, reference_share: float, margin: float) -> float:
    """Return the chance of ``count`` or more of ``rows`` if the true share were ``reference_share + margin``.

    The one-sided exact binomial test, for missing values and unseen categories: small means that the share
    has grown by more than ``margin``. Without rows, or when the allowed share reaches 1, the answer is 1.
    """
    allowed = reference_share + margin
    if rows <= 0 or count <= 0 or allowed >= 1:
        return 1.0
    return float(bdtrc(count - 1, rows, max(allowed, 0.0)))


def assess_column(name: str, kind: Kind, current: Counts, reference: Counts, tolerance: float) -> ColumnDrift:
    """Return how far a column's live counts are from its reference counts (same bins, missing left out).

    Raises:
        ValueError: the counts differ in length or are negative.
    """
    g, df, n_eff = g_statistic(current, reference)
    return ColumnDrift(
        name=name,
        kind=kind,
        psi=psi_debiased(current, reference),
        noise_floor=noise_floor(float(np.sum(current)), float(np.sum(reference)), df + 1),
        p_value=p_value(g, df, n_eff, tolerance),
    )


def _counts(current: ArrayLike, reference: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    live, past = np.asarray(current, dtype=np.float64), np.asarray(reference, dtype=np.float64)
    if live.ndim != 1 or live.shape != past.shape:
        raise ValueError(f"counts of {live.shape} and {past.shape} bins cannot be compared")
    if not (live >= 0).all() or not (past >= 0).all():
        raise ValueError("counts must be numbers of rows, at least 0")
    return live, past
