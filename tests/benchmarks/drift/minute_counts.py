"""Counts every minute of many rows at once, as servers count them by and by."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.count_table import CountTable
from holdfast.profile import NumericColumn, Profile
from holdfast.residual import residuals
from tests.benchmarks.drift.traffic import Rows

Counts = NDArray[np.int64]


class MinuteCounts:
    """Counts rows of a profile whose columns are all numeric, neither missing nor of another unit."""

    def __init__(self, profile: Profile) -> None:
        self.profile: Final = profile
        self.table: Final = CountTable(profile)
        own = [index for index, each in enumerate(profile.columns) if each.kind == "feature"]
        self.feature_cells: Final = self.table.bins[own]
        """Cells of the features' bins, of shape [features, bins]."""
        self.feature_reference: Final = self.table.reference[own]
        self._edges = [
            _edges(column.edges) for column in profile.columns if isinstance(column, NumericColumn)
        ]

    def count(self, rows: Rows, minutes: int) -> Counts:
        """Return a vector of the count table for each of so many minutes, which have as many rows each."""
        per_minute = len(rows) // minutes
        counts = np.zeros((minutes, self.table.size), dtype=np.int64)
        counts[:, 0] = per_minute
        base = np.arange(minutes).repeat(per_minute)
        for values, edges, cells in zip(self._columns(rows), self._edges, self.table.bins, strict=True):
            bins = len(edges) + 1
            found = np.searchsorted(edges, values, side="right") + base * bins
            counts[:, cells[:bins]] = np.bincount(found, minlength=minutes * bins).reshape(minutes, bins)
        return counts

    def _columns(self, rows: Rows) -> list[Rows]:
        columns = list(np.ascontiguousarray(rows.T))
        if self.profile.residual is not None:
            columns.append(residuals(self.profile.residual, columns).astype(np.float64))
        return columns


def _edges(edges: Sequence[float]) -> Rows:
    return np.array(edges, dtype=np.float64)
