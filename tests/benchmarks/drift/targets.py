"""The targets, each judged by what the same run found."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from tests.benchmarks.drift.delay_suite import ANY
from tests.benchmarks.drift.null_suite import OURS
from tests.benchmarks.drift.results import Results, alarm_share
from tests.benchmarks.drift.rules import information_bound, true_psi
from tests.benchmarks.drift.traffic import CHANGES, NULLS
from tests.benchmarks.drift.window_suite import OUR_RULES, SURE

MOST_RETRAINS: Final = 1.0
MOST_BOUNDS: Final = 4.0
LEAST_PSI: Final = 0.05
CORRELATION_ROWS: Final = 200
CORRELATION_POWER: Final = 0.9
MOST_MICROSECONDS: Final = 2.0


@dataclass(frozen=True)
class Target:
    """What was wanted and found; ``met`` is None when it was not measured in this run."""

    title: str
    wanted: str
    found: str
    met: bool | None

    @property
    def verdict(self) -> str:
        """What the table says."""
        return {True: "met", False: "not met", None: "not measured"}[self.met]


def judged(results: Results) -> list[Target]:
    """Return every target with what this run says of it."""
    return [*_retrains(results), *_delays(results), *_correlation(results), *_costs(results)]


def _retrains(results: Results) -> Iterator[Target]:
    wanted = f"≤ {MOST_RETRAINS:g}, upper 95 % bound"
    for traffic in NULLS:
        rate = results.rate(OURS, traffic)
        title = f"false retrains in 30 days, {traffic.title}"
        if rate is None:
            yield Target(title, wanted, "-", None)
            continue
        found = f"{rate.mean:.2g}, at most {rate.interval[1]:.2g} ({rate.count} in {rate.days:g} days)"
        yield Target(title, wanted, found, rate.interval[1] <= MOST_RETRAINS)


def _delays(results: Results) -> Iterator[Target]:
    for change in CHANGES:
        if true_psi(change) >= LEAST_PSI:
            rows, bound = results.delay(ANY, change), information_bound(change)
            title = f"median delay at tolerance 0, {change.title}"
            wanted = f"≤ {MOST_BOUNDS:g} x {bound:.0f} rows"
            found = "-" if rows is None else f"{rows / bound:.2g} x: {rows:,.0f} rows"
            yield Target(title, wanted, found, None if rows is None else rows <= MOST_BOUNDS * bound)


def _correlation(results: Results) -> Iterator[Target]:
    for rule in OUR_RULES:
        if rule.level == SURE:
            windows = [each for each in results.correlation if each.rule == rule.title]
            share = alarm_share(each for each in windows if each.case and each.rows == CORRELATION_ROWS)
            title = f"only the correlation lost, tolerance {rule.tolerance:g}"
            wanted = f"{CORRELATION_POWER:.0%} found by {CORRELATION_ROWS} rows at level {SURE:g}"
            found = "-" if share is None else f"{share:.0%}"
            yield Target(title, wanted, found, None if share is None else share >= CORRELATION_POWER)


def _costs(results: Results) -> Iterator[Target]:
    for cost in results.costs:
        if cost.is_of_row:
            found = f"{cost.microseconds:.2f} µs"
            wanted = f"≤ {MOST_MICROSECONDS:g} µs"
            yield Target(cost.what, wanted, found, cost.microseconds <= MOST_MICROSECONDS)
