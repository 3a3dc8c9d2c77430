"""How far each column is from its reference, over the last minutes up to the policy's window. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from holdfast.count_table import Counts, CountTable
from holdfast.drift import psi_debiased
from holdfast.drift_settings import DriftSettings
from holdfast.drift_state import DetectorState, restore_detector
from holdfast.profile import Kind, Profile

ROWS_PER_BIN = 20
"""With fewer rows a divergence says little, and none is shown."""


@dataclass(frozen=True)
class ColumnPicture:
    """One column; ``psi`` has one divergence for each window length, None where there are too few rows."""

    kind: Kind
    name: str
    psi: tuple[float | None, ...]
    faults: float
    """Share of rows in the longest window that are missing, far off, or of an unseen category."""

    @property
    def last(self) -> float | None:
        """The divergence over the longest window."""
        return self.psi[-1]


@dataclass(frozen=True)
class DriftPicture:
    """All columns of one revision, the furthest first."""

    revision: str
    window_seconds: tuple[float, ...]
    """Lengths of the windows, the policy's last."""
    rows: tuple[int, ...]
    """Rows in each of them."""
    tolerance: float
    columns: tuple[ColumnPicture, ...]


def picture_of(
    revision: str, profile: Profile, settings: DriftSettings, state: DetectorState
) -> DriftPicture:
    """Return the picture of what a detector has counted.

    Raises:
        ValueError: the state is of another profile or window length.
    """
    detector = restore_detector(profile, settings, state, settings.moment(state.bucket))
    windows = [detector.sums.running(index) for index in range(len(settings.scales))]
    table = detector.table
    columns = [_column(table, index, windows) for index in detector.table.find(settings.features).tolist()]
    return DriftPicture(
        revision=revision,
        window_seconds=tuple(scale.length * settings.bucket_seconds for scale in settings.scales),
        rows=tuple(int(each[0]) for each in windows),
        tolerance=settings.tolerance,
        columns=tuple(sorted(columns, key=lambda each: each.last or 0.0, reverse=True)),
    )


def _column(table: CountTable, index: int, windows: Sequence[Counts]) -> ColumnPicture:
    column = table.columns[index]
    cells = table.bins[index, : len(column.counts)]
    psi = tuple(_psi(window[cells], column.counts) for window in windows)
    own = [share.cell for share in table.shares if share.column == index]
    faults = windows[-1][own].sum() / max(int(windows[-1][0]), 1)
    return ColumnPicture(column.kind, column.name, psi, float(faults))


def _psi(live: Counts, reference: Sequence[int]) -> float | None:
    if live.sum() < ROWS_PER_BIN * len(reference):
        return None
    return psi_debiased(live, np.asarray(reference, dtype=np.int64))
