"""Tensors of every datatype with the values at which conversions go wrong, as NumPy holds them.

The model that they are sent to gives each input back: input ``int8`` as output ``int8_out``.
"""

import json
import sys
from collections.abc import Mapping
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


def tensors() -> dict[str, Array]:
    """Return a [3, 2] tensor of each datatype that NumPy has; a client with BF16 adds its own."""
    found: dict[str, Array] = {"BOOL": np.array([[True, False], [False, True], [True, True]])}
    for bits in (8, 16, 32, 64):
        found[f"UINT{bits}"] = _integers(np.dtype(f"uint{bits}"))
        found[f"INT{bits}"] = _integers(np.dtype(f"int{bits}"))
    for bits in (16, 32, 64):
        found[f"FP{bits}"] = _fractions(np.dtype(f"float{bits}"))
    found["BYTES"] = np.array(
        [[b"", b"a"], ["\u00e4\u20ac\U0001f600".encode(), b"\0x"], [b'\n"', b"z"]], np.object_
    )
    return found


def without_extremes(found: Mapping[str, Array]) -> dict[str, Array]:
    """Return the tensors with 0 for what JSON has no number for: infinities and NaN."""
    return {
        name: np.where(np.isfinite(tensor), tensor, tensor.dtype.type(0))
        if name[1:2] in ("P", "F")
        else tensor
        for name, tensor in found.items()
    }


def equal(received: Array | None, sent: Array) -> bool:
    """Return whether a tensor came back as it was sent, bit for bit; texts as bytes or as strings."""
    if received is None or received.shape != sent.shape:
        return False
    if sent.dtype == np.object_:
        return bool([_encoded(each) for each in received.ravel()] == list(sent.ravel()))
    return received.dtype == sent.dtype and received.tobytes() == sent.tobytes()


def report(document: Mapping[str, Any]) -> None:
    """Print what the test is to judge."""
    json.dump(document, sys.stdout)


def _encoded(element: str | bytes) -> bytes:
    return element.encode() if isinstance(element, str) else element


def _integers(dtype: "np.dtype[Any]") -> Array:
    bounds = np.iinfo(dtype)
    return np.array([[bounds.min, bounds.max], [0, 1], [2, 77]], dtype)


def _fractions(dtype: "np.dtype[Any]") -> Array:
    bounds = np.finfo(dtype)
    return np.array([[bounds.max, bounds.min], [-0.0, bounds.tiny], [np.nan, -np.inf]], dtype)
