"""What a server has counted about labels, out of the samples of a scrape, which may be hostile."""

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.samples import Sample

from holdfast.metrics import (
    CORRECT_ROWS,
    ERROR_SUM,
    HOLDOUT_METRIC,
    LABELLED_ROWS,
    SQUARED_ERROR_SUM,
)
from holdfast_operator.core.label_evidence import PackageBaseline

Group = tuple[str, str]
"""Feature and bin; both are empty for all rows."""
LABEL_METRICS: Final = (LABELLED_ROWS, CORRECT_ROWS, ERROR_SUM, SQUARED_ERROR_SUM, HOLDOUT_METRIC)
"""What is asked for where labels are watched."""
MAX_GROUPS: Final = 256
"""Groups of a revision that are read; servers have at most 161."""
_FIGURES: Final[Mapping[str, str]] = {
    LABELLED_ROWS.name: "rows",
    CORRECT_ROWS.name: "correct",
    ERROR_SUM.name: "errors",
    SQUARED_ERROR_SUM.name: "squares",
}


@dataclass(frozen=True)
class RevisionLabels:
    """Counters of one revision by group and figure: rows, correct, errors and squares; and its holdout."""

    groups: Mapping[Group, Mapping[str, float]]
    holdout: Mapping[str, float] = field(default_factory=dict)

    def package_baseline(self, metric: str) -> PackageBaseline | None:
        """Return what the package's report says about accuracy or mae."""
        mean, rows = self.holdout.get(metric), self.holdout.get("groups", 0)
        if mean is None or rows < 1:
            return None
        if metric == "accuracy":
            error = min(max(1 - mean, 0.0), 1.0)
            return PackageBaseline(error, math.sqrt(error * (1 - error)), int(rows))
        rmse = self.holdout.get("rmse", mean)
        return PackageBaseline(max(mean, 0.0), math.sqrt(max(rmse**2 - mean**2, 0.0)), int(rows))


class LabelSamples:
    """Collects the samples about labels of one scrape."""

    def __init__(self) -> None:
        self._groups: defaultdict[str, dict[Group, dict[str, float]]] = defaultdict(dict)
        self._holdouts: defaultdict[str, dict[str, float]] = defaultdict(dict)

    def take(self, sample: Sample) -> bool:
        """Take a sample of the model; return whether it is about labels.

        Raises:
            ValueError: a figure that is not a number of at least 0.
        """
        revision = sample.labels.get("revision", "")
        if sample.name == HOLDOUT_METRIC.name:
            if math.isfinite(sample.value) and len(self._holdouts[revision]) < len(_FIGURES):
                self._holdouts[revision][sample.labels.get("metric", "")] = float(sample.value)
            return True
        figure = _FIGURES.get(sample.name)
        if figure is None:
            return False
        if not 0 <= sample.value < math.inf:
            raise ValueError(f"{sample.name} is {sample.value}, which is not a sum of errors or rows")
        self._add(revision, (sample.labels.get("slice", ""), sample.labels.get("value", "")), figure, sample)
        return True

    def by_revision(self) -> dict[str, RevisionLabels]:
        """Return what was found."""
        names = self._groups.keys() | self._holdouts.keys()
        return {
            name: RevisionLabels(self._groups.get(name, {}), self._holdouts.get(name, {})) for name in names
        }

    def _add(self, revision: str, group: Group, figure: str, sample: Sample) -> None:
        groups = self._groups[revision]
        if group not in groups and len(groups) >= MAX_GROUPS:
            return
        figures = groups.setdefault(group, {})
        # Errors above and below the label are two series.
        figures[figure] = figures.get(figure, 0.0) + float(sample.value)
