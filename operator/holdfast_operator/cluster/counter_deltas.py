"""How much counters grew between scrapes, over process restarts and pods that come and go.

As Prometheus's ``increase()``, but without extrapolation: rows are counted, never estimated.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias

Series: TypeAlias = tuple[str, ...]
"""``("rows",)``, ``("bin", kind, name, index)`` or ``("anomaly", kind, name, anomaly)``."""


@dataclass(frozen=True)
class Process:
    """One process of a server pod, and one profile that it counts by."""

    pod_uid: str
    started: float
    """``process_start_time_seconds``: seconds since the epoch."""
    revision: str
    profile: str


class CounterDeltas:
    """The last values of every process that is being followed."""

    def __init__(self, since: datetime) -> None:
        """Follow from SINCE on: what older processes had counted before their first scrape is not new."""
        self._since = since.timestamp()
        self._last: dict[Process, dict[Series, int]] = {}

    def update(self, process: Process, values: Mapping[Series, int]) -> dict[Series, int]:
        """Take the values of a scrape and return by how much each series has grown, without zeros."""
        last = self._last.get(process)
        self._last[process] = dict(values)
        if last is None:
            return _positive(values) if process.started >= self._since else {}
        return _positive({series: _growth(last.get(series, 0), value) for series, value in values.items()})

    def keep_only(self, pod_uids: Collection[str]) -> None:
        """Forget processes of pods that are gone."""
        self._last = {process: last for process, last in self._last.items() if process.pod_uid in pod_uids}


def _growth(last: int, value: int) -> int:
    # Counters only grow, so a smaller value has started again from zero.
    return value - last if value >= last else value


def _positive(values: Mapping[Series, int]) -> dict[Series, int]:
    return {series: value for series, value in values.items() if value > 0}
