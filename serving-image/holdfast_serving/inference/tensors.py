"""Tensors of the Open Inference Protocol in JSON form <-> NumPy arrays, and the bounds of any tensor.

Conversion goes through `array.array`: it checks every element's kind and range in C, where
`numpy.array` would silently parse strings as numbers or wrap integers around.
"""

import math
import struct
from array import array
from itertools import chain
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast.bfloat16 import from_bfloat16, to_bfloat16
from holdfast.signature import DTYPES
from holdfast_serving.inference.errors import RequestError

Tensor = NDArray[Any]

_TYPECODES: Final = {
    "BOOL": "B",
    "UINT8": "B",
    "UINT16": "H",
    "UINT32": "I",
    "UINT64": "Q",
    "INT8": "b",
    "INT16": "h",
    "INT32": "i",
    "INT64": "q",
    "FP16": "d",  # rounded once, from what the client wrote
    "FP32": "f",
    "FP64": "d",
    "BF16": "f",
}
_PACKED: Final = frozenset({"FP32", "FP64"})
MANY: Final = 128
"""So many floating-point numbers are packed by `struct`, three times as fast as by `array`."""
MAX_DIMENSIONS: Final = 16
"""More than any operator of ONNX makes sense of; NumPy itself ends at 64."""
MAX_EMPTY: Final = 2**31
"""Lengths beside a 0 multiply to this at most: such a shape holds nothing and could claim anything."""


def element_count(shape: list[int]) -> int:
    """Return how many elements a tensor of this shape, which a client may have made up, holds.

    Raises:
        RequestError: it is not a list of non-negative integers, or claims more than can be.
    """
    if type(shape) is not list:
        raise RequestError("'shape' must be a list of non-negative integers")
    if len(shape) > MAX_DIMENSIONS:
        raise RequestError(f"'shape' has more than {MAX_DIMENSIONS} dimensions")
    count = 1
    for length in shape:
        if type(length) is not int or length < 0:
            raise RequestError("'shape' must be a list of non-negative integers")
        count *= length
    if count == 0 and math.prod(length for length in shape if length) > MAX_EMPTY:
        raise RequestError(f"shape {shape} is too large")
    return count


def tensor_from_json(data: list[Any], datatype: str, shape: list[int]) -> Tensor:
    """Return the tensor whose row-major elements are given flat or nested.

    ``null`` in a floating-point tensor is a missing value (NaN); numbers beyond the type's range become
    infinite, as IEEE 754 rounds them.

    Raises:
        RequestError: the elements do not fit the datatype or their number does not fit the shape.
    """
    elements = _flat(data, shape)
    if datatype == "BYTES":
        return _strings(elements).reshape(shape)
    try:
        if len(elements) >= MANY and datatype in _PACKED:
            packed = struct.pack(f"{len(elements)}{_TYPECODES[datatype]}", *elements)
            return np.frombuffer(packed, DTYPES[datatype]).reshape(shape)
        found = array(_TYPECODES[datatype], elements)
    except (TypeError, OverflowError, struct.error):
        found = array(_TYPECODES[datatype], _with_missing(elements, datatype))
    return _typed(found, datatype).reshape(shape)


def tensor_to_json(tensor: Tensor, datatype: str) -> Any:
    """Return the elements, flat and row-major, as orjson encodes them; NaN and infinities become null."""
    flat = tensor.ravel()
    if datatype == "BF16":
        return from_bfloat16(flat)
    return flat.tolist() if flat.dtype.hasobject else flat


def _flat(data: list[Any], shape: list[int]) -> list[Any]:
    count = element_count(shape)
    if data and type(data[0]) is list and len(shape) > 1:
        data = _flattened(data, shape)
    if len(data) != count:
        raise RequestError(f"{len(data)} elements do not fill shape {shape}")
    return data


def _flattened(data: list[Any], shape: list[int]) -> list[Any]:
    for axis, length in enumerate(shape[1:], start=1):
        if any(type(row) is not list or len(row) != length for row in data):
            raise RequestError(f"nested data does not have {length} elements everywhere along axis {axis}")
        data = list(chain.from_iterable(data))
    return data


def _strings(elements: list[Any]) -> Tensor:
    if not all(type(element) is str for element in elements):
        raise RequestError("BYTES elements must be strings")
    strings: Tensor = np.empty(len(elements), dtype=np.object_)
    strings[:] = elements
    return strings


def _with_missing(elements: list[Any], datatype: str) -> list[Any]:
    """Return the elements with NaN for null, or say which element is wrong."""
    is_float = _TYPECODES[datatype] in "fd"
    replaced = [math.nan if is_float and element is None else element for element in elements]
    for position, element in enumerate(replaced):
        try:
            array(_TYPECODES[datatype], (element,))
        except (TypeError, OverflowError):
            raise RequestError(f"element {position} is not a value of {datatype}") from None
    return replaced


def _typed(found: "array[Any]", datatype: str) -> Tensor:
    dtype = DTYPES[datatype]
    # An empty array has no buffer to look at.
    elements: Tensor = np.frombuffer(found, dtype=found.typecode) if found else np.empty(0, dtype)
    if datatype == "BOOL":
        if found and max(found) > 1:
            raise RequestError("BOOL elements must be true or false")
        return elements.view(np.bool_)
    if datatype == "BF16":
        return to_bfloat16(elements)
    if datatype == "FP16":
        with np.errstate(over="ignore"):
            return elements.astype(dtype)
    return elements
