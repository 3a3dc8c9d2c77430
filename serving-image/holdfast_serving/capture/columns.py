"""Captured requests -> a table: one row per row of a request, one column per feature and per output."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any, Final

import numpy as np
from arro3.core import Array, DataType, Table, fixed_size_list_array
from arro3.io import write_parquet

from holdfast.profile import Profile
from holdfast_serving.inference.tensors import Tensor

MAX_COLUMNS: Final = 512
"""A tensor with more features is one column of lists, as are those of more dimensions."""
TIME, REQUEST_ID, PREDICTION_ID, REVISION = "time", "request_id", "prediction_id", "revision"
_Shapes = tuple[tuple[str, tuple[int, ...]], ...]


@dataclass(frozen=True, slots=True)
class Captured:
    """An answered request: seconds since the epoch, its ids, inputs and outputs by name."""

    time: float
    id: str | None
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    prediction_id: str | None = None

    @property
    def tensors(self) -> Iterator[tuple[str, str, Tensor]]:
        """Yield kind, name and tensor of all inputs and outputs."""
        yield from (("feature", name, tensor) for name, tensor in self.inputs.items())
        yield from (("output", name, tensor) for name, tensor in self.outputs.items())

    @property
    def rows(self) -> int:
        """The rows of the longest tensor."""
        return max((len(tensor) if tensor.ndim else 1 for _, _, tensor in self.tensors), default=0)

    @property
    def layout(self) -> _Shapes:
        """What requests must share to be rows of one table."""
        return tuple((kind + name, tensor.shape[1:]) for kind, name, tensor in self.tensors)


@dataclass(frozen=True)
class ColumnNames:
    """What the columns of tensors are called; those that are excluded do not exist."""

    profile: Profile | None
    excluded: frozenset[str] = field(default_factory=frozenset)

    def has(self, tensor: str) -> bool:
        """Whether a tensor is captured at all."""
        return tensor not in self.excluded

    def of(self, kind: str, tensor: str, index: int | None) -> str | None:
        """Return a column's name: the profile's, else ``tensor`` or ``tensor[index]``; None if excluded."""
        plain = tensor if index is None else f"{tensor}[{index}]"
        columns = self.profile.columns if self.profile else ()
        found = (
            each.name for each in columns if (each.kind, each.tensor, each.index) == (kind, tensor, index)
        )
        name = next(found, plain)
        return None if self.excluded & {tensor, plain, name} else name


def parquet_files(captured: Iterable[Captured], names: ColumnNames, revision: str) -> list[tuple[bytes, int]]:
    """Return Parquet files with their rows: one, or more where requests differ in the shape of their rows."""
    groups: dict[_Shapes, list[Captured]] = {}
    for each in captured:
        groups.setdefault(each.layout, []).append(each)
    return [_parquet(group, names, revision) for group in groups.values()]


def _parquet(group: Sequence[Captured], names: ColumnNames, revision: str) -> tuple[bytes, int]:
    lengths = [each.rows for each in group]
    columns: dict[str, Any] = {
        TIME: Array.from_numpy(_repeated([round(each.time * 1e6) for each in group], lengths, "M8[us]")),
        REQUEST_ID: _texts(_repeated([each.id for each in group], lengths, object)),
        PREDICTION_ID: _texts(_repeated([each.prediction_id for each in group], lengths, object)),
        REVISION: _texts(_repeated([revision] * len(group), lengths, object)),
    }
    for kind, name, _ in group[0].tensors:
        values = [dict(each.inputs if kind == "feature" else each.outputs)[name] for each in group]
        tensor = np.concatenate([_as_rows(each, rows) for each, rows in zip(values, lengths, strict=True)])
        for column, array in _columns(kind, name, tensor, names):
            columns[column if column not in columns else f"{kind}.{column}"] = array
    target = BytesIO()
    write_parquet(Table.from_pydict(columns), target, compression="zstd(1)")
    return target.getvalue(), sum(lengths)


def _columns(kind: str, name: str, tensor: Tensor, names: ColumnNames) -> Iterator[tuple[str, Array]]:
    if tensor.ndim == 2 and tensor.shape[1] <= MAX_COLUMNS:
        # The profile names the only column of a tensor [rows, 1] without an index.
        single = tensor.shape[1] == 1
        wanted = [
            (names.of(kind, name, None if single else index), index) for index in range(tensor.shape[1])
        ]
        yield from ((column, _array(tensor[:, index])) for column, index in wanted if column is not None)
        return
    column = names.of(kind, name, None)
    if column is None:
        return
    if tensor.ndim == 1:
        yield column, _array(tensor)
    elif tensor.size:
        yield column, fixed_size_list_array(_array(tensor.ravel()), tensor[0].size)


def _as_rows(tensor: Tensor, rows: int) -> Tensor:
    """Return a tensor of so many rows; what is given once for a request is repeated.

    Raises:
        ValueError: it has neither one row nor so many.
    """
    whole = tensor if tensor.ndim else tensor.reshape(1)
    return whole if len(whole) == rows else np.broadcast_to(whole, (rows, *whole.shape[1:]))


def _repeated(values: list[Any], lengths: Sequence[int], dtype: Any) -> Tensor:
    array: Tensor = np.array(values, dtype=dtype)
    return np.repeat(array, lengths)


def _array(values: Tensor) -> Array:
    if values.dtype.hasobject:
        return _texts(values)
    if values.dtype.name == "bfloat16":
        values = values.astype(np.float32)
    return Array.from_numpy(np.ascontiguousarray(values))


def _texts(values: Tensor) -> Array:
    return Array(values.tolist(), type=DataType.string())
