"""Rows that were counted in one column's bins, spread over the bins of another. Pure.

As if the rows of a bin lay evenly within it: an estimate, good enough to see what has moved.
"""

import numpy as np
from numpy.typing import NDArray

from holdfast.profile import CategoricalColumn, NumericColumn

Column = NumericColumn | CategoricalColumn
Counts = NDArray[np.int64]


def rebinned(counted: Column, bins: Column) -> Counts | None:
    """Return the rows of a column by the bins of another; None for unlike types."""
    if isinstance(counted, NumericColumn) and isinstance(bins, NumericColumn):
        return _numeric_counts(bins, counted)
    if isinstance(counted, CategoricalColumn) and isinstance(bins, CategoricalColumn):
        return _categorical_counts(bins, counted)
    return None


def _categorical_counts(before: CategoricalColumn, after: CategoricalColumn) -> Counts:
    frequencies = dict(zip(after.categories, after.counts, strict=False))
    known = [frequencies.get(category, 0) for category in before.categories]
    return np.array([*known, after.rows - sum(known)], dtype=np.int64)


def _numeric_counts(before: NumericColumn, after: NumericColumn) -> Counts:
    if before.edges == after.edges:
        return np.asarray(after.counts, dtype=np.int64)
    below = np.array([_rows_below(after, edge) for edge in before.edges])
    cumulative = np.concatenate([[0.0], below, [after.rows]])
    # Cumulative counts are rounded, not the counts themselves, so that no row is lost.
    counts: Counts = np.diff(np.rint(cumulative)).astype(np.int64)
    return counts


def _rows_below(column: NumericColumn, value: float) -> float:
    if column.minimum is None or column.maximum is None or value <= column.minimum:
        return 0.0
    if value > column.maximum:
        return float(column.rows)
    ends = np.clip([column.minimum, *column.edges, column.maximum], column.minimum, column.maximum)
    cumulative = np.concatenate([[0], np.cumsum(column.counts)])
    return float(np.interp(value, ends, cumulative))
