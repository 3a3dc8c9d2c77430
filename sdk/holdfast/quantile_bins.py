"""Bins of about equal numbers of reference rows. Pure."""

import math

import numpy as np
from numpy.typing import NDArray

from holdfast.profile import MAX_BINS


def quantile_edges(present: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the inner edges of at most 10 bins of about equal counts, none of them empty in the reference.

    Edges lie half-way between neighbouring values, so ties stay together and small rounding does not move
    rows.
    """
    values, counts = np.unique(present, return_counts=True)
    if len(values) == 1:
        return _around(values[0])
    last = _bin_ends(np.cumsum(counts))
    left, right = values[last], values[last + 1]
    # Rounding may put the middle of two neighbouring floats on the left one.
    return np.asarray(np.maximum(left / 2 + right / 2, np.nextafter(left, np.inf)))


def _bin_ends(cumulative: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the index of the last distinct value in each bin but the last one."""
    ends: list[int] = []
    done, final = 0, len(cumulative) - 1
    for bins_left in range(MAX_BINS, 1, -1):
        start = ends[-1] + 1 if ends else 0
        if start >= final:
            break
        target = done + (cumulative[-1] - done) / bins_left
        end = int(np.searchsorted(cumulative, target))
        if end > start and target - cumulative[end - 1] < cumulative[end] - target:
            end -= 1
        end = min(end, final - 1)
        ends.append(end)
        done = int(cumulative[end])
    return np.asarray(ends, dtype=np.int64)


def _around(value: float) -> NDArray[np.float64]:
    """Return edges that isolate a constant, so that any other value is another bin."""
    above = math.nextafter(value, math.inf)
    return np.array([value, above] if math.isfinite(above) else [value])
