"""Reference rows in an NPZ file, as the model takes them: one array per input, rows along the first axis."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from holdfast.cli.errors import CommandError, ExitCode
from holdfast.results import TensorSignature
from holdfast.signature import DTYPES, Signature

FEATURE_NAMES: Final = "feature_names"
BATCH_ROWS: Final = 4096

Tensors = dict[str, np.ndarray[Any, Any]]


@dataclass(frozen=True)
class ReferenceRows:
    """Rows by input, and the names of the features of the input that has several columns."""

    inputs: Tensors
    feature_names: Mapping[str, list[str]]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.inputs.values())))

    def batches(self) -> Iterator[Tensors]:
        """Yield the rows in batches of at most 4,096."""
        for start in range(0, self.rows, BATCH_ROWS):
            yield {name: values[start : start + BATCH_ROWS] for name, values in self.inputs.items()}


def read_reference_rows(path: Path, signature: Signature) -> ReferenceRows:
    """Read the arrays of a model's inputs from an NPZ file.

    Raises:
        CommandError: it cannot be read, or its arrays do not fit the model.
    """
    arrays = _load(path)
    missing = [tensor.name for tensor in signature.inputs if tensor.name not in arrays]
    if missing:
        raise CommandError(
            f"{path} has no array {missing[0]!r}; it has {', '.join(sorted(arrays))}",
            "Name the arrays like the model's inputs: numpy.savez(FILE, INPUT=rows)",
        )
    inputs = {tensor.name: _fit(path, tensor, arrays[tensor.name]) for tensor in signature.inputs}
    if len({len(values) for values in inputs.values()}) != 1 or not len(next(iter(inputs.values()))):
        raise CommandError(f"the arrays of {path} must have the same number of rows, at least one")
    return ReferenceRows(inputs, _feature_names(path, arrays, inputs))


def _load(path: Path) -> Tensors:
    try:
        with np.load(path, allow_pickle=False) as file:
            return {name: file[name] for name in file.files}
    except OSError as error:
        reason = error.strerror or "it is not an NPZ file"
        raise CommandError(f"cannot read {path}: {reason}", "", ExitCode.NOT_FOUND) from error
    except (ValueError, AttributeError) as error:
        remedy = "Write it with numpy.savez, without Python objects in the arrays."
        raise CommandError(f"{path} is not an NPZ file of plain arrays", remedy) from error


def _fit(path: Path, tensor: TensorSignature, values: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    wanted = tensor.shape[1:]
    if values.ndim == 1 and wanted == [1]:
        values = values.reshape(-1, 1)
    fits = values.ndim == len(tensor.shape) and all(
        size in (-1, have) for size, have in zip(wanted, values.shape[1:], strict=True)
    )
    if not fits:
        raise CommandError(
            f"array {tensor.name!r} of {path} has the shape {values.shape}; the model takes {tensor.shape}"
        )
    return values.astype(DTYPES[tensor.datatype], copy=False)


def _feature_names(path: Path, arrays: Tensors, inputs: Tensors) -> dict[str, list[str]]:
    wide = [name for name, values in inputs.items() if values.ndim == 2 and values.shape[1] > 1]
    if FEATURE_NAMES not in arrays or len(wide) != 1:
        return {}
    names = [str(name) for name in arrays[FEATURE_NAMES].tolist()]
    columns = inputs[wide[0]].shape[1]
    if len(names) != columns:
        raise CommandError(f"{path} names {len(names)} features, but {wide[0]!r} has {columns} columns")
    return {wide[0]: names}
