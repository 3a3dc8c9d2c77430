"""How much more windows of live traffic differ from each other than independent rows would. Pure, vectorised.

Rows of an hour or of one user resemble each other. By how much is learned from the first windows of each
scale, against their own mean: what moves later is then compared with what moves anyway.
"""

from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.count_table import Counts, CountTable

FEWEST_WINDOWS: Final = 4
"""Fewer windows of a scale say nothing; it takes over what the next shorter one says."""
LARGEST_SPREAD: Final = 1.0
"""Cap of what is learned, in units of PSI: drift during the warm-up must not excuse any later drift."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Spread:
    """By how much windows of a scale lie around their mean, beyond what independent rows would.

    In units of PSI: the mean X² between windows of ``n`` rows, less its degrees of freedom, is ``n·spread``.
    """

    bins: Floats
    """Of each column, over its bins."""
    shares: Floats
    """Of each share of faults."""


class Overdispersion:
    """The spreads of some scales, shortest first."""

    def __init__(self, table: CountTable, scales: int) -> None:
        self._table = table
        self.windows = np.zeros(scales, dtype=np.int64)
        """Windows that were learned from."""
        self.totals = np.zeros((scales, table.size))
        """Rows by cell, of all windows."""
        self.squares = np.zeros((scales, table.size))
        """Sum over windows of the square of each cell, divided by the rows that the cell is a part of."""
        self.began: int | None = None
        """Bucket in which the first of them began."""
        self.is_learning = True
        self._known: dict[int, Spread] = {}
        self._told: list[int] = []

    def learn(self, scale: int, start: int, counts: Counts) -> None:
        """Take a window from bucket START on into account; windows of a scale must not overlap."""
        self.began = start if self.began is None else self.began
        rows = _rows_of_cells(self._table, counts)
        self.windows[scale] += 1
        self.totals[scale] += counts
        self.squares[scale] += _divided(counts * counts.astype(float), rows)
        self._known.pop(scale, None)
        self._tell()

    def finish(self) -> None:
        """Learn no more: only the spreads are kept. Nothing happens while none is known."""
        if self._told:
            self.fix(self.spreads())

    def fix(self, spreads: dict[int, Spread]) -> None:
        """Have learned these spreads by scale, for good."""
        self.is_learning = False
        self._known, self._told = spreads, sorted(spreads)
        self.totals = self.squares = np.zeros((0, self._table.size))

    def fits(self, scale: int, spread: Spread) -> bool:
        """Whether a spread is of a scale and of the columns that there are."""
        table = self._table
        sizes = len(spread.bins), len(spread.shares)
        return 0 <= scale < len(self.windows) and sizes == (len(table.columns), len(table.shares))

    def resume(self, began: int, windows: NDArray[np.int64], totals: Floats, squares: Floats) -> None:
        """Go on learning from what was learned before a restart."""
        self.began, self.windows, self.totals, self.squares = began, windows, totals, squares
        self._tell()

    def spreads(self) -> dict[int, Spread]:
        """Return the spread of each scale of which enough windows were seen."""
        return {scale: self._of(scale) for scale in self._told}

    def spread(self, scale: int) -> Spread | None:
        """Return the spread of that scale or of the longest shorter one that is known; None: none is."""
        known = bisect_right(self._told, scale)
        return self._of(self._told[known - 1]) if known else None

    def _tell(self) -> None:
        self._told = np.nonzero(self.windows >= FEWEST_WINDOWS)[0].tolist()

    def _of(self, scale: int) -> Spread:
        if scale not in self._known:
            self._known[scale] = self._spread(scale)
        return self._known[scale]

    def _spread(self, scale: int) -> Spread:
        table, totals, between = self._table, self.totals[scale], int(self.windows[scale]) - 1
        rows = _rows_of_cells(table, totals)
        share = _divided(totals, rows)
        # X² of a cell is Σ (c - n·p)²/(n·p) = Σ c²/n / p - total.
        of_cells = _divided(self.squares[scale] - totals * share, share)
        bins = table.bins
        df = np.maximum((totals[bins] > 0).sum(axis=1) - 1, 0) * between
        cells = [each.cell for each in table.shares]
        of_shares = _divided(of_cells[cells], 1 - share[cells])
        return Spread(
            _capped(of_cells[bins].sum(axis=1) - df, totals[bins].sum(axis=1)),
            _capped(of_shares - between, rows[cells]),
        )


def phi(n: Floats, spread: Floats) -> Floats:
    """Return by how much to divide a G on ``n`` rows, and ``n``."""
    return np.asarray(np.maximum(n * spread, 1))


def degrees_of_freedom(n: Floats, df: Floats, spread: Floats) -> Floats:
    """Return those of a G on ``n`` rows that was divided by ``phi``.

    Windows differ from each other along few directions: a day or a user moves the mean. The worst case is
    one: G is then distributed as chi-square with ``df`` plus ``n·spread`` times chi-square with 1 degree of
    freedom. A multiple of one chi-square distribution with the same mean, and the tail of the wider part,
    stands for the sum.
    """
    return np.asarray((df + n * spread) / phi(n, spread))


def _rows_of_cells(table: CountTable, counts: Counts | Floats) -> Floats:
    """Return of how many rows each cell is a part: those with a value for bins, all rows for faults."""
    present = counts[table.bins].sum(axis=1)
    rows = np.full(table.size, counts[0], dtype=np.float64)
    rows[table.bin_cells] = present[table.column_of_bin]
    return rows


def _divided(counts: Counts | Floats, rows: Floats) -> Floats:
    """Return the quotient, 0 where there are no rows."""
    return np.asarray(np.divide(counts, rows, out=np.zeros(len(rows)), where=rows > 0))


def _capped(excess: Floats, rows: Floats) -> Floats:
    return np.asarray(np.clip(_divided(excess, rows), 0, LARGEST_SPREAD))
