"""Signatures of models: datatypes of the Open Inference Protocol, and who can replace whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import numpy as np

from holdfast.bfloat16 import BITS
from holdfast.failures import ModelError
from holdfast.profile import CategoricalColumn, NumericColumn, Profile
from holdfast.results import ModelFailureReason, TensorSignature

DTYPES: Final[Mapping[str, np.dtype[Any]]] = {
    "BOOL": np.dtype(np.bool_),
    "UINT8": np.dtype(np.uint8),
    "UINT16": np.dtype(np.uint16),
    "UINT32": np.dtype(np.uint32),
    "UINT64": np.dtype(np.uint64),
    "INT8": np.dtype(np.int8),
    "INT16": np.dtype(np.int16),
    "INT32": np.dtype(np.int32),
    "INT64": np.dtype(np.int64),
    "FP16": np.dtype(np.float16),
    "FP32": np.dtype(np.float32),
    "FP64": np.dtype(np.float64),
    "BF16": BITS,
    "BYTES": np.dtype(np.object_),
}
"""Open Inference Protocol datatypes that Holdfast serves, and how numpy holds them (BF16: bit patterns, see
``bfloat16``; BYTES: texts)."""

MAX_TENSORS: Final = 16
ANY: Final = -1

Match = Literal["Identical", "Compatible", "Incompatible"]


@dataclass(frozen=True)
class Signature:
    """Inputs and outputs of a model, in the model's order."""

    inputs: tuple[TensorSignature, ...]
    outputs: tuple[TensorSignature, ...]
    classes: Mapping[str, tuple[int | str, ...]] = field(default_factory=dict)
    """By output: the class that each of its columns is about, where the model says so (ZipMap)."""

    @property
    def output_names(self) -> list[str]:
        """Names of the outputs, in order."""
        return [output.name for output in self.outputs]


def compare_signatures(champion: Signature, candidate: Signature) -> Match:
    """Return whether clients of the champion can use the candidate.

    Identical: same names, datatypes and shapes. Compatible: what clients send is accepted (same inputs, no
    dimension narrower) and what they read is there (every output, of the same datatype, no dimension wider;
    more outputs are fine). The order does not matter, since the protocol names every tensor. Other classes,
    or classes in another order, are Incompatible.
    """
    if any(candidate.classes.get(name, known) != known for name, known in champion.classes.items()):
        return "Incompatible"
    pairs = (_by_name(champion.inputs), _by_name(candidate.inputs))
    outputs = (_by_name(champion.outputs), _by_name(candidate.outputs))
    if pairs[0] == pairs[1] and outputs[0] == outputs[1]:
        return "Identical"
    accepted = pairs[0].keys() == pairs[1].keys() and all(
        _fits(sent, pairs[1][name]) for name, sent in pairs[0].items()
    )
    answered = outputs[0].keys() <= outputs[1].keys() and all(
        _fits(outputs[1][name], read) for name, read in outputs[0].items()
    )
    return "Compatible" if accepted and answered else "Incompatible"


def _by_name(tensors: Sequence[TensorSignature]) -> dict[str, TensorSignature]:
    return {tensor.name: tensor for tensor in tensors}


def _fits(given: TensorSignature, wanted: TensorSignature) -> bool:
    """Return whether every tensor that ``given`` allows is one that ``wanted`` allows."""
    return (
        given.datatype == wanted.datatype
        and len(given.shape) == len(wanted.shape)
        and all(want in (ANY, have) for have, want in zip(given.shape, wanted.shape, strict=True))
    )


def require_served(signature: Signature) -> None:
    """Refuse signatures that cannot be served.

    Raises:
        ModelError: CheckFailed, naming the tensor.
    """
    for tensors in (signature.inputs, signature.outputs):
        if not 1 <= len(tensors) <= MAX_TENSORS:
            message = f"the model has {len(tensors)} inputs or outputs; 1 to {MAX_TENSORS} of each are served"
            raise ModelError(ModelFailureReason.CHECK_FAILED, message)


def countable(
    tensors: Mapping[str, np.ndarray[Any, Any]], described: Sequence[TensorSignature]
) -> dict[str, np.ndarray[Any, Any]]:
    """Return the tensors that can have columns in a profile: not BF16, whose bit patterns are no numbers."""
    names = {each.name for each in described if each.datatype != "BF16"}
    return {name: tensor for name, tensor in tensors.items() if name in names}


def typical_inputs(signature: Signature, profile: Profile | None = None) -> dict[str, np.ndarray[Any, Any]]:
    """Return one row of inputs: medians and most frequent categories of the profile, else zeros or "".

    Dimensions that may have any size have size 1.
    """
    tensors = {tensor.name: _zeros(tensor) for tensor in signature.inputs}
    for column in profile.of_kind("feature") if profile else ():
        if column.tensor in tensors:
            _fill(tensors[column.tensor], column)
    return tensors


def _zeros(tensor: TensorSignature) -> np.ndarray[Any, Any]:
    shape = [1 if size == ANY else size for size in tensor.shape]
    dtype = DTYPES[tensor.datatype]
    return np.full(shape, "", dtype=dtype) if dtype == np.object_ else np.zeros(shape, dtype=dtype)


def _fill(tensor: np.ndarray[Any, Any], column: NumericColumn | CategoricalColumn) -> None:
    value = _typical(column)
    if value is None or (isinstance(value, str) and tensor.dtype != np.object_):
        return
    if column.index is None:
        tensor[...] = value
    elif tensor.ndim == 2 and column.index < tensor.shape[1]:
        tensor[:, column.index] = value


def _typical(column: NumericColumn | CategoricalColumn) -> str | int | float | None:
    if isinstance(column, CategoricalColumn):
        return column.categories[0] if column.categories else None
    return column.median
