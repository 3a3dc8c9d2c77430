"""How often nothing has changed and a retrain starts all the same: our engine and rules on PSI, by the month."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np

from holdfast.drift_settings import Tier
from tests.benchmarks.drift.minute_counts import Counts, MinuteCounts, features_profile
from tests.benchmarks.drift.our_engine import DEFAULT, new_detector, watch
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
        for minute in watch(detector, counts, number * DAY):
            if minute.retrains:
                confirmed.append(minute.number)
            if Tier.SUSPECTED in minute.standing:
                suspected.append(minute.number)
    return {OURS: retrains(confirmed), SUSPICIONS: retrains(suspected)}


def _psi_rules(counter: MinuteCounts, counts: Counts) -> Iterator[tuple[str, int]]:
    live = counts[:, counter.table.bins].astype(np.int32)
    for rule in PSI_RULES:
        worst = worst_psi(live, counter.table.reference, rule.minutes)
        yield rule.title, retrains(np.flatnonzero(worst > rule.limit).tolist())
