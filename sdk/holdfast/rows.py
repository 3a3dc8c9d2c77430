"""Reading the reference and holdout rows that a trainer wrote (NPZ or Parquet) as the model's input tensors.

The files come from the user's container: nothing is unpickled, no link followed, and sizes are bounded.
"""

import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

import numpy as np

from holdfast.folder import Folder
from holdfast.parquet_columns import read_parquet
from holdfast.results import TensorSignature
from holdfast.row_arrays import Array, RowsError, fitted, numbered
from holdfast.signature import Signature

MAX_ROWS_BYTES: Final = 4 * 1024**3
LABEL: Final = "label"
GROUP: Final = "group"
FEATURE_NAMES: Final = "feature_names"
SLICE_PREFIX: Final = "slice:"
REFERENCE: Final = "reference"
HOLDOUT: Final = "holdout"
TRAINING: Final = "training"
"""Rows that the model was trained on, if the trainer gives them: to find them again in the holdout."""

__all__ = ["HOLDOUT", "REFERENCE", "TRAINING", "Rows", "RowsError", "read_rows"]


@dataclass(frozen=True)
class Rows:
    """Rows as tensors: ``inputs`` by the model's input names and datatypes; the rest has one value per row.

    ``group`` numbers the groups (0, 1, …) whose rows belong together, such as weeks; without one every row is
    its own. ``feature_names`` names the columns of tables, by input.
    """

    inputs: Mapping[str, Array]
    label: Array | None = None
    group: Array | None = None
    slices: Mapping[str, Array] = field(default_factory=dict)
    feature_names: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """Number of rows."""
        return len(next(iter(self.inputs.values())))

    def __len__(self) -> int:
        return self.count


def read_rows(folder: Path, stem: str, signature: Signature) -> Rows | None:
    """Read ``{stem}.npz`` or ``{stem}.parquet`` in ``folder`` for a model; None when there is neither.

    Raises:
        RowsError: naming the file, the array and what would be right.
        ModelError: PackageInvalid when the file is a link, StoreUnreadable.
    """
    with Folder(folder) as files:
        present = [name for name in (f"{stem}.npz", f"{stem}.parquet") if name in files.names()]
        if len(present) > 1:
            raise RowsError(f"there are both {present[0]} and {present[1]}: write one of them")
        if not present:
            return None
        with files.open(present[0]) as file:
            arrays = _read_npz(present[0], file) if present[0].endswith(".npz") else None
            if arrays is None:
                arrays = read_parquet(present[0], file, MAX_ROWS_BYTES, _is_feature, signature.inputs)
    return _rows(present[0], arrays, signature.inputs)


def _is_feature(name: str) -> bool:
    return name not in (LABEL, GROUP, FEATURE_NAMES) and not name.startswith(SLICE_PREFIX)


def _read_npz(name: str, file: BinaryIO) -> dict[str, Array]:
    try:
        with zipfile.ZipFile(file) as archive:
            size = sum(member.file_size for member in archive.infolist())
        if size > MAX_ROWS_BYTES:
            raise RowsError(f"{name} unpacks to {size} bytes; at most {MAX_ROWS_BYTES} are read")
        file.seek(0)
        with np.load(file, allow_pickle=False) as arrays:
            return {array: _npz_array(name, arrays, array) for array in arrays.files}
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise RowsError(f"{name} is no NPZ file: {error}") from None


def _npz_array(name: str, arrays: Any, array: str) -> Array:
    try:
        return np.asarray(arrays[array])
    except (ValueError, MemoryError) as error:
        objects = "allow_pickle" in str(error)
        why = "holds Python objects; save texts with dtype str" if objects else "cannot be read"
        raise RowsError(f"{name}: array {array!r} {why}") from None


def _rows(name: str, arrays: Mapping[str, Array], tensors: Sequence[TensorSignature]) -> Rows:
    inputs = {tensor.name: _input(name, arrays, tensor) for tensor in tensors}
    others = {array: values for array, values in arrays.items() if array not in inputs}
    unknown = [array for array in others if _is_feature(array)]
    if unknown:
        known = ", ".join(inputs)
        raise RowsError(
            f"{name}: array {unknown[0]!r} is no input of the model ({known}), nor label, group, slice:NAME "
            "or feature_names"
        )
    count = _count(name, inputs)
    per_row = {
        array: _per_row(name, array, others[array], count) for array in others if array != FEATURE_NAMES
    }
    return Rows(
        inputs=inputs,
        label=per_row.get(LABEL),
        group=numbered(per_row[GROUP]) if GROUP in per_row else None,
        slices={
            array.removeprefix(SLICE_PREFIX): values
            for array, values in per_row.items()
            if array.startswith(SLICE_PREFIX)
        },
        feature_names=_feature_names(name, others.get(FEATURE_NAMES), inputs),
    )


def _input(name: str, arrays: Mapping[str, Array], tensor: TensorSignature) -> Array:
    if tensor.name not in arrays:
        raise RowsError(f"{name}: no array for the model's input {tensor.name!r}; it has {', '.join(arrays)}")
    try:
        return fitted(arrays[tensor.name], tensor)
    except ValueError as error:
        raise RowsError(f"{name}: array {tensor.name!r} {error}") from None


def _count(name: str, inputs: Mapping[str, Array]) -> int:
    counts = {array: len(values) for array, values in inputs.items()}
    if len(set(counts.values())) != 1 or 0 in counts.values():
        raise RowsError(f"{name}: inputs must have the same number of rows, at least one; they have {counts}")
    return next(iter(counts.values()))


def _per_row(name: str, array: str, values: Array, count: int) -> Array:
    flat = values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values
    if flat.shape != (count,):
        raise RowsError(
            f"{name}: array {array!r} has shape {values.shape}; one value for each of {count} rows"
        )
    if flat.dtype.kind == "f" and np.isnan(flat).any():
        raise RowsError(f"{name}: array {array!r} has missing values")
    return flat


def _feature_names(
    name: str, names: Array | None, inputs: Mapping[str, Array]
) -> Mapping[str, Sequence[str]]:
    if names is None:
        return {}
    tables = [array for array, values in inputs.items() if values.ndim == 2 and values.shape[1] == names.size]
    if len(tables) != 1:
        raise RowsError(f"{name}: array 'feature_names' has {names.size} names, which fit no single input")
    return {tables[0]: [str(each) for each in names.ravel().tolist()]}
