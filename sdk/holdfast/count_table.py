"""Everything that is counted by a profile, as one vector: counts of replicas and moments are added as arrays.

Pure, vectorised. A vector has the rows first, then the bins of every column, then its anomalies, and last a
cell that stays 0, to which columns with fewer bins than others are padded.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from holdfast.numeric_block import ColumnCounts
from holdfast.profile import CategoricalColumn, Kind, NumericColumn, Profile

Counts = NDArray[np.int64]
Series = tuple[str, ...]
"""``("rows",)``, ``("bin", kind, name, index)`` or ``("anomaly", kind, name, anomaly)``, as metrics are."""
Anomaly = Literal["missing", "far", "unseen"]
FAULTS: Final[tuple[Anomaly, ...]] = ("missing", "far", "unseen")

_SURE: Final = 0.999


@dataclass(frozen=True)
class Share:
    """Where rows with an anomaly are counted, and what share of them the reference has at most.

    ``reference`` is the share itself, ``upper`` the end of its one-sided 99.9 % interval (Clopper & Pearson
    1934).
    """

    column: int
    anomaly: Anomaly
    cell: int
    reference: float
    upper: float


class CountTable:
    """The layout of the vectors of one profile: int64 of length ``size``."""

    def __init__(self, profile: Profile) -> None:
        self.columns: Final = profile.columns
        self._cells: dict[Series, int] = {("rows",): 0}
        for column in profile.columns:
            for index in range(len(column.counts)):
                self._cells["bin", column.kind, column.name, str(index)] = len(self._cells)
        self.first_anomaly: Final = len(self._cells)
        for column in profile.columns:
            for anomaly in faults_of(column):
                self._cells["anomaly", column.kind, column.name, anomaly] = len(self._cells)
        self.series: Final[tuple[Series, ...]] = tuple(self._cells)
        """What is counted, cell by cell."""
        self.size: Final = len(self._cells) + 1
        self.shares: Final = tuple(self._shares(profile))
        self.bins: Final = self._bin_cells()
        """Cells of the bins, of shape [columns, most bins]."""
        self.bin_cells: Final = slice(1, self.first_anomaly)
        """All cells of bins, column after column."""
        self.column_of_bin: Final = np.repeat(
            np.arange(len(self.columns)), [len(column.counts) for column in self.columns]
        )
        """The column of each of them."""
        self.reference: Final = self._reference()
        """Rows of the profile in the cells of ``bins``, as float64."""

    def find(self, names: Collection[str]) -> NDArray[np.intp]:
        """Return the columns of these names, or all if there are no names."""
        found = [index for index, each in enumerate(self.columns) if not names or each.name in names]
        return np.array(found, dtype=np.intp)

    def vector(self, counts: Mapping[Series, int]) -> Counts:
        """Return counts by series as a vector; series that the profile does not have are left out."""
        vector = np.zeros(self.size, dtype=np.int64)
        for series, count in counts.items():
            cell = self._cells.get(series)
            if cell is not None:
                vector[cell] = count
        return vector

    def vector_of_rows(self, rows: int, columns: Iterable[ColumnCounts]) -> Counts:
        """Return what ``RowCounter`` counted of ROWS rows, column by column in the profile's order."""
        counted = list(columns)
        anomalies = [
            getattr(counts, each)
            for column, counts in zip(self.columns, counted, strict=True)
            for each in faults_of(column)
        ]
        bins = [counts.bins for counts in counted]
        return np.concatenate([[rows], *bins, anomalies, [0]]).astype(np.int64)

    def cell(self, series: Series) -> int:
        """Return the cell of a series; that of those that the profile does not have is always 0."""
        return self._cells.get(series, self.size - 1)

    def _bin_cells(self) -> NDArray[np.intp]:
        most = max((len(column.counts) for column in self.columns), default=1)
        cells = np.full((len(self.columns), most), self.size - 1, dtype=np.intp)
        start = 1
        for row, column in enumerate(self.columns):
            cells[row, : len(column.counts)] = np.arange(start, start + len(column.counts))
            start += len(column.counts)
        return cells

    def _reference(self) -> NDArray[np.float64]:
        vector = np.zeros(self.size)
        vector[self.bin_cells] = [count for column in self.columns for count in column.counts]
        return np.asarray(vector[self.bins])

    def _shares(self, profile: Profile) -> Iterable[Share]:
        for index, column in enumerate(profile.columns):
            for anomaly in faults_of(column):
                count = _reference_count(column, anomaly)
                rows = column.rows + column.missing
                cell = self._cells["anomaly", column.kind, column.name, anomaly]
                yield Share(index, anomaly, cell, count / max(rows, 1), _upper(count, rows))


def faults_of(column: NumericColumn | CategoricalColumn) -> tuple[Anomaly, ...]:
    """Return the anomalies of a column that are faults of the input, not drift."""
    if isinstance(column, CategoricalColumn):
        return ("missing", "unseen")
    return ("missing", "far") if is_measured(column.kind) else ("missing",)


def is_measured(kind: Kind) -> bool:
    """Whether values of that kind come from outside, so that they can be of another unit than before."""
    return kind == "feature"


def _reference_count(column: NumericColumn | CategoricalColumn, anomaly: Anomaly) -> int:
    if anomaly == "missing":
        return column.missing
    # The last count of a categorical column is of rare categories: a value outside the list may be one.
    return column.counts[-1] if anomaly == "unseen" else 0


def _upper(count: int, rows: int) -> float:
    return float(betaincinv(count + 1, rows - count, _SURE)) if rows > count else 1.0
