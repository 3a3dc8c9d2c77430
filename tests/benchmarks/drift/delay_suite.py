"""How many rows come between a change and the alarm: medians over simulated changes."""

import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

import numpy as np

from holdfast.binning import profile_of
from holdfast.drift_detector import DriftDetector
from holdfast.drift_settings import DriftSettings, Tier
from tests.benchmarks.drift.minute_counts import Counts, MinuteCounts
from tests.benchmarks.drift.our_engine import DEFAULT, SENSITIVE, new_detector, watch
from tests.benchmarks.drift.peer_programs import Job, Peer, ask
from tests.benchmarks.drift.rules import PSI_RULES, worst_psi
from tests.benchmarks.drift.traffic import DAY, Change, Stream, Traffic

BEFORE_DAYS: Final = 3
"""Days without a change: the detector learns for two of them."""
AFTER_DAYS: Final = 2
PEER_HOURS: Final = 12
SUSPECTED: Final = "Holdfast, suspected"
CONFIRMED: Final = "Holdfast, confirmed (retrains)"
ANY: Final = "Holdfast, tolerance 0, suspected"


@dataclass(frozen=True)
class Delay:
    """Rows from one change to the first alarm of a rule; None: none came while it was watched."""

    rule: str
    change: Change
    rows: int | None


def median_rows(delays: Sequence[Delay]) -> float:
    """Return the median, infinite when half or more had no alarm."""
    return median(float("inf") if each.rows is None else each.rows for each in delays)


def our_delays(traffic: Traffic, changes: Sequence[Change], seed: int) -> list[Delay]:
    """Simulate one stream once without a change, then each change of it from the same moment on."""
    calm = Stream(traffic, seed)
    counter = MinuteCounts(profile_of({"x": calm.reference()}, {}))
    change_minute = change_minute_of(seed)
    before = np.concatenate([counter.count(calm.day(number), DAY) for number in range(BEFORE_DAYS)])
    before = before[:change_minute]
    default, sensitive = (_warmed(counter, settings, before) for settings in (DEFAULT, SENSITIVE))
    found = []
    for change in changes:
        after = _counts_after(Stream(traffic, seed, change, change_minute), counter)
        minutes = dict.fromkeys(rule.title for rule in PSI_RULES) | dict(_psi_minutes(counter, before, after))
        minutes = _ours(copy.deepcopy(default), copy.deepcopy(sensitive), after) | minutes
        found += [Delay(rule, change, _rows(traffic, late)) for rule, late in minutes.items()]
    return found


def _ours(default: DriftDetector, sensitive: DriftDetector, after: Counts) -> dict[str, int | None]:
    by_tier = dict(_our_minutes(default, after))
    return {
        ANY: dict(_our_minutes(sensitive, after)).get(Tier.SUSPECTED),
        SUSPECTED: by_tier.get(Tier.SUSPECTED),
        CONFIRMED: by_tier.get(Tier.CONFIRMED),
    }


def _warmed(counter: MinuteCounts, settings: DriftSettings, before: Counts) -> DriftDetector:
    detector = new_detector(counter.profile, settings)
    for _ in watch(detector, before):
        pass
    return detector


def _rows(traffic: Traffic, minutes: int | None) -> int | None:
    return None if minutes is None else minutes * traffic.rows_per_minute


def change_minute_of(seed: int) -> int:
    """Return when the change of a run comes: at any minute of the third day."""
    return (BEFORE_DAYS - 1) * DAY + int(np.random.default_rng([seed, 2]).integers(0, DAY))


def peer_delays(peer: Peer, traffic: Traffic, changes: Sequence[Change], seed: int) -> list[Delay]:
    """Let a peer look hour by hour at the same rows, from the hour of the change on."""
    minute, hour = change_minute_of(seed), 60 * traffic.rows_per_minute
    jobs = {
        str(number): _job(Stream(traffic, seed, change, minute), hour)
        for number, change in enumerate(changes)
    }
    unchanged = minute % 60 * traffic.rows_per_minute
    delays = []
    for name, answer in ask(peer, jobs).items():
        for rule in peer.rules:
            late = [row - unchanged for row in answer.alarms.get(rule, ()) if row > unchanged]
            delays.append(Delay(f"{peer.title}: {rule}", changes[int(name)], min(late, default=None)))
    return delays


def _job(stream: Stream, hour: int) -> Job:
    live = np.concatenate([stream.day(number) for number in range(BEFORE_DAYS - 1, BEFORE_DAYS + 1)])
    first = (stream.change_minute - (BEFORE_DAYS - 1) * DAY) // 60 * hour
    return Job.of_equal_looks(stream.reference(), live[first : first + PEER_HOURS * hour], hour)


def _counts_after(stream: Stream, counter: MinuteCounts) -> Counts:
    days = range(BEFORE_DAYS - 1, BEFORE_DAYS + AFTER_DAYS)
    counts = np.concatenate([counter.count(stream.day(number), DAY) for number in days])
    first = stream.change_minute - (BEFORE_DAYS - 1) * DAY
    return counts[first : first + AFTER_DAYS * DAY]


def _our_minutes(detector: DriftDetector, after: Counts) -> Iterator[tuple[Tier, int]]:
    """Yield the tiers that stand, each with the minutes since the change at which it is first seen to."""
    seen: set[Tier] = set()
    for minute in watch(detector, after):
        for tier in minute.standing - seen:
            yield tier, minute.number
        seen |= minute.standing


def _psi_minutes(counter: MinuteCounts, before: Counts, after: Counts) -> Iterator[tuple[str, int]]:
    recent = np.concatenate([before[-DAY:], after])[:, counter.feature_cells].astype(np.int32)
    for rule in PSI_RULES:
        alarms = np.flatnonzero(worst_psi(recent, counter.feature_reference, rule.minutes)[DAY:] > rule.limit)
        if len(alarms):
            yield rule.title, int(alarms[0]) + 1
