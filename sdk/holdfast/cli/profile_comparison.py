"""How far two profiles are apart, from their bins alone. Pure.

Their bins differ, so the second profile's rows are spread over the first one's bins as if they lay evenly
within their own: an estimate, good enough to see what has moved.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from holdfast.drift import psi_debiased
from holdfast.profile import RESIDUAL, CategoricalColumn, NumericColumn, Profile

Column = NumericColumn | CategoricalColumn
Counts = NDArray[np.int64]


@dataclass(frozen=True)
class ColumnComparison:
    """One column in both profiles; ``psi`` is None when it is in one only, or of another type."""

    name: str
    before: Column | None
    after: Column | None
    before_rows: int
    after_rows: int
    psi: float | None


def compare_profiles(before: Profile, after: Profile) -> list[ColumnComparison]:
    """Return every column of either profile, those in one only first, then by falling PSI.

    Residuals are left out when they are made in different ways: they have no scale in common.
    """
    keys = {(column.kind, column.name): None for column in (*before.columns, *after.columns)}
    if before.residual != after.residual:
        keys.pop(("residual", RESIDUAL), None)
    compared = []
    for kind, name in keys:
        old, new = before.column(kind, name), after.column(kind, name)
        psi = None if old is None or new is None else estimate_psi(old, new)
        compared.append(ColumnComparison(name, old, new, before.rows, after.rows, psi))
    return sorted(compared, key=lambda each: float("inf") if each.psi is None else each.psi, reverse=True)


def estimate_psi(before: Column, after: Column) -> float | None:
    """Return the debiased PSI of the second column in the first one's bins; None for unlike types."""
    if isinstance(before, NumericColumn) and isinstance(after, NumericColumn):
        return psi_debiased(_numeric_counts(before, after), before.counts)
    if isinstance(before, CategoricalColumn) and isinstance(after, CategoricalColumn):
        return psi_debiased(_categorical_counts(before, after), before.counts)
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
