"""How the outputs of two revisions for the same inputs differ, in numbers that replicas can add up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast.metrics import (
    SHADOW_DIFFERENCE,
    SHADOW_DISAGREEING_ROWS,
    SHADOW_ROWS,
    SHADOW_SQUARED_DIFFERENCE,
)
from holdfast.profile import NumericColumn, Profile
from holdfast_serving.inference.tensors import Tensor
from holdfast_serving.telemetry.metric_store import Labels, MetricStore

DIFFERENCE_BOUNDS: Final = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Upper bounds of absolute differences, in shares of the output's range in the profile."""
_BOUNDS: Final = np.array(DIFFERENCE_BOUNDS)
_BUCKETS: Final = len(DIFFERENCE_BOUNDS) + 1


Binned = tuple[list[int], float]
"""Values by bound, and their sum."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """Rows of one output, those that disagree, and differences of floating-point numbers."""

    rows: int
    disagreeing: int
    higher: Binned | None = None
    lower: Binned | None = None
    squared: Binned | None = None


class OutputComparison:
    """Counts for one output: rows that differ, and for floating-point numbers by how much and which way."""

    def __init__(self, name: str, scale: NDArray[np.float64], store: MetricStore, labels: Labels) -> None:
        """Declare the counters of output NAME in STORE; differences are measured in units of SCALE."""
        own = {**labels, "output": name}
        self._scale = scale
        self._rows = store.counter(SHADOW_ROWS, own)
        self._disagreeing = store.counter(SHADOW_DISAGREEING_ROWS, own)
        self._higher, self._lower = (
            store.histogram(SHADOW_DIFFERENCE, {**own, "direction": direction}, DIFFERENCE_BOUNDS)
            for direction in ("higher", "lower")
        )
        self._squared = store.histogram(SHADOW_SQUARED_DIFFERENCE, own, ())

    def measure(self, ours: Tensor, theirs: Tensor) -> Measurement:
        """Return how the same rows differ in what both revisions gave; counts nothing yet.

        Raises:
            ValueError: they differ in datatype or shape.
        """
        if ours.dtype != theirs.dtype or ours.shape != theirs.shape:
            raise ValueError("the outputs differ in datatype or shape")
        rows = len(ours) if ours.ndim else 1
        if not _is_float(ours):
            return Measurement(rows, _rows_with(ours != theirs, rows))
        left, right = ours.astype(np.float64), theirs.astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            difference = (right - left) / self._scale
        finite = np.isfinite(difference)
        if finite.all():
            return Measurement(rows, 0, *_binned(difference.ravel()))
        same = finite | (left == right) | (np.isnan(left) & np.isnan(right))
        return Measurement(rows, _rows_with(~same, rows), *_binned(difference[finite]))

    def publish(self, measured: Measurement) -> None:
        """Count what was measured; on the event loop's thread, as all counting."""
        self._rows.add(measured.rows)
        self._disagreeing.add(measured.disagreeing)
        histograms = (self._higher, self._lower, self._squared)
        for histogram, binned in zip(
            histograms, (measured.higher, measured.lower, measured.squared), strict=True
        ):
            if binned is not None:
                histogram.add(*binned)


class Comparison:
    """Counts for all outputs of a model."""

    def __init__(
        self, outputs: Sequence[str], profile: Profile | None, store: MetricStore, labels: Labels
    ) -> None:
        self._outputs = {
            name: OutputComparison(name, _scale(name, profile), store, labels) for name in outputs
        }

    def measure(self, ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> dict[str, Measurement]:
        """Return how the outputs of both revisions differ, by output; may run in any thread.

        Raises:
            ValueError: an output is missing, or differs in datatype or shape.
        """
        missing = self._outputs.keys() - theirs.keys()
        if missing:
            raise ValueError(f"the other revision does not give {sorted(missing)}")
        return {name: each.measure(ours[name], theirs[name]) for name, each in self._outputs.items()}

    def publish(self, measured: Mapping[str, Measurement]) -> None:
        """Count what was measured; on the event loop's thread."""
        for name, each in measured.items():
            self._outputs[name].publish(each)


def _is_float(tensor: Tensor) -> bool:
    # bfloat16 is no kind of NumPy's own, but converts like one.
    return tensor.dtype.kind == "f" or tensor.dtype.name == "bfloat16"


def _scale(output: str, profile: Profile | None) -> NDArray[np.float64]:
    """Return the output's range in the profile, per column where it has several; 1 where unknown."""
    columns = [each for each in profile.of_kind("output") if each.tensor == output] if profile else []
    ranges = {each.index or 0: _range(each) for each in columns}
    return np.array([ranges.get(index, 1.0) for index in range(max(ranges, default=0) + 1)])


def _range(column: Any) -> float:
    if not isinstance(column, NumericColumn) or column.minimum is None or column.maximum is None:
        return 1.0
    return (column.maximum - column.minimum) or 1.0


def _rows_with(differing: NDArray[np.bool_], rows: int) -> int:
    return int(np.count_nonzero(differing.reshape(rows, -1).any(axis=1))) if rows else 0


def _binned(difference: NDArray[np.float64]) -> tuple[Binned, Binned, Binned]:
    """Return positive and negative differences and their squares; few calls, since rows are few as a rule."""
    size = np.abs(difference)
    places = np.searchsorted(_BOUNDS, size, side="left") + _BUCKETS * (difference < 0)
    counts = np.bincount(places, minlength=2 * _BUCKETS).tolist()
    total, balance = float(size.sum()), float(difference.sum())
    higher = counts[:_BUCKETS], max(0.0, (total + balance) / 2)
    lower = counts[_BUCKETS:], max(0.0, (total - balance) / 2)
    return higher, lower, ([len(difference)], float(difference @ difference))
