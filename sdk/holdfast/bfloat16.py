"""BF16 numbers, which NumPy has not: their bit patterns as UINT16, the upper half of a FP32's."""

from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

BITS: Final = np.dtype(np.uint16)
"""How NumPy arrays hold BF16 tensors everywhere in Holdfast."""


def to_bfloat16(values: ArrayLike) -> NDArray[np.uint16]:
    """Return numbers as bit patterns, rounded to the nearest (ties to even); NaN stays a NaN."""
    with np.errstate(over="ignore"):
        numbers = np.asarray(values, dtype=np.float32)
    bits = numbers.view(np.uint32)
    rounded = (bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1))) >> np.uint32(16)
    quiet = (bits >> np.uint32(16)) | np.uint32(0x0040)
    return np.where(np.isnan(numbers), quiet, rounded).astype(BITS)


def from_bfloat16(bits: NDArray[Any]) -> NDArray[np.float32]:
    """Return bit patterns as the FP32 numbers that they are exactly."""
    return (bits.astype(np.uint32) << np.uint32(16)).view(np.float32)
