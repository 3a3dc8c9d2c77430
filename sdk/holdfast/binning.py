"""Counting a column in its bins, and making a profile from reference rows. Vectorised, pure."""

import math
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.numeric_block import ColumnCounts, NumericBlock
from holdfast.profile import (
    MAX_CATEGORIES,
    MAX_COLUMNS,
    MAX_NAME_LENGTH,
    RESIDUAL,
    CategoricalColumn,
    Category,
    Kind,
    NumericColumn,
    Profile,
)
from holdfast.quantile_bins import quantile_edges
from holdfast.residual import fit_projection, residuals

Array = NDArray[Any]
Tensors = Mapping[str, Array]


def column_values(column: NumericColumn | CategoricalColumn, tensor: Array) -> Array:
    """Return the values of a column in a tensor of shape [rows], [rows, 1] or [rows, features].

    Raises:
        ValueError: the tensor has another form.
    """
    if tensor.ndim == 1 and column.index is None:
        return tensor
    index = column.index or 0
    if tensor.ndim != 2 or index >= tensor.shape[1] or (column.index is None and tensor.shape[1] != 1):
        raise ValueError(f"tensor {column.tensor!r} of shape {tensor.shape} has no column {column.name!r}")
    return tensor[:, index]


def count_bins(column: NumericColumn | CategoricalColumn, values: Array) -> ColumnCounts:
    """Count a 1-D array of values in the bins of a column.

    Numbers that are not finite, and texts that are empty, count as missing.
    """
    if isinstance(column, CategoricalColumn):
        return _count_categories(column, values)
    return NumericBlock([column]).count(values[None])[0]


def bin_numbers(column: NumericColumn | CategoricalColumn, values: Array) -> NDArray[np.int64]:
    """Return the bin of each of a 1-D array of values, as ``count_bins`` counts them; -1: missing."""
    if isinstance(column, NumericColumn):
        numbers = values.astype(np.float64)
        found = np.searchsorted(np.asarray(column.edges), numbers, side="right")
        return np.where(np.isfinite(numbers), found, -1)
    numbered = {category: number for number, category in enumerate(column.categories)}
    present = (category_of(each) for each in values.tolist())
    last = len(column.categories)
    return np.array([-1 if each is None else numbered.get(each, last) for each in present], dtype=np.int64)


def _count_categories(column: CategoricalColumn, values: Array) -> ColumnCounts:
    frequencies = _frequencies(values)
    known = [frequencies.get(category, 0) for category in column.categories]
    present = frequencies.total()
    unseen = present - sum(known)
    return ColumnCounts(
        np.array([*known, unseen], dtype=np.int64),
        missing=len(values) - present,
        unseen=0 if column.counts[-1] else unseen,
    )


def profile_of(
    inputs: Tensors,
    outputs: Tensors,
    feature_names: Mapping[str, Sequence[str]] | None = None,
    categorical: Collection[str] = (),
) -> Profile:
    """Return the profile of reference rows.

    Give tensors as the model takes and returns them (same dtypes: a float32 edge differs from its float64
    origin). A tensor of shape [rows] or [rows, 1] is a column of the tensor's name; one of shape [rows,
    features] a column per feature, named by ``feature_names[tensor]`` or ``tensor[i]``. Tensors of other
    shapes are left out, and so are features beyond the 512 columns that a profile holds. Texts and truth
    values are categories, and so are whole-number outputs with at most 19 values (classes) and columns named
    in ``categorical``; all else is numeric, so that a month that was not seen yet is drift and not broken
    input. Two numeric features or more have a residual too, given 40 rows for each.

    Raises:
        ValueError: there are no rows, tensors differ in rows, or two columns have the same name.
    """
    rows = _rows(inputs, outputs)
    found = [*_columns("output", outputs, {}), *_columns("feature", inputs, feature_names or {})][
        :MAX_COLUMNS
    ]
    columns = [_profile_column(place, values, place.name in categorical) for place, values in found]
    by_kind = sorted(columns, key=lambda column: column.kind)
    profile = Profile(rows=rows, columns=tuple(by_kind))
    return _with_residual(profile, inputs)


def _with_residual(profile: Profile, inputs: Tensors) -> Profile:
    """Return the profile with its residual, if it can have one.

    Components are made from every other row and the residuals of the rows between are counted: components
    explain the rows they were made from better than any new ones.
    """
    numeric = [each for each in profile.of_kind("feature") if isinstance(each, NumericColumn)]
    values = {each.name: column_values(each, inputs[each.tensor]) for each in numeric}
    projection = fit_projection({name: each[::2] for name, each in values.items()})
    if projection is None:
        return profile
    rest = residuals(projection, [values[name][1::2] for name in projection.features])
    column = _numeric_column(_Place("residual", RESIDUAL, RESIDUAL, None), rest)
    return Profile(
        schema_version=2, rows=profile.rows, columns=(*profile.columns, column), residual=projection
    )


@dataclass(frozen=True)
class _Place:
    kind: Kind
    name: str
    tensor: str
    index: int | None


def _rows(inputs: Tensors, outputs: Tensors) -> int:
    sizes = {tensor.shape[0] if tensor.ndim else 0 for tensor in [*inputs.values(), *outputs.values()]}
    if len(sizes) != 1 or sizes == {0}:
        raise ValueError(
            f"a profile needs tensors of the same number of rows, at least one; got {sorted(sizes)}"
        )
    return int(sizes.pop())


def _columns(
    kind: Kind, tensors: Tensors, names: Mapping[str, Sequence[str]]
) -> Iterator[tuple[_Place, Array]]:
    for tensor, values in tensors.items():
        if values.ndim == 1:
            yield _Place(kind, tensor, tensor, None), values
        elif values.ndim == 2:
            columns = _column_names(tensor, values.shape[1], names.get(tensor))
            single = values.shape[1] == 1
            for index, name in enumerate(columns):
                yield _Place(kind, name, tensor, None if single else index), values[:, index]


def _column_names(tensor: str, features: int, names: Sequence[str] | None) -> Sequence[str]:
    if names is None:
        return [tensor] if features == 1 else [f"{tensor}[{index}]" for index in range(features)]
    if len(names) != features:
        raise ValueError(f"tensor {tensor!r} has {features} columns, but {len(names)} names were given")
    return names


def _profile_column(place: _Place, values: Array, named: bool) -> NumericColumn | CategoricalColumn:
    if named or _is_categorical(place, values):
        return _categorical_column(place, values)
    return _numeric_column(place, values)


def _is_categorical(place: _Place, values: Array) -> bool:
    if values.dtype.kind in "OUSb":
        return True
    whole = place.kind == "output" and values.dtype.kind in "iu"
    return whole and len(np.unique(values)) <= MAX_CATEGORIES


def _categorical_column(place: _Place, values: Array) -> CategoricalColumn:
    frequencies = _frequencies(values)
    short = {each: count for each, count in frequencies.items() if len(str(each)) <= MAX_NAME_LENGTH}
    # By count, then by text: the same rows in another order give the same profile.
    ranked = sorted(short, key=lambda each: (-short[each], str(each)))[:MAX_CATEGORIES]
    known = [frequencies[category] for category in ranked]
    return CategoricalColumn(
        **_fields(place),
        categories=tuple(ranked),
        counts=(*known, frequencies.total() - sum(known)),
        missing=len(values) - frequencies.total(),
    )


def _numeric_column(place: _Place, values: Array) -> NumericColumn:
    present = np.sort(_finite(values))
    edges = quantile_edges(present)
    counts = np.bincount(np.searchsorted(edges, present, side="right"), minlength=len(edges) + 1)
    filled = len(present) > 0
    return NumericColumn(
        **_fields(place),
        edges=tuple(edges.tolist()),
        counts=tuple(counts.tolist()),
        missing=len(values) - len(present),
        minimum=float(present[0]) if filled else None,
        maximum=float(present[-1]) if filled else None,
        median=float(present[len(present) // 2]) if filled else None,
    )


def _fields(place: _Place) -> dict[str, Any]:
    return {"kind": place.kind, "name": place.name, "tensor": place.tensor, "index": place.index}


def _finite(values: Array) -> NDArray[np.float64]:
    numbers = np.asarray(values, dtype=np.float64)
    present: NDArray[np.float64] = numbers[np.isfinite(numbers)]
    return present


def _frequencies(values: Array) -> Counter[Category]:
    """Count the present values of a column: texts as str, numbers as they are, truth values as 0 and 1."""
    if values.dtype.kind in "OUS":
        return Counter(text for each in values.tolist() if (text := _text(each)))
    numbers = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if numbers.dtype.kind == "b":
        numbers = numbers.astype(np.int64)
    distinct, counts = np.unique(numbers, return_counts=True)
    return Counter(dict(zip(distinct.tolist(), counts.tolist(), strict=True)))


def category_of(value: object) -> Category | None:
    """Return a value of a categorical column as its ``categories`` hold it; None when it is missing."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value if math.isfinite(value) else None
    return _text(value) or None


def _text(value: object) -> str:
    """Return a text as str; empty for what stands for a missing one."""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return value if isinstance(value, str) else "" if value is None or value != value else str(value)
