"""Tensors as raw little-endian bytes <-> NumPy arrays, as HTTP's binary extension and gRPC carry them.

Numbers are not copied on their way in or out; a BYTES element is its length in 4 bytes and its UTF-8 text.
"""

import struct
from typing import Final

import numpy as np

from holdfast.signature import DTYPES
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.tensors import Tensor, element_count

_LENGTH: Final = struct.Struct("<I")


def tensor_from_bytes(raw: bytes | memoryview, datatype: str, shape: list[int]) -> Tensor:
    """Return the tensor whose row-major elements ``raw`` holds; it may be a read-only view of them.

    Raises:
        RequestError: the bytes do not fill the shape, or are no elements of the datatype.
    """
    count = element_count(shape)
    if datatype == "BYTES":
        return _texts(memoryview(raw), count).reshape(shape)
    dtype = DTYPES[datatype]
    if len(raw) != count * dtype.itemsize:
        raise RequestError(f"{len(raw)} bytes do not fill shape {shape} of {datatype}")
    if count == 0:
        return np.empty(shape, dtype)
    if datatype == "BOOL" and np.frombuffer(raw, np.uint8).max() > 1:
        raise RequestError("BOOL elements must be bytes of 0 or 1")
    tensor: Tensor = np.frombuffer(raw, dtype)
    # Kernels may assume that numbers lie at multiples of their size, and crash where they do not.
    return (tensor if tensor.flags.aligned else tensor.copy()).reshape(shape)


def tensor_to_bytes(tensor: Tensor) -> bytes | memoryview:
    """Return the row-major elements; for numbers a view of the tensor itself."""
    flat = tensor.ravel()
    if flat.dtype.hasobject:
        return b"".join(part for text in flat.tolist() for part in _element(text.encode()))
    return flat.view(np.uint8).data


def _element(text: bytes) -> tuple[bytes, bytes]:
    return _LENGTH.pack(len(text)), text


def _texts(raw: memoryview, count: int) -> Tensor:
    if count * _LENGTH.size > len(raw):
        raise RequestError(f"{len(raw)} bytes cannot hold {count} BYTES elements")
    texts: Tensor = np.empty(count, np.object_)
    position = 0
    for index in range(count):
        start = position + _LENGTH.size
        if start > len(raw):
            raise RequestError(f"element {index} is cut off")
        position = start + _LENGTH.unpack_from(raw, start - _LENGTH.size)[0]
        if position > len(raw):
            raise RequestError(f"element {index} is cut off")
        texts[index] = _text(raw[start:position], index)
    if position != len(raw):
        raise RequestError(f"{len(raw) - position} bytes are left over after {count} elements")
    return texts


def _text(raw: memoryview, index: int) -> str:
    try:
        return str(raw, "utf-8")
    except UnicodeDecodeError:
        raise RequestError(f"element {index} is not UTF-8; BYTES tensors are texts here") from None
