"""What labels are about: the first output of classes, else of scores, else of numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from holdfast.binning import profile_of
from holdfast.failures import ModelError
from holdfast.results import TensorSignature
from holdfast.settings import ServerSettings
from holdfast.signature import Signature
from holdfast_serving.feedback.loop import classes_of, feedback_loop
from holdfast_serving.feedback.predicted_values import class_code, error_scale, predicted_values
from holdfast_serving.feedback.prediction_ids import Kind
from holdfast_serving.telemetry.metric_store import MetricStore

LABEL = TensorSignature(name="label", datatype="INT64", shape=[-1])
TEXT = TensorSignature(name="text", datatype="BYTES", shape=[-1, 1])
SCORES = TensorSignature(name="scores", datatype="FP32", shape=[-1, 3])
NUMBER = TensorSignature(name="number", datatype="FP32", shape=[-1, 1])
DOUBLE = TensorSignature(name="double", datatype="FP64", shape=[-1])
IMAGE = TensorSignature(name="image", datatype="FP32", shape=[-1, 8, 8])


def signature(*outputs: TensorSignature, classes: dict[str, Any] | None = None) -> Signature:
    return Signature((NUMBER,), outputs, classes or {})


@pytest.mark.parametrize(
    ("outputs", "found"),
    [
        ((SCORES, LABEL), ("label", Kind.CLASS)),
        ((TEXT,), ("text", Kind.CLASS)),
        ((IMAGE, SCORES), ("scores", Kind.CLASS)),
        ((NUMBER, DOUBLE), ("number", Kind.FLOAT32)),
        ((DOUBLE,), ("double", Kind.FLOAT64)),
        ((IMAGE,), None),
    ],
)
def test_labels_are_about_the_first_output_that_can_have_them(
    outputs: tuple[TensorSignature, ...], found: tuple[str, Kind] | None
) -> None:
    values = predicted_values(signature(*outputs), None)
    assert (None if values is None else (values.output, values.kind)) == found


@pytest.mark.parametrize(
    ("classes", "named", "expected"),
    [
        pytest.param({"scores": ("a", "b", "c")}, ["x", "y", "z"], "c", id="the model names them"),
        pytest.param(None, ["x", "y", "z"], "z", id="the package names them"),
        pytest.param(None, None, 2, id="by position"),
    ],
)
def test_the_class_of_best_score_is_the_prediction(
    classes: dict[str, Any] | None, named: list[str] | None, expected: Any
) -> None:
    values = predicted_values(signature(SCORES, classes=classes), named)
    assert values is not None
    codes = np.frombuffer(values.encode(np.array([[0.1, 0.2, 0.7]], dtype=np.float32)), dtype="<u4")
    assert codes.tolist() == [class_code(expected)]


@pytest.mark.parametrize("label", [True, 1, 1.0, "1", b"1"])
def test_a_class_is_known_by_its_text(label: Any) -> None:
    assert class_code(label) == class_code(1) != class_code(1.5)


@pytest.mark.parametrize("rows", [1, 3])
def test_texts_and_bytes_of_a_class_are_equal(rows: int) -> None:
    values = predicted_values(signature(TEXT), None)
    assert values is not None
    texts, raw = (np.array([[each]] * rows, dtype=object) for each in ("größer", "größer".encode()))
    assert values.encode(texts) == values.encode(raw) == class_code("größer").to_bytes(4, "little") * rows


def test_more_classes_than_are_remembered_have_codes_all_the_same() -> None:
    values = predicted_values(signature(LABEL), None)
    assert values is not None
    labels = np.arange(3_000)
    assert np.frombuffer(values.encode(labels), "<u4").tolist() == [class_code(each) for each in range(3_000)]


def test_errors_are_measured_by_the_middle_of_the_reference_predictions() -> None:
    reference = np.concatenate([np.linspace(0, 100, 1_000), [1e9]])
    profile = profile_of({"x": reference}, {"y": reference})
    assert error_scale(profile, "y") == pytest.approx(80, rel=0.01)
    assert error_scale(profile, "other") == 1
    assert error_scale(None, "y") == 1


@pytest.mark.parametrize(
    "reference",
    [
        pytest.param(np.zeros(50), id="a constant"),
        pytest.param(np.arange(50) % 2, id="classes"),
        pytest.param(np.arange(50) % 2 * 1.0, id="two values"),
        pytest.param(np.linspace(-1e300, 1e300, 50), id="beyond 32 bits"),
        pytest.param(np.linspace(0, 1e-300, 50), id="below 32 bits"),
    ],
)
def test_where_there_is_no_range_errors_are_measured_by_one(reference: np.ndarray[Any, Any]) -> None:
    assert error_scale(profile_of({"x": reference}, {"y": reference}), "y") == 1


def loop_of(*outputs: TensorSignature, **settings: Any) -> object:
    given = ServerSettings(model_name="m", model_revision="m-1", **settings)
    return feedback_loop(given, signature(*outputs), None, None, MetricStore())


def test_without_a_key_a_prediction_or_the_wish_there_is_no_feedback(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_bytes(b"0123456789abcdef\n")
    assert loop_of(LABEL) is None
    assert loop_of(IMAGE, feedback_key_file=str(file)) is None
    assert loop_of(LABEL, feedback_key_file=str(file), feedback=False) is None
    assert loop_of(LABEL, feedback_key_file=str(file)) is not None


def test_a_key_that_cannot_be_read_or_is_too_short_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="cannot be read"):
        loop_of(LABEL, feedback_key_file=str(tmp_path / "absent"))
    short = tmp_path / "short"
    short.write_bytes(b"0123456789abcde\n")
    with pytest.raises(ModelError, match="at least 16"):
        loop_of(LABEL, feedback_key_file=str(short))


@pytest.mark.parametrize(
    ("metadata", "classes"),
    [(None, None), ({}, None), ({"classes": "ab"}, None), ({"classes": ["a"]}, ["a"])],
)
def test_classes_are_a_list_in_the_metadata(metadata: Any, classes: Any) -> None:
    assert classes_of(metadata) == classes
