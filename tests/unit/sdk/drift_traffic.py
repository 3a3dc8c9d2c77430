"""Profiles and live rows for tests of the drift detector: standard normal features in bins of a tenth."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from holdfast.count_table import Counts
from holdfast.drift_alarms import Alarm
from holdfast.drift_detector import DriftDetector
from holdfast.drift_settings import DriftSettings
from holdfast.profile import CategoricalColumn, NumericColumn, Profile

BINS = 10
EDGES = tuple(norm.ppf(np.arange(1, BINS) / BINS).tolist())
MINUTE, DAY = 60.0, 86400.0
START = 1_800_000_000 // DAY * DAY
"""A midnight."""
CATEGORIES = ("north", "south")


def numeric(name: str, rows: int = 5000, kind: str = "feature") -> NumericColumn:
    counts = (rows // BINS,) * BINS
    common = {"kind": kind, "name": name, "tensor": name, "missing": 0, "counts": counts}
    return NumericColumn(**common, edges=EDGES, minimum=-4.0, maximum=4.0, median=0.0)


def categorical(name: str, rows: int = 5000) -> CategoricalColumn:
    counts = (rows // 2, rows // 2, 0)
    common = {"kind": "feature", "name": name, "tensor": name, "missing": 0}
    return CategoricalColumn(**common, counts=counts, categories=CATEGORIES)


def profile(features: int = 3, rows: int = 5000) -> Profile:
    columns = [numeric(f"x{index}", rows) for index in range(features)]
    return Profile(rows=rows, columns=(*columns, categorical("side", rows), numeric("y", rows, "output")))


class Traffic:
    """Independent live rows, all columns shifted by what is asked for (in standard deviations)."""

    def __init__(self, detector: DriftDetector, seed: int = 0) -> None:
        self.detector = detector
        self.random = np.random.default_rng(seed)
        self.minute = 0

    @property
    def now(self) -> float:
        """When the next minute begins."""
        return START + self.minute * MINUTE

    def rows(
        self, rows: int, shifts: Sequence[float] = (), faults: Sequence[tuple[str, str, int]] = ()
    ) -> Counts:
        """Return the counts of ROWS rows, with so many rows of a column's anomaly as faults say."""
        table = self.detector.table
        vector = np.zeros(table.size, dtype=np.int64)
        vector[0] = rows
        for index, column in enumerate(table.columns):
            shift = shifts[index] if index < len(shifts) else 0.0
            shares = shares_of(shift) if isinstance(column, NumericColumn) else np.array([0.5, 0.5, 0.0])
            vector[table.bins[index, : len(shares)]] = self.random.multinomial(rows, shares)
        for name, anomaly, count in faults:
            vector[table.cell(("anomaly", "feature", name, anomaly))] = count
        return vector

    def flow(
        self,
        minutes: int,
        shifts: Sequence[float] = (),
        rows: int = 60,
        faults: Sequence[tuple[str, str, int]] = (),
    ) -> list[Alarm]:
        """Have rows come, and look every minute."""
        alarms = []
        for _ in range(minutes):
            self.detector.add(self.now, self.rows(rows, shifts, faults))
            self.minute += 1
            alarms += self.detector.look(self.now)
        return alarms


def shares_of(shift: float) -> NDArray[np.float64]:
    """Return the shares of a standard normal feature's bins when it is moved."""
    return np.diff([0.0, *norm.cdf(np.array(EDGES) - shift), 1.0])


def detector_of(columns: Profile | None = None, **settings: Any) -> DriftDetector:
    """Return a detector that has watched since the start."""
    return DriftDetector(columns or profile(), DriftSettings(**settings), START)
