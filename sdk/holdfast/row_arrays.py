"""Arrays of rows made fit for a model: shape and datatype of its inputs, without losing values. Pure."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.bfloat16 import to_bfloat16
from holdfast.results import TensorSignature
from holdfast.signature import ANY, DTYPES

Array = NDArray[Any]


class RowsError(ValueError):
    """A reference or holdout file cannot be used; the message names the file and array."""


def fitted(values: Array, tensor: TensorSignature) -> Array:
    """Return values with the datatype and shape of a model's input; the first dimension is the rows.

    Raises:
        ValueError: saying what is wrong, as the end of a sentence.
    """
    shaped = _shaped(values, tensor)
    wanted = DTYPES[tensor.datatype]
    if wanted == np.object_:
        return _texts(shaped)
    if shaped.dtype.kind not in "biuf":
        raise ValueError(f"holds {shaped.dtype}, but the model wants {tensor.datatype}")
    if tensor.datatype == "BF16":
        return to_bfloat16(shaped)
    with np.errstate(invalid="ignore", over="ignore"):
        cast = shaped.astype(wanted)
    if wanted.kind in "biu" and not np.array_equal(cast.astype(np.float64), shaped.astype(np.float64)):
        raise ValueError(f"has values that {tensor.datatype} cannot hold")
    return np.ascontiguousarray(cast)


def _shaped(values: Array, tensor: TensorSignature) -> Array:
    if len(tensor.shape) == 2 and values.ndim == 1:
        values = values[:, np.newaxis]
    elif len(tensor.shape) == 1 and values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    fits = values.ndim == len(tensor.shape) >= 1 and all(
        want in (ANY, have) for have, want in zip(values.shape[1:], tensor.shape[1:], strict=True)
    )
    if not fits:
        raise ValueError(f"has shape {values.shape}, but the model wants {tensor.shape} (-1: any)")
    return values


def _texts(values: Array) -> Array:
    """Return texts as objects of str; what is missing becomes empty."""
    if values.dtype.kind == "U":
        return values.astype(np.object_)
    if values.dtype.kind not in "OS":
        raise ValueError(f"holds {values.dtype}, but the model wants texts")
    flat = [_text(each) for each in values.ravel().tolist()]
    texts = np.empty(len(flat), dtype=np.object_)
    texts[:] = flat
    return texts.reshape(values.shape)


def _text(value: object) -> str:
    if value is None:
        return ""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def numbered(values: Array) -> Array:
    """Return 0, 1, … for the distinct values, in their order: which group each row belongs to."""
    comparable = _texts(values) if values.dtype.kind in "OS" else values
    if comparable.dtype.kind == "O":
        comparable = comparable.astype(np.str_)
    return np.unique(comparable, return_inverse=True)[1].reshape(-1)
