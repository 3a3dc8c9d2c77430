"""Scrapes of label counters, as servers of one pod answer them one after the other."""

from dataclasses import dataclass, field

from holdfast_operator.cluster.label_exposition import Group, RevisionLabels

ALL: Group = ("", "")


@dataclass
class Pod:
    """A server pod that counts labels; a restart begins at zero."""

    uid: str = "pod-1"
    started: float = 0.0
    revision: str = "credit-1"
    counts: dict[Group, dict[str, float]] = field(default_factory=lambda: {ALL: {"rows": 0, "correct": 0}})
    holdout: dict[str, float] = field(default_factory=dict)

    @property
    def process(self) -> tuple[str, float]:
        return self.uid, self.started

    def label(self, rows: int, wrong: int, group: Group = ALL) -> None:
        figures = self.counts.setdefault(group, {"rows": 0, "correct": 0})
        figures["rows"] += rows
        figures["correct"] += rows - wrong

    def scrape(self) -> dict[str, RevisionLabels]:
        copy = {group: dict(figures) for group, figures in self.counts.items()}
        return {self.revision: RevisionLabels(copy, dict(self.holdout))}
