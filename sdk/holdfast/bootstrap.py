"""Paired bootstrap over groups of rows: how certain a difference between two models is. Pure.

Groups, not rows, are drawn: rows of one week or one user resemble each other, and drawing them one by one
would make the interval too narrow. Needs scipy.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, stdtrit

RESAMPLES: Final = 1000
SEED: Final = 20260101
CONFIDENCE: Final = 0.95
MAX_GROUPS: Final = 2000
_BATCH_CELLS: Final = 20_000_000
"""Weights held at once: 160 MB."""

Floats = NDArray[np.float64]


def group_weights(
    groups: int, resamples: int = RESAMPLES, seed: int = SEED, row_cells: int = 1
) -> Iterator[Floats]:
    """Yield how often each group is drawn, in batches [some resamples, groups]; the same for the same seed.

    ``row_cells`` is how many numbers the caller makes from each group, so that batches fit into memory.
    """
    generator = np.random.default_rng(seed)
    share = np.full(groups, 1 / groups)
    size = max(1, _BATCH_CELLS // max(1, groups * row_cells))
    for start in range(0, resamples, size):
        yield generator.multinomial(groups, share, min(size, resamples - start)).astype(np.float64)


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
