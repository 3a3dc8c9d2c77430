"""Whether input is broken: a point more of missing, unseen or far-off values than in the reference. Pure."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.count_table import Counts, CountTable
from holdfast.divergence_tests import Floats, share_p_values
from holdfast.drift_settings import FAULT_MARGIN

FEWEST_ROWS: Final = 200


class FaultTests:
    """Binomial tests of the shares of faults of some columns, each with its own tolerance.

    What the reference's share may be at most, given how few rows it has, and one point more is tolerated.
    """

    def __init__(self, table: CountTable, columns: NDArray[np.intp]) -> None:
        chosen = set(columns.tolist())
        indices = [index for index, each in enumerate(table.shares) if each.column in chosen]
        self.indices: Final = np.array(indices, dtype=np.intp)
        """The shares that are tested, in ``table.shares``."""
        self.shares: Final = tuple(table.shares[index] for index in indices)
        self._cells = np.array([each.cell for each in self.shares], dtype=np.intp)
        self._allowed = np.array([each.upper for each in self.shares]) + FAULT_MARGIN

    def __len__(self) -> int:
        return len(self.shares)

    def p_values(self, counts: Counts, spread: Floats) -> Floats:
        """Return, for each share, the chance of so many faults if it were as large as tolerated.

        ``spread`` is how much each share of the table varies anyway. Below 200 rows the answer is 1.
        """
        rows = np.full(len(self), float(counts[0]))
        if counts[0] < FEWEST_ROWS:
            return np.ones(len(self))
        # Faults are one direction, so all of the spread adds to what chance does in it.
        factor = 1 + rows * spread[self.indices]
        return share_p_values(counts[self._cells] / factor, rows / factor, self._allowed)

    def excess(self, index: int, counts: Counts) -> float:
        """Return by how much a share is above what the reference's may be; negative: it is below."""
        share = self.shares[index]
        return float(counts[share.cell] / max(counts[0], 1)) - share.upper
