"""Alarms of drift, and how long they stand: they clear later than they are raised. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from holdfast.count_table import Anomaly
from holdfast.drift_settings import Tier
from holdfast.profile import Kind

Test = Literal["distribution"] | Anomaly


@dataclass(frozen=True)
class Alarm:
    """One column in one window that was beyond what chance explains.

    ``start`` and ``end`` are in seconds since the epoch. ``size`` is the debiased PSI of the column, or the
    share of rows with the fault.
    """

    tier: Tier
    test: Test
    kind: Kind
    name: str
    start: float
    end: float
    rows: int
    size: float
    p_value: float

    @property
    def key(self) -> tuple[Tier, Test, Kind, str]:
        """What an alarm is about: there is one of them at a time."""
        return self.tier, self.test, self.kind, self.name


class StandingAlarms:
    """The alarms that have been raised and not cleared."""

    def __init__(self) -> None:
        self._standing: dict[tuple[Tier, Test, Kind, str], Alarm] = {}
        self._last_seen: dict[tuple[Tier, Test, Kind, str], float] = {}

    def __iter__(self) -> Iterator[Alarm]:
        return iter(self._standing.values())

    def raise_(self, alarm: Alarm) -> bool:
        """Have an alarm stand; return whether it did not before."""
        self._last_seen[alarm.key] = max(alarm.end, self._last_seen.get(alarm.key, alarm.end))
        return self._standing.setdefault(alarm.key, alarm) is alarm

    def clear(self, seen_before: float, is_over: Callable[[Alarm], bool]) -> None:
        """Clear the alarms that are over; of those of short windows, if none was raised since SEEN_BEFORE."""
        for key, alarm in list(self._standing.items()):
            is_quiet = alarm.tier is Tier.CONFIRMED or self._last_seen[key] <= seen_before
            if is_quiet and is_over(alarm):
                del self._standing[key], self._last_seen[key]

    def dump(self) -> list[tuple[Alarm, float]]:
        """Return the alarms with when each was last confirmed."""
        return [(alarm, self._last_seen[key]) for key, alarm in self._standing.items()]

    def restore(self, kept: list[tuple[Alarm, float]]) -> None:
        """Stand as before."""
        self._standing = {alarm.key: alarm for alarm, _ in kept}
        self._last_seen = {alarm.key: last_seen for alarm, last_seen in kept}
