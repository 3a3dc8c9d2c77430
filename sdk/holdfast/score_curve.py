"""Areas under ROC curves of many bootstrap resamples at once. Pure."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

MAX_STEPS: Final = 1024
"""Steps of a curve: with more distinct scores, neighbours share one as if tied, which moves an area of one
resample by less than a thousandth and that of the other model's by as much."""

Floats = NDArray[np.float64]


def curve_areas(scores: Floats, positive: NDArray[Any], group: NDArray[Any], weights: Floats) -> Floats:
    """Return the chance that a positive row outscores a negative one, ties half, in each resample.

    ``weights`` [resamples, groups] say how often each group is drawn; NaN where a resample lacks a class.
    """
    present, local = np.unique(group, return_inverse=True)
    steps, step = _steps(scores)
    cell = local * steps + step
    size = len(present) * steps
    drawn = weights[:, present]
    above = drawn @ np.bincount(cell, weights=positive, minlength=size).reshape(-1, steps)
    beneath = drawn @ np.bincount(cell, weights=~positive, minlength=size).reshape(-1, steps)
    below = np.cumsum(beneath, axis=1) - beneath
    pairs = above.sum(axis=1) * beneath.sum(axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray((above * (below + beneath / 2)).sum(axis=1) / pairs)


def _steps(scores: Floats) -> tuple[int, NDArray[np.int64]]:
    """Return the number of steps, and the step of each score; equal scores are in the same one."""
    distinct, code = np.unique(scores, return_inverse=True)
    if len(distinct) <= MAX_STEPS:
        return max(1, len(distinct)), code
    counts = np.bincount(code)
    start = np.cumsum(counts) - counts
    return MAX_STEPS, (start * MAX_STEPS // len(scores))[code]
