"""Reference and holdout files as trainers write them."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

from holdfast.failures import ModelError
from holdfast.results import TensorSignature
from holdfast.row_arrays import fitted, numbered
from holdfast.rows import Rows, RowsError, read_rows
from holdfast.signature import Signature

OUTPUT = (TensorSignature(name="y", datatype="FP32", shape=[-1, 1]),)


def signature(*inputs: tuple[str, str, list[int]]) -> Signature:
    tensors = tuple(TensorSignature(name=name, datatype=kind, shape=shape) for name, kind, shape in inputs)
    return Signature(inputs=tensors, outputs=OUTPUT)


TABLE = signature(("x", "FP32", [-1, 2]))
COLUMNS = signature(("age", "FP32", [-1, 1]), ("zone", "BYTES", [-1, 1]))
X = np.arange(6.0).reshape(3, 2)


def read(folder: Path, model: Signature = TABLE) -> Rows:
    rows = read_rows(folder, "holdout", model)
    assert rows is not None
    return rows


def save(folder: Path, **arrays: Any) -> None:
    np.savez(folder / "holdout.npz", **arrays)


def save_parquet(folder: Path, columns: dict[str, Any]) -> None:
    parquet.write_table(pa.table(columns), folder / "holdout.parquet")


def test_npz_rows_have_the_models_datatypes(tmp_path: Path) -> None:
    names = np.array(["a", "b"])
    save(
        tmp_path,
        x=X,
        label=[1, 0, 1],
        group=["w1", "w2", "w1"],
        feature_names=names,
        **{"slice:sex": list("fmf")},
    )
    rows = read(tmp_path)
    assert rows.inputs["x"].dtype == np.float32
    assert len(rows) == rows.count == 3
    assert rows.label is not None
    assert rows.label.tolist() == [1, 0, 1]
    assert rows.group is not None
    assert rows.group.tolist() == [0, 1, 0]
    assert rows.slices["sex"].tolist() == ["f", "m", "f"]
    assert rows.feature_names == {"x": ["a", "b"]}


def test_the_optional_arrays_are_optional(tmp_path: Path) -> None:
    save(tmp_path, x=X)
    rows = read(tmp_path)
    assert (rows.label, rows.group, rows.slices, rows.feature_names) == (None, None, {}, {})


def test_without_a_file_there_are_no_rows(tmp_path: Path) -> None:
    assert read_rows(tmp_path, "holdout", TABLE) is None


def test_an_input_may_be_called_label(tmp_path: Path) -> None:
    save(tmp_path, label=X)
    assert read(tmp_path, signature(("label", "FP32", [-1, 2]))).label is None


def test_parquet_columns_become_the_table_in_their_order(tmp_path: Path) -> None:
    week = pa.array(["w1", "w1", "w2"]).dictionary_encode()
    save_parquet(tmp_path, {"b": [1, 2, 3], "label": [0.5, 1, 2], "a": [0.5, None, 1.5], "group": week})
    rows = read(tmp_path)
    assert rows.inputs["x"][:, 0].tolist() == [1, 2, 3]
    assert np.isnan(rows.inputs["x"][1, 1])
    assert rows.feature_names == {"x": ["b", "a"]}
    assert rows.group is not None
    assert rows.group.tolist() == [0, 0, 1]


def test_parquet_columns_become_the_inputs_of_their_name(tmp_path: Path) -> None:
    save_parquet(tmp_path, {"zone": ["a", None, "b"], "age": [1, 2, 3], "label": [0, 1, 0]})
    rows = read(tmp_path, COLUMNS)
    assert rows.inputs["age"].tolist() == [[1], [2], [3]]
    assert rows.inputs["zone"].tolist() == [["a"], [""], ["b"]]


def test_large_files_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.rows.MAX_ROWS_BYTES", 100)
    save(tmp_path, x=X)
    with pytest.raises(RowsError, match=r"holdout\.npz unpacks to"):
        read(tmp_path)
    (tmp_path / "holdout.npz").unlink()
    save_parquet(tmp_path, {"a": [1.0, 2.0], "b": [1.0, 2.0]})
    with pytest.raises(RowsError, match=r"holdout\.parquet unpacks to"):
        read(tmp_path)


def test_without_pyarrow_parquet_is_refused_with_the_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save_parquet(tmp_path, {"a": [1.0]})
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    with pytest.raises(RowsError, match="write an NPZ file"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        pytest.param({"z": X}, "no array for the model's input 'x'", id="no input"),
        pytest.param({"x": X, "lable": [1, 2, 3]}, "array 'lable' is no input", id="unknown"),
        pytest.param({"x": X[:0]}, "at least one", id="no rows"),
        pytest.param({"x": np.zeros((3, 5))}, r"'x' has shape \(3, 5\)", id="width"),
        pytest.param({"x": np.zeros((3, 2, 1))}, "'x' has shape", id="rank"),
        pytest.param({"x": np.array([["a", "b"]])}, "'x' holds <U1", id="texts"),
        pytest.param({"x": X, "label": [1, 2]}, "one value for each of 3 rows", id="labels"),
        pytest.param({"x": X, "label": [1, np.nan, 2]}, "'label' has missing values", id="missing label"),
        pytest.param({"x": X, "feature_names": ["a"]}, "fit no single input", id="names"),
    ],
)
def test_npz_files_that_do_not_fit_are_refused(tmp_path: Path, arrays: dict[str, Any], message: str) -> None:
    save(tmp_path, **arrays)
    with pytest.raises(RowsError, match=message):
        read(tmp_path)


def test_inputs_of_different_length_are_refused(tmp_path: Path) -> None:
    save(tmp_path, age=[1.0, 2.0], zone=["a"])
    with pytest.raises(RowsError, match="same number of rows"):
        read(tmp_path, COLUMNS)


def test_python_objects_are_never_unpickled(tmp_path: Path) -> None:
    save(tmp_path, x=np.array([[{"a": 1}, None]], dtype=object))
    with pytest.raises(RowsError, match="holds Python objects"):
        read(tmp_path)


def npz_of(content: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("x.npy", content)
    return file.getvalue()


HUGE = (
    b"\x93NUMPY\x01\x00v\x00"
    + b"{'descr': '<f8', 'fortran_order': False, 'shape': (9999999999999,), }".ljust(117)
    + b"\n"
)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not a zip", id="text"),
        pytest.param(npz_of(b""), id="empty array"),
        pytest.param(npz_of(b"\x93NUMPY\x01\x00"), id="cut off"),
        pytest.param(npz_of(HUGE), id="huge shape"),
    ],
)
def test_files_that_are_no_npz_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "holdout.npz").write_bytes(content)
    with pytest.raises(RowsError, match=r"holdout\.npz"):
        read(tmp_path)


def test_files_that_are_no_parquet_are_refused(tmp_path: Path) -> None:
    (tmp_path / "holdout.parquet").write_bytes(b"not Parquet")
    with pytest.raises(RowsError, match="no Parquet file"):
        read(tmp_path)


def test_parquet_columns_that_fit_no_input_are_refused(tmp_path: Path) -> None:
    save_parquet(tmp_path, {"height": [1.0], "label": [1]})
    with pytest.raises(RowsError, match=r"no columns for the model's inputs \(age, zone\)"):
        read(tmp_path, COLUMNS)


def test_two_files_are_one_too_many(tmp_path: Path) -> None:
    save(tmp_path, x=X)
    save_parquet(tmp_path, {"a": [1.0]})
    with pytest.raises(RowsError, match="both"):
        read(tmp_path)


def test_links_are_not_followed(tmp_path: Path) -> None:
    save(tmp_path, x=X)
    (tmp_path / "holdout.npz").rename(tmp_path / "elsewhere")
    (tmp_path / "holdout.npz").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="link"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("values", "kind", "shape", "expected"),
    [
        pytest.param([1, 2], "FP32", [-1], [1.0, 2.0], id="whole to real"),
        pytest.param([1.0, 2.0], "INT64", [-1], [1, 2], id="whole real to whole"),
        pytest.param([[1.0], [2.0]], "FP64", [-1], [1.0, 2.0], id="column to list"),
        pytest.param([0, 1], "BOOL", [-1], [False, True], id="truth"),
        pytest.param([b"a", "b"], "BYTES", [-1], ["a", "b"], id="bytes and texts"),
        pytest.param(np.array([b"a"]), "BYTES", [-1], ["a"], id="bytes"),
    ],
)
def test_arrays_are_fitted(values: Any, kind: str, shape: list[int], expected: Any) -> None:
    given = (
        np.array(values, dtype=object) if kind == "BYTES" and isinstance(values, list) else np.asarray(values)
    )
    tensor = TensorSignature(name="x", datatype=kind, shape=shape)
    assert fitted(given, tensor).tolist() == expected


@pytest.mark.parametrize(
    ("values", "kind", "message"),
    [
        pytest.param([1.5], "INT64", "cannot hold", id="fraction"),
        pytest.param([np.nan], "INT64", "cannot hold", id="missing"),
        pytest.param([300], "UINT8", "cannot hold", id="range"),
        pytest.param([2], "BOOL", "cannot hold", id="truth"),
        pytest.param([1.0], "BYTES", "wants texts", id="number for text"),
    ],
)
def test_values_are_never_silently_changed(values: Any, kind: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        fitted(np.asarray(values), TensorSignature(name="x", datatype=kind, shape=[-1]))


def test_groups_are_numbered_whatever_they_are() -> None:
    assert numbered(np.array([20, 10, 20])).tolist() == [1, 0, 1]
    assert numbered(np.array(["b", None, "b"], dtype=object)).tolist() == [1, 0, 1]
    assert numbered(np.array(["2026-01-05", "2025-01-05"], dtype="datetime64[D]")).tolist() == [1, 0]
