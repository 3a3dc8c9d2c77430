"""Paired bootstrap over groups of rows: how certain a difference between two models is. Pure.

Groups, not rows, are drawn: rows of one week or one user resemble each other, and drawing them one by one
would make the interval too narrow. Needs scipy.
"""

from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri, stdtrit

RESAMPLES: Final = 1000
SEED: Final = 20260101
CONFIDENCE: Final = 0.95
MAX_GROUPS: Final = 2000

Floats = NDArray[np.float64]


@lru_cache(maxsize=2)
def group_weights(groups: int) -> Floats:
    """Return how often each group is drawn, [1000 resamples, groups]; the same for the same number of groups.

    Kept, since every metric of both models and of every slice is computed on the same resamples: only so are
    their differences paired. At most 16 MB each.
    """
    generator = np.random.default_rng(SEED)
    weights = generator.multinomial(groups, np.full(groups, 1 / groups), RESAMPLES).astype(np.float64)
    weights.setflags(write=False)
    return weights


def merged(group: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the numbered groups, at random merged into at most 2,000, so that time and memory are bounded.

    Sums over random blocks of independent groups are independent too, so the interval stays what it was.
    """
    groups = int(group.max()) + 1
    if groups <= MAX_GROUPS:
        return group
    blocks = np.random.default_rng(SEED).permutation(np.arange(groups) % MAX_GROUPS)
    return np.asarray(blocks[group])


def interval(replicates: Floats, groups: int, confidence: float = CONFIDENCE) -> tuple[float, float] | None:
    """Return the expanded percentile interval of replicates; None when they say nothing.

    The percentiles are moved outwards for few groups, since the plain ones are too narrow then. Replicates
    that are not finite (a resample without one of the classes) are left out; fewer than two groups, or fewer
    than half of the replicates, are nothing to go by.

    Source: Hesterberg (2015), "What Teachers Should Know About the Bootstrap", The American Statistician 69,
    §3.3.
    """
    finite = replicates[np.isfinite(replicates)]
    if groups < 2 or len(finite) < max(2, len(replicates) / 2):
        return None
    tail = (1 - confidence) / 2
    expanded = float(ndtr(np.sqrt(groups / (groups - 1)) * stdtrit(groups - 1, tail)))
    low, high = np.quantile(finite, [expanded, 1 - expanded])
    return float(low), float(high)


def largest_beyond_doubt(estimates: Floats, replicates: Floats, groups: int) -> float:
    """Return what the largest of several differences, by its absolute value, certainly exceeds; at least 0.

    ``replicates`` [differences, resamples] are of ``estimates``; both are finite. The more differences are
    looked at, the further the largest lies out by chance, so its margin is the 95 % quantile of the largest
    studentised deviation among all of them (max-T), wider still for few groups.

    Source: Romano, Wolf (2005), "Exact and Approximate Stepdown Methods for Multiple Hypothesis Testing",
    Journal of the American Statistical Association 100.
    """
    error = replicates.std(axis=1)
    varied = error > 0
    deviation = np.abs(replicates - estimates[:, np.newaxis])[varied] / error[varied, np.newaxis]
    quantile = float(np.quantile(deviation.max(axis=0), CONFIDENCE)) if varied.any() else 0.0
    tail = (1 - CONFIDENCE) / 2
    expansion = float(np.sqrt(groups / (groups - 1)) * stdtrit(groups - 1, tail) / ndtri(tail))
    return max(0.0, float((np.abs(estimates) - quantile * expansion * error).max()))
