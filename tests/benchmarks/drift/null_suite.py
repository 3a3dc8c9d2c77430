"""How often a retrain starts although nothing has changed: our engine and rules on PSI, by the month."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.binning import profile_of
from holdfast.drift_settings import DriftSettings, Tier
from tests.benchmarks.drift.minute_counts import Counts, MinuteCounts
from tests.benchmarks.drift.our_engine import DEFAULT, SEVERE, new_detector, watch
from tests.benchmarks.drift.peer_programs import Job, Peer, ask
from tests.benchmarks.drift.rules import MONTH_DAYS, PSI_RULES, retrains, worst_psi
from tests.benchmarks.drift.traffic import DAY, Stream, Traffic

OURS: Final = "Holdfast"
WITH_SEVERE: Final = "Holdfast, severe: 0.25 too"
SUSPECTED: Final = "Holdfast, days with a suspicion (starts nothing)"


@dataclass(frozen=True)
class NullMonth:
    """Retrains, by rule, of one simulated month of one traffic."""

    traffic: Traffic
    retrains: dict[str, int]


def null_month(traffic: Traffic, seed: int) -> NullMonth:
    """Simulate a month; the same seed has the same rows as for the peers."""
    stream = Stream(traffic, seed)
    counter = MinuteCounts(profile_of({"x": stream.reference()}, {}))
    days = [counter.count(stream.day(number), DAY) for number in range(MONTH_DAYS)]
    started, suspected = _ours(counter, days, DEFAULT)
    with_severe, _ = _ours(counter, days, SEVERE)
    fixed = dict(_psi_rules(counter, np.concatenate(days)))
    return NullMonth(traffic, {OURS: started, WITH_SEVERE: with_severe, SUSPECTED: suspected, **fixed})


def _ours(counter: MinuteCounts, days: list[Counts], settings: DriftSettings) -> tuple[int, int]:
    """Return how many retrains start in these days, and on how many days drift is suspected."""
    detector = new_detector(counter.profile, settings)
    confirmed, suspected = [], []
    for number, counts in enumerate(days):
        for minute in watch(detector, counts):
            if minute.retrains:
                confirmed.append(number * DAY + minute.number)
            if Tier.SUSPECTED in minute.standing:
                suspected.append(number * DAY + minute.number)
    return retrains(confirmed), retrains(suspected)


def _psi_rules(counter: MinuteCounts, counts: Counts) -> Iterator[tuple[str, int]]:
    live = counts[:, counter.feature_cells].astype(np.int32)
    for rule in PSI_RULES:
        worst = worst_psi(live, counter.feature_reference, rule.minutes)
        yield rule.title, retrains(np.flatnonzero(worst > rule.limit).tolist())


@dataclass(frozen=True)
class PeerNull:
    """Retrains, by rule, that a peer's alarms would start in its days, and its CPU time for a row in µs."""

    peer: Peer
    traffic: Traffic
    retrains: dict[str, int]
    cost: float

    def titles(self) -> dict[str, int]:
        """Return the retrains of every rule of the peer, by the rule's title in tables."""
        return {f"{self.peer.title}: {rule}": self.retrains.get(rule, 0) for rule in self.peer.rules}


def peer_null(peer: Peer, traffic: Traffic, seed: int) -> PeerNull:
    """Give a peer the first days of a simulated month, to be looked at hour by hour."""
    stream = Stream(traffic, seed)
    live = np.concatenate([stream.day(number) for number in range(peer.null_days)])
    hour = 60 * traffic.rows_per_minute
    found = ask(peer, {"null": Job.of_equal_looks(stream.reference(), live, hour)})["null"]
    counts = {
        rule: retrains(row // traffic.rows_per_minute for row in rows) for rule, rows in found.alarms.items()
    }
    return PeerNull(peer, traffic, counts, 1e6 * found.seconds / len(live))
