"""Counting the rows of many numeric columns at once. Vectorised, pure."""

import math
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from holdfast.profile import NumericColumn

LOWEST: Final = -np.finfo(np.float64).max
"""The least finite number."""
ROWS_AT_ONCE: Final = 2048
"""Rows compared in one go: what is compared stays in the processor's cache, and counts fit 16 bits."""


class ColumnCounts(NamedTuple):
    """Rows of one column by bin (int64, like the column's ``counts``), and rows that are out of the ordinary.

    ``missing`` rows are in no bin. ``below`` and ``above`` the reference range are in the first and last bin
    too, and ``unseen`` categories in the last. ``far`` are those of them that are further outside than the
    range is wide, as values of another unit would be.
    """

    bins: NDArray[np.int64]
    missing: int = 0
    below: int = 0
    above: int = 0
    unseen: int = 0
    far: int = 0


class NumericBlock:
    """Numeric columns that are counted together.

    Every count is a difference of numbers of rows that reach a threshold. To compare all rows with all
    thresholds is work for vector instructions, and half of what sorting each column costs.
    """

    def __init__(self, columns: Sequence[NumericColumn]) -> None:
        self._bins = [len(column.counts) for column in columns]
        exact = np.array(_thresholds(columns), dtype=np.float64)[:, :, None]
        self._exact = exact
        self._single = _rounded_up(exact)

    def count(self, values: NDArray[Any]) -> list[ColumnCounts]:
        """Count values of shape [columns, rows], each column's in its bins.

        Numbers that are not finite count as missing.

        Raises:
            ValueError, TypeError: the values are no numbers.
        """
        reached = self._reached(values)
        least, infinite, low, high, far_low, far_high = reached[[0, *range(-5, 0)]]
        missing = (values.shape[1] - (least - infinite)).tolist()
        below = np.maximum(least - low, 0)
        above = high - infinite
        far = np.maximum(least - far_low, 0) + far_high - infinite
        bins = (reached[:-5] - reached[1:-4]).T.copy()
        own = [each[:size] for each, size in zip(bins, self._bins, strict=True)]
        unseen = [0] * len(own)
        return list(map(ColumnCounts, own, missing, below.tolist(), above.tolist(), unseen, far.tolist()))

    def _reached(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """Return how many rows reach each threshold, of shape [thresholds, columns]; NaN reaches none."""
        is_single = values.dtype.kind == "f" and values.dtype.itemsize <= 4
        thresholds: NDArray[Any] = self._single if is_single else self._exact
        numbers: NDArray[Any] = values.astype(thresholds.dtype, copy=False)
        reached = np.zeros(thresholds.shape[:2], dtype=np.int64)
        for start in range(0, numbers.shape[1], ROWS_AT_ONCE):
            masks = numbers[:, start : start + ROWS_AT_ONCE] >= thresholds
            reached += np.add.reduce(masks.view(np.uint8), axis=2, dtype=np.uint16)
        return reached


def _thresholds(columns: Sequence[NumericColumn]) -> list[list[float]]:
    """Return, each for every column: the least finite number, the edges, infinity, the range, and far off it.

    Columns of fewer edges have further bins from infinity to infinity, in which nothing is.
    """
    most = max(len(column.edges) for column in columns)
    edges = [[*column.edges, *[math.inf] * (most - len(column.edges))] for column in columns]
    count = len(columns)
    between = [list(each) for each in zip(*edges, strict=True)]
    ranges = [list(each) for each in zip(*map(_ranges, columns), strict=True)]
    return [[LOWEST] * count, *between, [math.inf] * count, *ranges]


def _ranges(column: NumericColumn) -> tuple[float, float, float, float]:
    """Return the least value of the range, the first above it, and the same of a range three times as wide.

    A constant is as wide as it is large.
    """
    low, high = column.minimum, column.maximum
    if low is None or high is None:
        return -math.inf, math.inf, -math.inf, math.inf
    width = high - low or max(abs(high), 1.0)
    return low, _above(high), low - width, _above(high + width)


def _above(number: float) -> float:
    return math.nextafter(number, math.inf)


def _rounded_up(exact: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the least float32 numbers that reach the thresholds: they are reached by the same float32."""
    with np.errstate(over="ignore"):
        nearest = exact.astype(np.float32)
        upwards = np.nextafter(nearest, np.float32(np.inf))
    single: NDArray[np.float32] = np.where(nearest < exact, upwards, nearest)
    return single
