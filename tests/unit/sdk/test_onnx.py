"""Sessions of ONNX Runtime on models that scikit-learn and the onnx package make."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.linear_model import LinearRegression, LogisticRegression

from holdfast.failures import ModelError
from holdfast.onnx import Session
from holdfast.results import ModelFailureReason
from holdfast.signature import typical_inputs

ROWS = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
CLASSES = (ROWS[:, 0] > 0).astype(np.int64)


def regressor() -> bytes:
    proto = to_onnx(LinearRegression().fit(ROWS, ROWS.sum(axis=1)), ROWS[:1])
    return bytes(proto.SerializeToString())


def graph(node: Any, inputs: Any, outputs: Any) -> bytes:
    proto = helper.make_model(
        helper.make_graph([node], "g", inputs, outputs),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=10,
    )
    return bytes(proto.SerializeToString())


def test_telemetry_is_off_before_the_library_starts() -> None:
    assert os.environ["ORT_DISABLE_TELEMETRY"] == "1"


def test_a_model_runs_from_bytes_and_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(regressor())
    for source in (path, regressor()):
        session = Session.open(source, threads=1)
        (given,) = session.signature.inputs
        assert (given.datatype, given.shape) == ("FP32", [-1, 3])
        answer = session.run({given.name: ROWS})
        assert answer["variable"][:, 0] == pytest.approx(ROWS.sum(axis=1), abs=1e-4)
        assert session.run(typical_inputs(session.signature), ["variable"])["variable"].shape == (1, 1)


def test_a_classifier_without_zipmap_has_labels_and_probabilities() -> None:
    proto = to_onnx(LogisticRegression().fit(ROWS, CLASSES), ROWS[:1], options={"zipmap": False})
    session = Session.open(proto.SerializeToString())
    assert [(each.datatype, each.shape) for each in session.signature.outputs] == [
        ("INT64", [-1]),
        ("FP32", [-1, 2]),
    ]


def test_a_classifier_with_zipmap_is_refused_with_the_remedy() -> None:
    proto = to_onnx(LogisticRegression().fit(ROWS, CLASSES), ROWS[:1])
    with pytest.raises(ModelError, match="zipmap=False") as refused:
        Session.open(proto.SerializeToString())
    assert refused.value.reason == ModelFailureReason.CHECK_FAILED


def test_datatypes_outside_the_protocol_are_refused() -> None:
    given = helper.make_tensor_value_info("x", TensorProto.BFLOAT16, [1])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    with pytest.raises(ModelError, match="has not"):
        Session.open(graph(helper.make_node("Cast", ["x"], ["y"], to=1), [given], [answer]))


def test_names_that_are_too_long_are_refused() -> None:
    name = "x" * 129
    given = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    with pytest.raises(ModelError, match="longer than 128"):
        Session.open(graph(helper.make_node("Neg", [name], ["y"]), [given], [answer]))


def test_what_cannot_be_loaded_is_refused_without_paths(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"garbage")
    with pytest.raises(ModelError, match="cannot load") as refused:
        Session.open(path)
    assert refused.value.reason == ModelFailureReason.NOT_ONNX
    assert str(tmp_path) not in refused.value.message


def test_an_inference_that_fails_says_so() -> None:
    session = Session.open(regressor())
    with pytest.raises(ModelError, match="inference failed") as refused:
        session.run({"X": np.zeros((1, 9), dtype=np.float32)})
    assert refused.value.reason == ModelFailureReason.CHECK_FAILED
