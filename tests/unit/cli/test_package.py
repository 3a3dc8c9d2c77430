"""`holdfast package`: from a model and rows to a package that verifies, and what is refused."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.unit.cli.invocation import Run
from tests.unit.cli.models import make_rows, write_model, write_rows


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return write_model(tmp_path / "trained.onnx")


@pytest.fixture
def package(tmp_path: Path, model: Path, run: Run) -> Path:
    folder = tmp_path / "package"
    rows = write_rows(tmp_path / "reference.npz")
    answer = run("package", "make", str(folder), "--model", str(model), "--reference", str(rows))
    assert answer.code == 0, answer.err
    return folder


def test_a_package_has_a_profile_of_features_and_predictions(package: Path) -> None:
    profile = json.loads((package / "profile.json").read_text())
    assert {(each["kind"], each["name"]) for each in profile["columns"]} == {
        ("feature", "temperature"),
        ("feature", "hour"),
        ("output", "count"),
        ("residual", "residual"),
    }
    assert {path.name for path in package.iterdir()} == {"model.onnx", "profile.json", "manifest.json"}


def test_show_tells_tensors_and_digest(package: Path, run: Run) -> None:
    document = json.loads(run("package", "show", str(package), "-o", "json").out)
    assert document["inputs"] == [{"name": "x", "datatype": "FP32", "shape": [-1, 2]}]
    assert document["profile"]["rows"] == 500
    shown = run("package", "show", str(package)).out
    assert document["digest"] in shown
    assert "x  FP32  [-1, 2]" in shown


def test_a_package_verifies_with_its_own_digest_only(package: Path, run: Run) -> None:
    digest = json.loads(run("package", "verify", str(package), "-o", "json").out)["digest"]
    assert run("package", "verify", str(package), "--digest", digest).out.strip() == f"✔ {digest}"
    other = run("package", "verify", str(package), "--digest", "sha256:" + "0" * 64)
    assert other.code == 1
    assert "DigestMismatch" in other.err


def test_a_changed_file_is_found(package: Path, run: Run) -> None:
    (package / "profile.json").write_text("{}")
    answer = run("package", "verify", str(package))
    assert answer.code == 1
    assert "profile.json" in answer.err


def test_metadata_and_categories_are_taken(tmp_path: Path, model: Path, run: Run) -> None:
    (tmp_path / "metadata.json").write_text('{"trainedBy": "me"}')
    folder, rows = tmp_path / "package", write_rows(tmp_path / "rows.npz")
    options = ("--metadata", str(tmp_path / "metadata.json"), "--categorical", "hour", "-o", "json")
    answer = run("package", "make", str(folder), "-m", str(model), "-r", str(rows), *options)
    assert json.loads(answer.out)["metadata"] == {"trainedBy": "me"}
    columns = json.loads((folder / "profile.json").read_text())["columns"]
    assert {each["type"] for each in columns if each["name"] == "hour"} == {"categorical"}


def test_without_rows_there_is_no_profile_and_that_is_said(tmp_path: Path, model: Path, run: Run) -> None:
    answer = run("package", "make", str(tmp_path / "package"), "--model", str(model))
    assert answer.code == 0
    assert "drift of this model cannot be seen" in answer.err


def test_a_package_is_never_overwritten(package: Path, model: Path, run: Run) -> None:
    answer = run("package", "make", str(package), "--model", str(model))
    assert answer.code == 1
    assert "Give a new folder" in answer.err


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"features": make_rows()}, "no array for the model's input 'x'"),
        ({"x": make_rows()[:, :1]}, "has shape (500, 1)"),
        ({"x": make_rows(0)}, "at least one"),
        ({"x": np.array([["a", "b"]])}, "but the model wants FP32"),
    ],
    ids=["other-name", "too-few-columns", "no-rows", "texts"],
)
def test_rows_that_do_not_fit_the_model_are_refused(
    tmp_path: Path,
    model: Path,
    run: Run,
    arrays: dict[str, Any],
    message: str,
) -> None:
    rows = tmp_path / "rows.npz"
    np.savez(rows, **arrays)
    answer = run("package", "make", str(tmp_path / "package"), "-m", str(model), "-r", str(rows))
    assert answer.code == 1
    assert message in answer.err
    assert not (tmp_path / "package").exists()


def test_files_that_are_not_what_they_should_be(tmp_path: Path, model: Path, run: Run) -> None:
    (tmp_path / "text.onnx").write_text("not a model")
    bad_model = run("package", "make", str(tmp_path / "a"), "-m", str(tmp_path / "text.onnx"))
    no_model = run("package", "make", str(tmp_path / "b"), "-m", str(tmp_path / "absent.onnx"))
    no_rows = run(
        "package", "make", str(tmp_path / "c"), "-m", str(model), "-r", str(tmp_path / "absent.npz")
    )
    no_package = run("package", "show", str(tmp_path))
    assert (bad_model.code, no_model.code, no_rows.code, no_package.code) == (1, 4, 4, 4)
    assert "NotONNX" in bad_model.err
    assert "ModelNotFound" in no_package.err
