"""Counts labels by revision: this server's own, and a few others whose ids come back here."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast_serving.feedback.label_metrics import Group, LabelMetrics
from holdfast_serving.feedback.label_scores import RowScores
from holdfast_serving.feedback.prediction_ids import MISSING_SLICE, Origin, PredictionRecord
from holdfast_serving.feedback.revision_counts import Place
from holdfast_serving.feedback.slices import SliceFeature, Slices
from holdfast_serving.telemetry.metric_store import MetricStore

SPARE_REVISIONS: Final = 4
"""Other revisions that are counted; when there are more, the one that had no labels for longest ends."""


class LabelCounters:
    """Label counts in shared memory; a worker counts on its event loop only."""

    def __init__(self, store: MetricStore, model: str, own: Origin, slices: Slices) -> None:
        """Declare the counters of OWN revision and of those that are not known yet."""
        groups = [("", ""), *_groups(slices.features)]
        self._own = own.revision
        self._layout = slices.layout
        self._sizes = [feature.size for feature in slices.features]
        words, identity = Place.words(len(groups)), f"{model} {own} {groups}"
        self._places = [
            Place(store.memory.claim(f"{identity} {number}", words), len(groups))
            for number in range(1 + SPARE_REVISIONS)
        ]
        self._by_age = self._places[1:]
        if self._places[0].revision != own.revision:  # A predecessor of this worker may have counted.
            self._places[0].assign(own)
        LabelMetrics(model, groups, self._places).declare(store)

    def count(self, record: PredictionRecord, scores: RowScores) -> None:
        """Add the scores of an id's labels to its revision, by slices if it has this server's slices."""
        counts = self._place_of(record.origin).own()
        for group, chosen in self._membership(record, scores):
            errors = scores.errors[chosen]
            counts.rows[group] += len(errors)
            counts.correct[group] += scores.correct[chosen].sum()
            counts.sums[:, group] += (errors[errors > 0].sum(), -errors[errors < 0].sum(), (errors**2).sum())
        counts.bins += np.bincount(scores.bins, minlength=counts.bins.size).reshape(counts.bins.shape)

    def _place_of(self, origin: Origin) -> Place:
        if origin.revision == self._own:
            return self._places[0]
        used = {place.revision: place for place in self._by_age}
        place = used.get(origin.revision) or used.get("") or self._by_age[0]
        if place.revision != origin.revision:
            place.assign(origin)
        self._by_age.remove(place)
        self._by_age.append(place)
        return place

    def _membership(
        self, record: PredictionRecord, scores: RowScores
    ) -> Iterator[tuple[int, NDArray[np.bool_]]]:
        """Yield each group that has some of the scored rows, and which."""
        yield 0, np.ones(len(scores.rows), dtype=bool)
        if record.origin.layout != self._layout:
            return
        start = 1
        for size, bins in zip(self._sizes, record.slices, strict=True):
            values = bins[scores.rows]
            positions = np.where(values == MISSING_SLICE, size, values)
            for position in np.unique(positions).tolist():
                yield start + position, positions == position
            start += size + 1


def _groups(features: Sequence[SliceFeature]) -> Iterator[Group]:
    for feature in features:
        for value in (*map(str, range(feature.size)), "missing"):
            yield feature.name, value
