"""Rows that differ as a model's real rows do, made from its profile or, without one, at random."""

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from holdfast.bfloat16 import to_bfloat16
from holdfast.profile import CategoricalColumn, NumericColumn, Profile
from holdfast.signature import Signature, typical_inputs
from holdfast_serving.inference.tensors import Tensor

SEED: Final = 0
WHOLE_NUMBERS: Final = 10
"""Integers without a profile are drawn below this: they often are indices into something small."""

Row = dict[str, Tensor]


def sample_rows(signature: Signature, profile: Profile | None) -> Iterator[Row]:
    """Yield one-row inputs without end; with a seed, so that every start of the server decides alike.

    Profile columns take their range's ends, bin edges and categories, other elements a number near zero.
    """
    random = np.random.default_rng(SEED)
    columns = list(profile.of_kind("feature")) if profile else []
    while True:
        row = typical_inputs(signature, profile)
        for described in signature.inputs:
            _vary(row[described.name], described.datatype, random)
        for column in columns:
            if column.tensor in row:
                _set(row[column.tensor], column, random)
        yield row


def _vary(tensor: Tensor, datatype: str, random: np.random.Generator) -> None:
    if datatype == "BF16":
        tensor[...] = to_bfloat16(random.standard_normal(tensor.shape))
    elif tensor.dtype.kind == "f":
        tensor += random.standard_normal(tensor.shape).astype(tensor.dtype)
    elif tensor.dtype.kind in "iu":
        tensor[...] = random.integers(0, WHOLE_NUMBERS, tensor.shape)
    elif tensor.dtype.kind == "b":
        tensor[...] = random.integers(0, 2, tensor.shape)


def _set(tensor: Tensor, column: NumericColumn | CategoricalColumn, random: np.random.Generator) -> None:
    values = _values(column)
    if not values:
        return
    value = values[random.integers(len(values))]
    if isinstance(value, str) != (tensor.dtype == np.object_):
        return
    if column.index is None:
        tensor[...] = value
    elif tensor.ndim == 2 and column.index < tensor.shape[1]:
        tensor[:, column.index] = value


def _values(column: NumericColumn | CategoricalColumn) -> list[Any]:
    if isinstance(column, CategoricalColumn):
        return list(column.categories)
    ends = (column.minimum, *column.edges, column.maximum)
    return [value for value in ends if value is not None]
