"""Label counts as Prometheus reads them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from holdfast.metrics import (
    CORRECT_ROWS,
    ERROR_ROWS,
    ERROR_SCALE,
    ERROR_SUM,
    LABELLED_ROWS,
    SQUARED_ERROR_SUM,
    Metric,
)
from holdfast_serving.feedback.label_scores import BINS
from holdfast_serving.feedback.revision_counts import Place, RevisionCounts
from holdfast_serving.telemetry.metric_store import MetricStore, sample_prefix

DIRECTIONS: Final = ("over", "under")
KEPT_PREFIXES: Final = 64
Group: TypeAlias = tuple[str, str]
"""Labels ``slice`` and ``value``; both are empty for all rows."""


@dataclass(frozen=True)
class _Family:
    """One metric: its labels beside model and revision, their values, and which revisions have it."""

    metric: Metric
    labels: Sequence[Mapping[str, str]]
    values: Callable[[RevisionCounts], NDArray[np.int64] | NDArray[np.float64]]
    of_classes: bool
    of_numbers: bool


class LabelMetrics:
    """Renders what is in the places of all workers."""

    def __init__(self, model: str, groups: Iterable[Group], places: Sequence[Place]) -> None:
        self._model = model
        self._places = places
        by_group = [{"slice": name, "value": value} for name, value in groups]
        self._families = _families(by_group)
        self._prefixes: dict[tuple[str, str], list[str]] = {}

    def declare(self, store: MetricStore) -> None:
        """Make them a part of every scrape."""
        for family in self._families:
            store.collect(family.metric, partial(self._text, family))

    def _text(self, family: _Family) -> str:
        lines: list[str] = []
        for counts in self._totals():
            if family.of_classes if counts.is_class else family.of_numbers:
                values = family.values(counts).ravel().tolist()
                prefixes = self._prefixes_of(family, counts.revision)
                lines += [f"{prefix} {value!r}\n" for prefix, value in zip(prefixes, values, strict=True)]
        return "".join(lines)

    def _totals(self) -> Iterable[RevisionCounts]:
        """Return the counts by revision: workers may have the same one in different places."""
        totals: dict[str, RevisionCounts] = {}
        for place in self._places:
            for counts in place.everywhere():
                if counts.revision in totals:
                    totals[counts.revision].add(counts)
                else:
                    totals[counts.revision] = counts
        return totals.values()

    def _prefixes_of(self, family: _Family, revision: str) -> list[str]:
        key = family.metric.name, revision
        if key not in self._prefixes:
            if len(self._prefixes) >= KEPT_PREFIXES:
                self._prefixes.clear()
            names = {"model": self._model, "revision": revision}
            metric = family.metric
            self._prefixes[key] = [
                sample_prefix(metric.name, metric, {**names, **labels}) for labels in family.labels
            ]
        return self._prefixes[key]


def _families(by_group: Sequence[Mapping[str, str]]) -> list[_Family]:
    directed = [{**labels, "direction": each} for each in DIRECTIONS for labels in by_group]
    bins = [{"direction": each, "bin": str(index)} for each in DIRECTIONS for index in range(BINS)]
    return [
        _Family(LABELLED_ROWS, by_group, lambda counts: counts.rows, of_classes=True, of_numbers=True),
        _Family(CORRECT_ROWS, by_group, lambda counts: counts.correct, of_classes=True, of_numbers=False),
        _Family(ERROR_SUM, directed, lambda counts: counts.sums[:2], of_classes=False, of_numbers=True),
        _Family(
            SQUARED_ERROR_SUM, by_group, lambda counts: counts.sums[2], of_classes=False, of_numbers=True
        ),
        _Family(ERROR_ROWS, bins, lambda counts: counts.bins, of_classes=False, of_numbers=True),
        _Family(
            ERROR_SCALE, [{}], lambda counts: np.array([counts.scale]), of_classes=False, of_numbers=True
        ),
    ]
