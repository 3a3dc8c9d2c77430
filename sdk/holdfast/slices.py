"""Metrics of the rows that have one value of a slice column, beside those of the other values. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast.answers import Answers
from holdfast.bootstrap import interval
from holdfast.evaluation_metrics import METRICS
from holdfast.gate_terms import MAX_SLICE_VALUES
from holdfast.predictions import Predictions, comparable
from holdfast.replicates import Parts, replicate
from holdfast.results import MetricComparison
from holdfast.scores import score

MAX_SLICE_COLUMNS: Final = 8
Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class SliceComparison:
    """Metrics of the rows that have one value of a slice column; ``made_of``: the rows of each metric."""

    name: str
    value: str
    rows: int
    metrics: Sequence[MetricComparison] = ()
    made_of: dict[str, int] = field(default_factory=dict)

    def metric(self, name: str) -> MetricComparison | None:
        """Return a metric by name, or None when it is not defined for these rows."""
        return next((each for each in self.metrics if each.name == name), None)


@dataclass(frozen=True)
class SliceColumn:
    """A slice column of a holdout: its values that are judged, and how many others there are."""

    name: str
    values: Sequence[str]
    parts: Parts
    other_values: int
    other_rows: int

    @classmethod
    def of(cls, name: str, column: Array, wanted: Iterable[str]) -> "SliceColumn":
        """Take the wanted values, even if no row has them, and of the others those with the most rows."""
        texts = comparable(column).astype(np.str_)
        found, code, rows = np.unique(texts, return_inverse=True, return_counts=True)
        by_rows = [str(found[each]) for each in np.argsort(-rows, kind="stable")[:MAX_SLICE_VALUES]]
        values = sorted({*by_rows, *wanted})
        number = {value: each for each, value in enumerate(values)}
        part = np.array([number.get(str(value), -1) for value in found], dtype=np.int64)[code]
        return cls(
            name,
            values,
            Parts(part, len(values)),
            other_values=len(found) - len(set(values) & {str(value) for value in found}),
            other_rows=int((part < 0).sum()),
        )


@dataclass(frozen=True)
class ColumnFigures:
    """Points and replicates of the metrics of every value of a column, computed when they are asked for."""

    column: SliceColumn
    answers: Answers
    _replicates: dict[tuple[str, int], Floats] = field(default_factory=dict)

    @cached_property
    def parts(self) -> list[Answers]:
        """Return the answers to the rows of each value."""
        return [self.answers.of(self.column.parts.of == part) for part in range(self.column.parts.count)]

    @cached_property
    def groups(self) -> list[int]:
        """Return how many groups have rows of each value."""
        return [len(np.unique(part.group)) for part in self.parts]

    def points(self, metric: str, contender: int) -> list[float | None]:
        """Return the metric for each value; of the candidate (0) or the champion (1)."""
        return [_point(metric, part, part.contenders[contender]) for part in self.parts]

    def replicates(self, metric: str, contender: int) -> Floats:
        """Return the metric of each value in each resample [values, resamples]."""
        key = (metric, contender)
        if key not in self._replicates:
            predictions = self.answers.contenders[contender]
            self._replicates[key] = replicate(
                metric, self.answers.truth, predictions, self.answers.group, self.column.parts
            )
        return self._replicates[key]

    def comparisons(self, with_intervals: Iterable[str]) -> list[SliceComparison]:
        """Return every value with its metrics, those named with intervals of the regression."""
        named = set(with_intervals)
        tables = {name: self._compared(name, with_interval=name in named) for name in self.answers.metrics}
        found = [
            SliceComparison(
                self.column.name,
                value,
                len(self.parts[each].truth),
                [metric for name in tables if (metric := tables[name][each]) is not None],
                {name: self.parts[each].rows_of(name) for name in tables},
            )
            for each, value in enumerate(self.column.values)
        ]
        return found if not self.column.other_values else [*found, self._others()]

    def _others(self) -> SliceComparison:
        value = f"{self.column.other_values} other values"
        return SliceComparison(self.column.name, value, self.column.other_rows)

    def _compared(self, name: str, *, with_interval: bool) -> list[MetricComparison | None]:
        ours = self.points(name, 0)
        if self.answers.champion is None:
            return [None if value is None else MetricComparison(name=name, candidate=value) for value in ours]
        theirs = self.points(name, 1)
        defined = [None not in pair for pair in zip(ours, theirs, strict=True)]
        bounds = self._bounds(name, defined) if with_interval and any(defined) else [None] * len(ours)
        return [_comparison(name, *each) for each in zip(ours, theirs, bounds, strict=True)]

    def _bounds(self, name: str, defined: Sequence[bool]) -> list[tuple[float, float] | None]:
        ours, theirs = self.replicates(name, 0), self.replicates(name, 1)
        worse = theirs - ours if METRICS[name].higher_is_better else ours - theirs
        return [
            interval(worse[each], self.groups[each]) if defined[each] and part.rows_of(name) else None
            for each, part in enumerate(self.parts)
        ]


def _point(metric: str, part: Answers, predictions: Predictions) -> float | None:
    return score(metric, part.truth, predictions) if len(part.truth) else None


def _comparison(
    name: str, candidate: float | None, champion: float | None, bounds: tuple[float, float] | None
) -> MetricComparison | None:
    if candidate is None:
        return None
    low, high = bounds or (None, None)
    return MetricComparison(
        name=name,
        champion=champion,
        candidate=candidate,
        regression=None if champion is None else METRICS[name].regression(champion, candidate),
        regression_low=low,
        regression_high=high,
    )
