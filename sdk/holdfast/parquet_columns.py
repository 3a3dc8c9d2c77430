"""Columns of a Parquet file as arrays by input name; pyarrow is imported only when such a file is read."""

from collections.abc import Callable, Sequence
from typing import Any, BinaryIO

import numpy as np

from holdfast.results import TensorSignature
from holdfast.row_arrays import Array, RowsError


def read_parquet(
    name: str,
    file: BinaryIO,
    max_bytes: int,
    is_feature: Callable[[str], bool],
    inputs: Sequence[TensorSignature],
) -> dict[str, Array]:
    """Return the columns by name, with the features of a model of one table input under that input's name.

    A model whose inputs all have a column of their name takes them so; else the feature columns, in order,
    are the table. Missing numbers become NaN, missing texts None.

    Raises:
        RowsError: the file cannot be read, is too large, or fits neither form.
    """
    columns = _read(name, file, max_bytes)
    if all(tensor.name in columns for tensor in inputs):
        return columns
    features = {column: values for column, values in columns.items() if is_feature(column)}
    if len(inputs) != 1 or not features:
        wanted = ", ".join(tensor.name for tensor in inputs)
        raise RowsError(f"{name}: no columns for the model's inputs ({wanted}); it has {', '.join(columns)}")
    others = {column: values for column, values in columns.items() if column not in features}
    table = np.column_stack(list(features.values()))
    return {**others, inputs[0].name: table, "feature_names": np.array(list(features), dtype=np.str_)}


def _read(name: str, file: BinaryIO, max_bytes: int) -> dict[str, Array]:
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError:
        raise RowsError(f"{name}: reading Parquet needs pyarrow; write an NPZ file instead") from None
    try:
        opened = parquet.ParquetFile(file)
        groups = range(opened.metadata.num_row_groups)
        size = sum(opened.metadata.row_group(each).total_byte_size for each in groups)
        if size > max_bytes:
            raise RowsError(f"{name} unpacks to {size} bytes; at most {max_bytes} are read")
        table = opened.read()
    except (pa.ArrowException, OSError) as error:
        raise RowsError(f"{name} is no Parquet file: {error}") from None
    return {column: _array(table.column(column)) for column in table.column_names}


def _array(column: Any) -> Array:
    import pyarrow as pa

    if pa.types.is_dictionary(column.type):
        column = column.cast(column.type.value_type)
    return np.asarray(column.to_numpy())
