"""How often nothing has changed and a retrain starts all the same: our engine and rules on PSI, by the month."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.drift_settings import Tier
from tests.benchmarks.drift.minute_counts import Counts, MinuteCounts, features_profile
from tests.benchmarks.drift.our_engine import DEFAULT, new_detector, watch
from tests.benchmarks.drift.peer_programs import Job, Peer, ask
from tests.benchmarks.drift.rules import MONTH_DAYS, PSI_RULES, retrains, worst_psi
from tests.benchmarks.drift.traffic import DAY, Stream, Traffic

OURS: Final = "Holdfast"
SUSPICIONS: Final = "Holdfast, suspicions (start nothing)"


@dataclass(frozen=True)
class NullMonth:
    """Retrains, by rule, of one simulated month of one traffic."""

    traffic: Traffic
    retrains: dict[str, int]


def null_month(traffic: Traffic, seed: int) -> NullMonth:
    """Simulate a month; the same seed has the same rows as for the peers."""
    stream = Stream(traffic, seed)
    counter = MinuteCounts(features_profile(stream.reference(), with_residual=False))
    days = [counter.count(stream.day(number), DAY) for number in range(MONTH_DAYS)]
    return NullMonth(traffic, {**_ours(counter, days), **dict(_psi_rules(counter, np.concatenate(days)))})


def _ours(counter: MinuteCounts, days: list[Counts]) -> dict[str, int]:
    detector = new_detector(counter.profile, DEFAULT)
    confirmed, suspected = [], []
    for number, counts in enumerate(days):
        for minute in watch(detector, counts):
            if minute.retrains:
                confirmed.append(number * DAY + minute.number)
            if Tier.SUSPECTED in minute.standing:
                suspected.append(number * DAY + minute.number)
    return {OURS: retrains(confirmed), SUSPICIONS: retrains(suspected)}


def _psi_rules(counter: MinuteCounts, counts: Counts) -> Iterator[tuple[str, int]]:
    live = counts[:, counter.table.bins].astype(np.int32)
    for rule in PSI_RULES:
        worst = worst_psi(live, counter.table.reference, rule.minutes)
        yield rule.title, retrains(np.flatnonzero(worst > rule.limit).tolist())


def peers_null(peer: Peer, traffic: Traffic, seed: int) -> "PeerNull":
    """Give a peer the first days of a simulated month, to be looked at hour by hour."""
    stream = Stream(traffic, seed)
    live = np.concatenate([stream.day(number) for number in range(peer.null_days)])
    hour = 60 * traffic.rows_per_minute
    found = ask(peer, {"null": Job.of_equal_looks(stream.reference(), live, hour)})["null"]
    counts = {
        rule: retrains(row // traffic.rows_per_minute for row in rows) for rule, rows in found.alarms.items()
    }
    return PeerNull(peer, traffic, counts, 1e6 * found.seconds / len(live))


@dataclass(frozen=True)
class PeerNull:
    """Retrains, by rule, that a peer's alarms would start in its days, and its CPU time for a row in µs."""

    peer: Peer
    traffic: Traffic
    retrains: dict[str, int]
    cost: float
