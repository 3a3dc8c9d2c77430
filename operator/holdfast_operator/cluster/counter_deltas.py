"""How much counters grew between scrapes, over process restarts and pods that come and go.

As Prometheus's ``increase()``, but without extrapolation: rows are counted, never estimated.
"""

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from holdfast.count_table import Counts


@dataclass(frozen=True, order=True)
class Process:
    """One process of a server pod, and one profile that it counts by."""

    pod_uid: str
    started: float
    """``process_start_time_seconds``: seconds since the epoch."""
    revision: str
    profile: str


@dataclass
class CounterDeltas:
    """The last values of every process that is being followed, as vectors of its profile's ``CountTable``."""

    since: float
    """Seconds since the epoch: what older processes had counted before their first scrape is not new."""
    last: dict[Process, Counts] = field(default_factory=dict)

    def update(self, process: Process, values: Counts) -> Counts:
        """Take the values of a scrape and return by how much each has grown."""
        last = self.last.get(process)
        self.last[process] = values
        if last is None:
            return values if process.started >= self.since else np.zeros_like(values)
        # Counters only grow, so a smaller value has started again from zero.
        return np.where(values >= last, values - last, values)

    def keep_only(self, pod_uids: Collection[str]) -> None:
        """Forget processes of pods that are gone."""
        self.last = {process: last for process, last in self.last.items() if process.pod_uid in pod_uids}
