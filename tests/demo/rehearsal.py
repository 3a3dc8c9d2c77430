"""The demo without a cluster: the same rows, trainer, statistics and settings in plain Python, in seconds.

It tells whether the story holds for other speeds of the machine before a cluster is asked.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from bikeshare.model import WEEKS, fit, judge_rows, metadata, split
from bikeshare.rides import FEATURES, INPUT, OUTPUT, Rides
from numpy.typing import NDArray

from holdfast.binning import column_values, count_bins, profile_of
from holdfast.drift import ColumnDrift, assess_column
from holdfast.drift_settings import BLOCKS
from holdfast.profile import Profile
from tests.demo.schedule import FIRST_MODEL_WEEKS, HISTORY_START, Schedule

RESAMPLES = 1000

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Timing:
    """How long things take on a machine, in seconds."""

    until_counted: float = 3.0
    until_trainer_reads: float = 6.0
    run: float = 15.0
    first_look: float = 0.0


@dataclass(frozen=True)
class Revision:
    """A model that serves: its profile, what it was made from, and what it predicts for every row."""

    profile: Profile
    made_from: Mapping[str, Any]
    predicted: Floats
    since: int = 0


@dataclass(frozen=True)
class Run:
    """One retraining: the alarm, what the gate saw, and when the candidate served (None: rejected)."""

    alarm: str
    worst: ColumnDrift
    judged_rows: int
    champion: float
    candidate: float
    regression_high: float
    promoted: str | None


@dataclass
class Rehearsal:
    """What was served for every row of ``rides``, what the first model would have said, and the runs."""

    rides: Rides
    served: Floats
    unchanged: Floats
    seconds: float = 0.0
    runs: list[Run] = field(default_factory=list)


def make_revision(known: Rides, rides: Rides, weeks: int) -> tuple[Revision, Rides]:
    """Train on the last weeks of ``known``; return the revision and its held-out rows."""
    parts = split(known, weeks)
    model = fit(parts.training)
    expected = {OUTPUT: model.predict(parts.held_out.features).astype(np.float32)}
    profile = profile_of({INPUT: parts.held_out.features}, expected, {INPUT: FEATURES})
    predicted = model.predict(rides.features).astype(np.float32)
    return Revision(profile, metadata(parts), predicted), parts.held_out


def rehearse(history: Rides, schedule: Schedule, timing: Timing) -> Rehearsal:
    """Play the demo with these settings on a machine that is so fast; ``history`` begins before the start."""
    return _Player(history.between(HISTORY_START, schedule.end), schedule, timing).play()


class _Player:
    def __init__(self, rides: Rides, schedule: Schedule, timing: Timing) -> None:
        self.rides, self.schedule, self.timing = rides, schedule, timing
        first = int(np.searchsorted(rides.time, np.datetime64(schedule.start)))
        known = rides.between(HISTORY_START, schedule.start)
        self.serving, _ = make_revision(known, rides, FIRST_MODEL_WEEKS)
        self.serving = _since(self.serving, first)
        self.row = first
        self.result = Rehearsal(rides, self.serving.predicted.copy(), self.serving.predicted)
        self.pending: tuple[float, Revision | None, Run] | None = None
        self.quiet_until = 0.0

    def play(self) -> Rehearsal:
        stride = self.schedule.window_seconds / BLOCKS
        next_look = self.timing.first_look
        while self.row < len(self.rides):
            self.result.served[self.row] = self.serving.predicted[self.row]
            pace = (
                self.schedule.rows_per_second if self.pending is None else self.schedule.slow_rows_per_second
            )
            self.row, self.result.seconds = self.row + 1, self.result.seconds + 1 / pace
            if self.pending is not None and self.result.seconds >= self.pending[0]:
                self._end_run(*self.pending)
            if self.result.seconds >= next_look:
                next_look += stride
                self._look()
        return self.result

    def _look(self) -> None:
        worst = self._worst_column()
        if worst is None or self.pending is not None or self.result.seconds < self.quiet_until:
            return
        if worst.p_value < self.schedule.false_alarms_allowed:
            self._start_run(worst)

    def _worst_column(self) -> ColumnDrift | None:
        end = self.row - round(self.timing.until_counted * self.schedule.rows_per_second)
        start = max(self.serving.since, end - self.schedule.window_rows)
        if end - start < self.schedule.min_samples:
            return None
        return min(
            drift_of(self.serving, self.rides, slice(start, end), self.schedule),
            key=lambda each: each.p_value,
        )

    def _start_run(self, worst: ColumnDrift) -> None:
        slow = self.schedule.slow_rows_per_second
        arrived = self.row + round(self.timing.until_trainer_reads * slow)
        today = str(self.rides.time[min(arrived, len(self.rides) - 1)].astype("datetime64[D]"))
        candidate, held_out = make_revision(self.rides.between(HISTORY_START, today), self.rides, WEEKS)
        rows = np.isin(self.rides.time, judge_rows(held_out, self.serving.made_from).time)
        errors = [np.abs(each.predicted - self.rides.count)[rows] for each in (self.serving, candidate)]
        high = regression_high(errors[1] - errors[0], self.rides.day[rows])
        passed = high <= self.schedule.max_regression
        run = Run(
            str(self.rides.time[self.row - 1]),
            worst,
            int(rows.sum()),
            errors[0].mean(),
            errors[1].mean(),
            high,
            None,
        )
        duration = self.timing.run if passed else 0.7 * self.timing.run
        self.pending = (self.result.seconds + duration, candidate if passed else None, run)

    def _end_run(self, _: float, candidate: Revision | None, run: Run) -> None:
        promoted = None
        if candidate is not None and self.row < len(self.rides):
            self.serving, promoted = _since(candidate, self.row), str(self.rides.time[self.row])
        self.result.runs.append(Run(**{**run.__dict__, "promoted": promoted}))
        self.pending = None
        self.quiet_until = self.result.seconds + self.schedule.cooldown_seconds


def drift_of(serving: Revision, rides: Rides, rows: slice, schedule: Schedule) -> list[ColumnDrift]:
    """Return how far each watched column of these rows is from the profile."""
    inputs, outputs = {INPUT: rides.features[rows]}, {OUTPUT: serving.predicted[rows]}
    watched = [column for column in serving.profile.columns if column.name in schedule.features]
    return [
        assess_column(
            column.name,
            column.kind,
            count_bins(column, column_values(column, (inputs | outputs)[column.tensor])).bins,
            column.counts,
            schedule.tolerance,
        )
        for column in watched
    ]


def regression_high(differences: Floats, groups: NDArray[np.int64]) -> float:
    """Return the upper end of the 95 % bootstrap interval of the mean difference, drawing whole groups."""
    names, place = np.unique(groups, return_inverse=True)
    sums, sizes = np.bincount(place, differences), np.bincount(place)
    drawn = np.random.default_rng(0).integers(0, len(names), (RESAMPLES, len(names)))
    return float(np.quantile(sums[drawn].sum(axis=1) / sizes[drawn].sum(axis=1), 0.975))


def monthly_errors(rides: Rides, predicted: Floats, months: Sequence[str]) -> dict[str, float]:
    """Return the mean absolute error of each month (``YYYY-MM``)."""
    month = rides.time.astype("datetime64[M]").astype(str)
    errors = np.abs(predicted - rides.count)
    return {name: float(errors[month == name].mean()) for name in months}


def _since(revision: Revision, row: int) -> Revision:
    return Revision(revision.profile, revision.made_from, revision.predicted, row)
