"""The decision engine of drift: counts of live rows go in, alarms come out. Pure; needs no operator.

The contract, for whoever measures or rehearses::

    detector = DriftDetector(profile, DriftSettings(window_seconds=86400, tolerance=0.1))
    detector.add(moment, detector.table.vector_of_rows(rows, counts))   # or detector.table.vector(by_series)
    new = detector.look(moment)           # alarms raised since the last look, each once
    detector.standing                     # those that have not cleared

Moments are in seconds since the epoch and do not decrease (an earlier one is counted with the newest).
Counts are increments, in one int64 vector that ``holdfast.count_table`` describes; those of replicas may be
added first or one by one. Every finished window is judged exactly once, whether ``look`` is called after
every bucket or after many, so the budget of false alarms holds however often one looks. Of the alarms
(``Tier``), only CONFIRMED and SEVERE ought to start anything, and none while a FAULT stands.

docs/explanation/drift-statistics.md explains the choices and has what was measured.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast.count_table import Counts, CountTable
from holdfast.divergence_tests import Floats, g_statistics, p_values
from holdfast.drift import psi_debiased
from holdfast.drift_alarms import Alarm, StandingAlarms, Test
from holdfast.drift_settings import CLEARING_SHARE, FAULT_MARGIN, SUSPICION_SHARE, DriftSettings, Tier
from holdfast.dyadic_windows import FinishedWindow, WindowSums
from holdfast.input_faults import FEWEST_ROWS, FaultTests
from holdfast.overdispersion import Overdispersion, Spread, degrees_of_freedom, phi
from holdfast.profile import Profile

ROWS_PER_BIN: Final = 20
"""Below it the G-test rejects too often, and a column is not tested."""
WARM_UP_WINDOWS: Final = 2
"""Overdispersion is learned from so many windows of the policy: two days, if it is one."""


@dataclass(frozen=True)
class PolicyWindow:
    """The last finished window of the policy; ``start`` is later than its length says if counting was."""

    start: float
    end: float
    counts: Counts
    is_full: bool


class DriftDetector:
    """Judges what the servers of one profile count; 30 features take 150 kB."""

    def __init__(self, profile: Profile, settings: DriftSettings, since: float | None = None) -> None:
        """Judge by the settings, from SINCE on (seconds since the epoch; None: from the first counts on)."""
        self.settings: Final = settings
        self.table: Final = CountTable(profile)
        self.sums: Final = WindowSums(settings.scales, self.table.size)
        self.overdispersion: Final = Overdispersion(self.table, len(settings.scales) - 1)
        self.alarms: Final = StandingAlarms()
        self.since = since
        self._raised: list[Alarm] = []
        self.last_own: FinishedWindow | None = None
        self._columns = self.table.find(settings.features)
        self._faults = FaultTests(self.table, self._columns)
        self._bins = self.table.bins[self._columns]
        self._past = self.table.reference[self._columns]
        self._fewest = ROWS_PER_BIN * np.count_nonzero(self._bins != self.table.size - 1, axis=1)
        self._fewest_rows = min([FEWEST_ROWS, *self._fewest.tolist()])
        if since is not None:
            self._advance(since)

    @property
    def standing(self) -> tuple[Alarm, ...]:
        """The alarms that have been raised and not cleared."""
        return tuple(self.alarms)

    @property
    def window(self) -> PolicyWindow | None:
        """The last window of the policy that has ended with counts; None: none has."""
        own = self.last_own
        if own is None:
            return None
        start = max(self.settings.moment(own.start), self.since or 0.0)
        return PolicyWindow(start, self.settings.moment(own.end), own.counts, self._is_full(own.start))

    def add(self, moment: float, counts: Counts) -> None:
        """Count rows that were seen at a moment."""
        self._advance(moment)
        self.sums.add(counts)

    def look(self, now: float) -> list[Alarm]:
        """Judge the windows that have ended; return the alarms raised since the last look."""
        self._advance(now)
        raised, self._raised = self._raised, []
        return raised

    def judge_again(self) -> None:
        """Judge the last window of the policy, by other settings than before."""
        if self.last_own is not None:
            self._judge(self.last_own)

    def _advance(self, moment: float) -> None:
        if self.since is None:
            self.since = moment
        for window in self.sums.advance(self.settings.bucket(moment)):
            self._judge(window)

    def _judge(self, window: FinishedWindow) -> None:
        longest = len(self.settings.scales) - 2
        # For the policy's window, the spread of the longest dyadic one.
        spread = self.overdispersion.spread(min(window.scale, longest))
        if spread is not None and window.counts[0] >= self._fewest_rows:
            self._raise(self._broken_in(window, spread))
        if window.scale > longest:
            self._judge_own(window)
        else:
            self._judge_dyadic(window, spread)

    def _judge_own(self, window: FinishedWindow) -> None:
        """Confirm or suspect drift in a full window of the policy: in whole days, whose course is none."""
        self.last_own = window
        if not self._is_full(window.start):
            return
        if window.counts[0] >= self.settings.min_samples:
            threshold = self.settings.confirmation_threshold(len(self._columns))
            self._raise(self._beyond(Tier.CONFIRMED, window, None, self.settings.tolerance, threshold))
            delta = SUSPICION_SHARE * self.settings.tolerance
            self._raise(self._beyond(Tier.SUSPECTED, window, None, delta, self._telling(window)))
        self._clear(window)

    def _judge_dyadic(self, window: FinishedWindow, spread: Spread | None) -> None:
        """Suspect drift in a window of any length, beyond what such windows do anyway."""
        if spread is not None and window.counts[0] >= self._fewest_rows:
            # While the course of a day is unknown, only what would matter in any case.
            is_known = self._is_full(window.end - self.settings.window_buckets)
            delta = self.settings.tolerance * (SUSPICION_SHARE if is_known else 1.0)
            self._raise(self._beyond(Tier.SUSPECTED, window, spread, delta, self._telling(window)))
            if is_known and self.settings.severe and window.counts[0] >= self.settings.min_samples:
                threshold = self.settings.severe_threshold(window.scale, len(self._columns))
                self._raise(self._beyond(Tier.SEVERE, window, spread, self.settings.severe, threshold))
        self._learn(window)

    def _broken_in(self, window: FinishedWindow, spread: Spread) -> Iterator[Alarm]:
        """Yield the faults of a window of any length."""
        p = self._faults.p_values(window.counts, spread.shares)
        for index in np.nonzero(p < self._telling(window))[0]:
            yield self._broken(window, int(index), p[index])

    def _beyond(
        self, tier: Tier, window: FinishedWindow, spread: Spread | None, delta: float, threshold: float
    ) -> Iterator[Alarm]:
        """Yield the columns that diverge by more than delta; None: windows have no spread of their own."""
        tested, g, df, n_eff = self._statistics(window.counts)
        usual = np.zeros(len(tested)) if spread is None else spread.bins[self._columns[tested]]
        factor = phi(n_eff, usual)
        p = p_values(g / factor, degrees_of_freedom(n_eff, df, usual), n_eff / factor, delta)
        for index in np.nonzero(p < threshold)[0]:
            yield self._moved(tier, window, tested[index], p[index])

    def _telling(self, window: FinishedWindow) -> float:
        return self.settings.telling_threshold(window.scale, len(self._columns) + len(self._faults))

    def _statistics(self, counts: Counts) -> tuple[NDArray[np.intp], Floats, Floats, Floats]:
        """Return the watched columns that have enough rows, with G, degrees of freedom and n_eff of each."""
        live = counts[self._bins].astype(np.float64)
        tested = np.nonzero((live.sum(axis=1) >= self._fewest) & (self._past.sum(axis=1) > 0))[0]
        return tested, *g_statistics(live[tested], self._past[tested])

    def _learn(self, window: FinishedWindow) -> None:
        """Learn from windows of the warm-up that do not overlap."""
        if not self.overdispersion.is_learning:
            return
        began = self.overdispersion.began
        if began is not None and window.end > began + WARM_UP_WINDOWS * self.settings.window_buckets:
            self.overdispersion.finish()
        elif window.end % self.settings.scales[window.scale].length == 0:
            self.overdispersion.learn(window.scale, window.start, window.counts)

    def _is_full(self, start: int) -> bool:
        return start >= self.settings.bucket(self.since or 0.0)

    def _clear(self, window: FinishedWindow) -> None:
        def is_over(alarm: Alarm) -> bool:
            return self._lingering(alarm, window.counts) < CLEARING_SHARE

        self.alarms.clear(self.settings.moment(window.end) - self.settings.stride_seconds, is_over)

    def _lingering(self, alarm: Alarm, counts: Counts) -> float:
        """Return how far the column of an alarm is off, in units of what is tolerated."""
        for index, share in enumerate(self._faults.shares):
            column = self.table.columns[share.column]
            if (share.anomaly, column.kind, column.name) == (alarm.test, alarm.kind, alarm.name):
                return self._faults.excess(index, counts) / FAULT_MARGIN
        for index in range(len(self._columns)):
            column = self.table.columns[self._columns[index]]
            if (column.kind, column.name) == (alarm.kind, alarm.name):
                return self._psi(index, counts) / self.settings.tolerance
        return 0.0

    def _raise(self, alarms: Iterable[Alarm]) -> None:
        self._raised += [alarm for alarm in alarms if self.alarms.raise_(alarm)]

    def _psi(self, index: int, counts: Counts) -> float:
        return psi_debiased(counts[self._bins[index]], self._past[index])

    def _moved(self, tier: Tier, window: FinishedWindow, index: int, p: float) -> Alarm:
        column = int(self._columns[index])
        return self._alarm(tier, "distribution", column, window, self._psi(index, window.counts), p)

    def _broken(self, window: FinishedWindow, index: int, p: float) -> Alarm:
        share = self._faults.shares[index]
        size = float(window.counts[share.cell] / window.counts[0])
        return self._alarm(Tier.FAULT, share.anomaly, share.column, window, size, p)

    def _alarm(
        self, tier: Tier, test: Test, column: int, window: FinishedWindow, size: float, p: float
    ) -> Alarm:
        about = self.table.columns[column]
        return Alarm(
            tier,
            test,
            about.kind,
            about.name,
            self.settings.moment(window.start),
            self.settings.moment(window.end),
            int(window.counts[0]),
            size,
            float(p),
        )
