"""Holdfast's detector on counts of simulated minutes."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.count_table import CountTable
from holdfast.divergence_tests import g_statistics, p_values
from holdfast.drift_detector import ROWS_PER_BIN, DriftDetector
from holdfast.drift_settings import DriftSettings, Tier
from holdfast.profile import Profile
from tests.benchmarks.drift.minute_counts import Counts

MINUTE: Final = 60.0
START: Final = 20_000 * 86400.0
"""A midnight, in seconds since the epoch."""
DEFAULT: Final = DriftSettings()
SEVERE: Final = DriftSettings(severe=0.25)
SENSITIVE: Final = DriftSettings(tolerance=1e-4)
"""Any divergence counts: the question that the information bound is an answer to."""
NEVER: Final = frozenset[Tier]()


@dataclass(frozen=True)
class Minute:
    """What stands after so many minutes of a watch."""

    number: int
    standing: frozenset[Tier]

    @property
    def retrains(self) -> bool:
        """Whether a retrain would be started: drift is confirmed and the input is not broken."""
        return bool(self.standing & {Tier.CONFIRMED, Tier.SEVERE}) and Tier.FAULT not in self.standing


def watch(detector: DriftDetector, counts: Counts) -> Iterator[Minute]:
    """Go on counting minute by minute where the detector is, looking after each; yield what stands."""
    first = 0 if detector.sums.bucket is None else detector.sums.bucket
    for number, vector in enumerate(counts, 1):
        end = (first + number) * MINUTE
        detector.add(end - MINUTE, vector)
        detector.look(end)
        standing = detector.standing
        yield Minute(number, frozenset(each.tier for each in standing) if standing else NEVER)


def is_drift(table: CountTable, counts: Counts, tolerance: float, level: float) -> bool:
    """Return whether one window has drifted, by the engine's test and its least rows, among all columns."""
    live = counts[table.bins].astype(np.float64)
    fewest = ROWS_PER_BIN * np.count_nonzero(table.bins != table.size - 1, axis=1)
    (tested,) = np.nonzero((live.sum(axis=1) >= fewest) & (table.reference.sum(axis=1) > 0))
    p: NDArray[np.float64] = p_values(*g_statistics(live[tested], table.reference[tested]), tolerance)
    return bool((p < level / len(table.columns)).any())


def new_detector(profile: Profile, settings: DriftSettings) -> DriftDetector:
    """Return a detector that begins at the first minute."""
    return DriftDetector(profile, settings, since=START)
