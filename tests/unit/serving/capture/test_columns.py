"""Captured requests as Parquet, read back with another library."""

import datetime as dt
from io import BytesIO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from holdfast.binning import profile_of
from holdfast_serving.capture.columns import Captured, ColumnNames, parquet_files
from holdfast_serving.inference.tensors import Tensor

BARE = ColumnNames(None)


def tables(*captured: Captured, names: ColumnNames = BARE) -> list[pa.Table]:
    files = parquet_files(captured, names, "m-1")
    found = [pq.read_table(BytesIO(content)) for content, _ in files]
    assert [table.num_rows for table in found] == [rows for _, rows in files]
    return found


def captured(inputs: dict[str, Tensor], **outputs: Tensor) -> Captured:
    return Captured(1_700_000_000.25, "id-7", inputs, outputs, "p-7")


def test_every_feature_and_output_is_a_column_and_every_row_a_row() -> None:
    first = captured({"x": np.array([[1, 2], [3, 4]], np.float32)}, label=np.array([5, 6]))
    second = Captured(1_700_000_001, None, {"x": np.array([[7, 8]], np.float32)}, {"label": np.array([9])})
    (table,) = tables(first, second)
    assert table.column_names == ["time", "request_id", "prediction_id", "revision", "x[0]", "x[1]", "label"]
    assert table["x[0]"].to_pylist() == [1, 3, 7]
    assert table["x[1]"].to_pylist() == [2, 4, 8]
    assert table["label"].to_pylist() == [5, 6, 9]
    assert table["request_id"].to_pylist() == ["id-7", "id-7", None]
    assert table["prediction_id"].to_pylist() == ["p-7", "p-7", None]
    assert set(table["revision"].to_pylist()) == {"m-1"}
    times = [each.replace(tzinfo=dt.UTC).timestamp() for each in table["time"].to_pylist()]
    assert times == [1_700_000_000.25, 1_700_000_000.25, 1_700_000_001]


def test_columns_have_the_names_of_the_profile() -> None:
    rows = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    profile = profile_of({"x": rows}, {"y": rows[:, :1]}, {"x": ["age", "income"]})
    (table,) = tables(captured({"x": rows}, y=rows[:, :1]), names=ColumnNames(profile))
    assert table.column_names[4:] == ["age", "income", "y"]


@pytest.mark.parametrize(
    ("excluded", "left"),
    [
        ({"income"}, ["age", "y"]),
        ({"x[0]"}, ["income", "y"]),
        ({"x"}, ["y"]),
        ({"y"}, ["age", "income"]),
        ({"other"}, ["age", "income", "y"]),
    ],
)
def test_excluded_columns_do_not_exist(excluded: set[str], left: list[str]) -> None:
    rows = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)
    profile = profile_of({"x": rows}, {"y": rows[:, 0]}, {"x": ["age", "income"]})
    names = ColumnNames(profile, frozenset(excluded))
    (table,) = tables(captured({"x": rows}, y=rows[:, 0]), names=names)
    assert table.column_names[4:] == left


@pytest.mark.parametrize(
    ("tensor", "values"),
    [
        pytest.param(np.array(["a", "ü"], dtype=object), ["a", "ü"], id="texts"),
        pytest.param(np.array([["a"], ["b"]], dtype=object), ["a", "b"], id="texts-in-a-column"),
        pytest.param(np.array([True, False]), [True, False], id="truth-values"),
        pytest.param(np.array([2**64 - 1, 0], np.uint64), [2**64 - 1, 0], id="uint64"),
        pytest.param(np.array([1.5, np.inf], np.float16), [1.5, np.inf], id="float16"),
        pytest.param(np.arange(8.0).reshape(2, 2, 2), [[0, 1, 2, 3], [4, 5, 6, 7]], id="more-dimensions"),
        pytest.param(np.array(3), [3], id="scalar"),
    ],
)
def test_values_keep_their_kind(tensor: Tensor, values: list[object]) -> None:
    (table,) = tables(captured({"x": tensor}))
    assert table["x"].to_pylist() == values


def test_wide_tensors_are_one_column_of_lists() -> None:
    (table,) = tables(captured({"x": np.zeros((3, 600), np.float32)}))
    assert table.column_names[4:] == ["x"]
    assert len(table["x"][0]) == 600


def test_what_is_given_once_for_a_request_is_repeated() -> None:
    (table,) = tables(captured({"x": np.array([1, 2, 3]), "limit": np.array([9])}, total=np.array(7)))
    assert table["limit"].to_pylist() == [9, 9, 9]
    assert table["total"].to_pylist() == [7, 7, 7]


def test_requests_of_other_shapes_are_other_files() -> None:
    found = tables(captured({"x": np.zeros((1, 2))}), captured({"x": np.zeros((1, 3))}))
    assert [table.column_names[4:] for table in found] == [["x[0]", "x[1]"], ["x[0]", "x[1]", "x[2]"]]


def test_output_of_the_name_of_an_input_has_its_own_column() -> None:
    (table,) = tables(captured({"x": np.array([1])}, x=np.array([2]), time=np.array([3])))
    assert table.column_names[4:] == ["x", "output.x", "output.time"]
