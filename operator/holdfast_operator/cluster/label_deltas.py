"""How much label counters grew between scrapes, in a form that survives a restart of the operator."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

Figures = dict[str, float]


@dataclass
class LabelDeltas:
    """The last values of every server process, by revision and group; nothing is lost or counted twice.

    ``last`` has a key of pod and process start for each process, and in it one of revision, feature and bin
    for each group of rows.
    """

    since: float
    """Seconds since the epoch: what older processes had counted before their first scrape is not new."""
    last: dict[tuple[str, float], dict[tuple[str, str, str], Figures]] = field(default_factory=dict)

    def update(
        self, pod_uid: str, started: float, counted: Mapping[tuple[str, str, str], Mapping[str, float]]
    ) -> dict[tuple[str, str, str], Figures]:
        """Take the values of a scrape and return by how much each group has grown, where its rows have."""
        process = (pod_uid, started)
        known = self.last.get(process)
        self.last[process] = {group: dict(figures) for group, figures in counted.items()}
        if known is None and started < self.since:
            return {}
        grown = {group: _growth((known or {}).get(group, {}), now) for group, now in counted.items()}
        return {group: figures for group, figures in grown.items() if figures.get("rows")}

    def is_first_look(self, pod_uid: str, started: float) -> bool:
        """Whether the process is older than the policy and new here: its values will be the start."""
        return started < self.since and (pod_uid, started) not in self.last

    def keep_only(self, pod_uids: Collection[str]) -> None:
        """Forget processes of pods that are gone."""
        self.last = {process: known for process, known in self.last.items() if process[0] in pod_uids}


def _growth(last: Mapping[str, float], now: Mapping[str, float]) -> Figures:
    # Counters only grow; where the number of rows is smaller, all of the group has started from zero again.
    begun = now.get("rows", 0.0) < last.get("rows", 0.0)
    return {name: max(value - (0.0 if begun else last.get(name, 0.0)), 0.0) for name, value in now.items()}
