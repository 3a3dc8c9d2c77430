"""A real stream with a change at a known row: Elec2, whose Victorian columns are constant until row 17,424.

Reference: the first 5,000 half-hours. Time of day, price and demand of New South Wales move with the day and
the season all along: whoever alarms on them before that row says nothing wrong, but nothing of the change.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.binning import profile_of
from holdfast.drift_detector import DriftDetector
from holdfast.drift_settings import DriftSettings, Tier
from holdfast.row_counter import RowCounter
from tests.benchmarks.drift.our_engine import START
from tests.benchmarks.drift.peer_programs import Job, Peer, ask
from tests.benchmarks.drift.rules import PSI_LIMITS, psi, psi_title
from tests.benchmarks.drift.traffic import REFERENCE_ROWS, Rows
from tests.cases.datasets import ELECTRICITY, dataset_file

CHANGE_ROW: Final = 17_424
WEEK_ROWS: Final = 7 * 48
LAST_ROW: Final = CHANGE_ROW + 10 * WEEK_ROWS
HALF_HOUR: Final = 1800.0
VICTORIAN: Final = ("feat_4", "feat_5", "feat_6")
"""Price and demand in Victoria, and what is transferred between the states."""
SETTINGS: Final = DriftSettings(window_seconds=14 * 86400)


@dataclass(frozen=True)
class RealDelay:
    """Looks with an alarm before the change, of so many, and rows from it to the first alarm, if one came."""

    rule: str
    early: int
    looks: int
    rows: int | None


def victorian_rows() -> Rows:
    """Return the Victorian columns up to ten weeks after the change, of shape [rows, 3]."""
    with dataset_file(ELECTRICITY).open() as file:
        lines = list(csv.DictReader(file))[:LAST_ROW]
    return np.array([[float(line[name]) for name in VICTORIAN] for line in lines], dtype=np.float32)


def our_real_delays() -> list[RealDelay]:
    """Watch with windows of a fortnight."""
    rows = victorian_rows()
    reference, live = rows[:REFERENCE_ROWS], rows[REFERENCE_ROWS:]
    profile = profile_of({"x": reference}, {}, {"x": VICTORIAN})
    detector, counter = DriftDetector(profile, SETTINGS, since=START), RowCounter(profile)
    told: dict[Tier, list[int]] = {Tier.SUSPECTED: [], Tier.CONFIRMED: [], Tier.FAULT: []}
    for number, row in enumerate(live):
        counts = [each for step in counter.count({"x": row[None]}, {}) for each in step]
        detector.add(START + number * HALF_HOUR, detector.table.vector_of_rows(1, counts))
        detector.look(START + (number + 1) * HALF_HOUR)
        for tier in {alarm.tier for alarm in detector.standing}:
            told[tier].append(number + 1)
    return [_judged(f"Holdfast, {tier.value.lower()}", alarms, len(live)) for tier, alarms in told.items()]


def psi_real_delays() -> list[RealDelay]:
    """Look at the PSI of every week."""
    rows = victorian_rows()
    reference, live = rows[:REFERENCE_ROWS], rows[REFERENCE_ROWS:]
    profile = profile_of({"x": reference}, {})
    counter, ends = RowCounter(profile), range(WEEK_ROWS, len(live) + 1, WEEK_ROWS)
    worst = []
    for end in ends:
        counted = [each for step in counter.count({"x": live[end - WEEK_ROWS : end]}, {}) for each in step]
        pairs = zip(profile.of_kind("feature"), counted, strict=False)
        worst.append(max(float(psi(each.bins, np.array(column.counts, float))) for column, each in pairs))
    return [
        _judged(
            psi_title(limit),
            [end for end, value in zip(ends, worst, strict=True) if value > limit],
            len(ends),
        )
        for limit in PSI_LIMITS
    ]


def peer_real_delays(peer: Peer) -> list[RealDelay]:
    """Let a peer look at every week."""
    rows = victorian_rows()
    job = Job.of_equal_looks(rows[:REFERENCE_ROWS], rows[REFERENCE_ROWS:], WEEK_ROWS)
    alarms = ask(peer, {"real": job})["real"].alarms
    return [_judged(f"{peer.title}: {rule}", alarms.get(rule, ()), len(job.ends)) for rule in peer.rules]


def _judged(rule: str, alarms: Sequence[int], looks: int) -> RealDelay:
    change = CHANGE_ROW - REFERENCE_ROWS
    late = [row - change for row in alarms if row > change]
    return RealDelay(rule, sum(row <= change for row in alarms), looks, min(late, default=None))
