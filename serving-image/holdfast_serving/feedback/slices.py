"""Slices: the rows of a feature's bins or categories, whose labels are also counted by themselves."""

import logging
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any, Final, TypeAlias
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from holdfast.binning import category_of, column_values
from holdfast.profile import CategoricalColumn, NumericColumn, Profile
from holdfast_serving.feedback.prediction_ids import MAX_SLICES, MISSING_SLICE

logger = logging.getLogger(__name__)

Tensor: TypeAlias = NDArray[Any]


class SliceFeature:
    """One feature of the profile by which labels are counted, one slice for each bin or category."""

    def __init__(self, column: NumericColumn | CategoricalColumn) -> None:
        self.name: Final = column.name
        self.size: Final = len(column.counts)
        self._column = column
        self._edges = list(column.edges) if isinstance(column, NumericColumn) else []
        categories = column.categories if isinstance(column, CategoricalColumn) else ()
        self._positions = {category: index for index, category in enumerate(categories)}

    def of_rows(self, inputs: Mapping[str, Tensor]) -> bytes:
        """Return the slice of each row, a byte each.

        Raises:
            ValueError: the tensor has not the form that the profile was made from.
        """
        values = column_values(self._column, inputs[self._column.tensor])
        if isinstance(self._column, CategoricalColumn):
            return bytes([self._category(value) for value in values.tolist()])
        if len(values) == 1:
            return bytes([self._bin(float(values[0]))])
        numbers = values.astype(np.float64)
        bins = np.searchsorted(self._edges, numbers, side="right").astype(np.uint8)
        bins[~np.isfinite(numbers)] = MISSING_SLICE
        return bins.tobytes()

    def _bin(self, value: float) -> int:
        # Infinite less itself is not 0, nor is NaN: two tests in one.
        return bisect_right(self._edges, value) if value - value == 0 else MISSING_SLICE

    def _category(self, value: object) -> int:
        category = category_of(value)
        return MISSING_SLICE if category is None else self._positions.get(category, self.size - 1)


class Slices:
    """The features that labels are sliced by; ``layout`` is equal for servers that slice alike."""

    def __init__(self, features: Sequence[SliceFeature] = ()) -> None:
        self.features: Final = tuple(features)
        described = "\n".join(f"{each.size} {each.name}" for each in self.features)
        self.layout: Final = crc32(described.encode()) if self.features else 0

    def of_rows(self, inputs: Mapping[str, Tensor]) -> bytes:
        """Return the slices of all rows by the first feature, then by the second and so on.

        Raises:
            ValueError: as for one feature.
        """
        return b"".join([feature.of_rows(inputs) for feature in self.features])


def declared_slices(profile: Profile | None, names: str) -> Slices:
    """Return the slices by the features in ``names``, with commas; unknown ones are left out and logged."""
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    found = {name: profile.column("feature", name) if profile else None for name in wanted}
    for name in (name for name, column in found.items() if column is None):
        logger.warning("labels are not sliced by '%s': the profile has no such feature", name)
    columns = [column for column in found.values() if column is not None]
    if len(columns) > MAX_SLICES:
        logger.warning("labels are sliced by the first %d features only", MAX_SLICES)
    return Slices([SliceFeature(column) for column in columns[:MAX_SLICES]])
