"""Sessions of ONNX Runtime on models that scikit-learn and the onnx package make."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.linear_model import LinearRegression, LogisticRegression

from holdfast.bfloat16 import from_bfloat16, to_bfloat16
from holdfast.failures import ModelError
from holdfast.onnx import Session
from holdfast.results import ModelFailureReason
from holdfast.signature import typical_inputs

ROWS = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
CLASSES = (ROWS[:, 0] > 0).astype(np.int64)


def regressor() -> bytes:
    proto = to_onnx(LinearRegression().fit(ROWS, ROWS.sum(axis=1)), ROWS[:1])
    return bytes(proto.SerializeToString())


def graph(nodes: Any, inputs: Any, outputs: Any, opset: int = 18) -> bytes:
    proto = helper.make_model(
        helper.make_graph(nodes, "g", inputs, outputs),
        opset_imports=[helper.make_opsetid("", opset)],
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


def test_bfloat16_tensors_are_bit_patterns_in_and_out() -> None:
    tensors = [helper.make_tensor_value_info(name, TensorProto.BFLOAT16, ["n", 2]) for name in ("x", "y")]
    number = helper.make_tensor_value_info("t", TensorProto.FLOAT, ["n"])
    text = helper.make_tensor_value_info("u", TensorProto.STRING, ["n"])
    nodes = [
        helper.make_node("Cast", ["x"], ["wide"], to=TensorProto.FLOAT),
        helper.make_node("Add", ["wide", "wide"], ["sum"]),
        helper.make_node("Cast", ["sum"], ["y"], to=TensorProto.BFLOAT16),
        helper.make_node("Cast", ["t"], ["u"], to=TensorProto.STRING),
    ]
    session = Session.open(graph(nodes, [tensors[0], number], [tensors[1], text]))
    assert [each.datatype for each in session.signature.inputs] == ["BF16", "FP32"]
    given: dict[str, Any] = {"x": to_bfloat16([[1.5, -3]]), "t": np.array([2], dtype=np.float32)}
    answer = session.run(given)
    assert from_bfloat16(answer["y"]).tolist() == [[3, -6]]
    assert answer["u"].tolist() == ["2"]
    nothing: dict[str, Any] = {"x": np.zeros((0, 2), dtype=np.uint16), "t": np.zeros(0, dtype=np.float32)}
    assert session.run(nothing, ["y"])["y"].shape == (0, 2)
    turned: dict[str, Any] = {"x": to_bfloat16([[1, 2], [3, 4]]).T, "t": given["t"]}
    assert from_bfloat16(session.run(turned)["y"]).tolist() == [[2, 6], [4, 8]]


def test_bfloat16_beside_text_inputs_is_refused() -> None:
    inputs = [
        helper.make_tensor_value_info("x", TensorProto.BFLOAT16, [1]),
        helper.make_tensor_value_info("t", TensorProto.STRING, [1]),
    ]
    outputs = [
        helper.make_tensor_value_info("y", TensorProto.BFLOAT16, [1]),
        helper.make_tensor_value_info("u", TensorProto.STRING, [1]),
    ]
    nodes = [helper.make_node("Identity", [given], [answer]) for given, answer in ("xy", "tu")]
    with pytest.raises(ModelError, match="both BF16 tensors and text inputs"):
        Session.open(graph(nodes, inputs, outputs))


def test_datatypes_outside_the_protocol_are_refused() -> None:
    given = helper.make_tensor_value_info("x", TensorProto.FLOAT8E4M3FN, [1])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    with pytest.raises(ModelError, match="has not"):
        Session.open(graph([helper.make_node("Cast", ["x"], ["y"], to=1)], [given], [answer], opset=19))


def test_several_inputs_and_outputs_with_fixed_and_free_dimensions_and_texts() -> None:
    inputs = [
        helper.make_tensor_value_info("table", TensorProto.DOUBLE, ["rows", 2]),
        helper.make_tensor_value_info("fixed", TensorProto.INT32, [1, 3]),
        helper.make_tensor_value_info("one", TensorProto.BOOL, []),
        helper.make_tensor_value_info("words", TensorProto.STRING, ["rows", "words"]),
    ]
    names = ("table_out", "fixed_out", "one_out", "words_out")
    outputs = [
        helper.make_tensor_value_info(name, each.type.tensor_type.elem_type, None)
        for name, each in zip(names, inputs, strict=True)
    ]
    nodes = [
        helper.make_node("Identity", [each.name], [name]) for each, name in zip(inputs, names, strict=True)
    ]
    session = Session.open(graph(nodes, inputs, outputs))
    assert {each.name: (each.datatype, each.shape) for each in session.signature.inputs} == {
        "table": ("FP64", [-1, 2]),
        "fixed": ("INT32", [1, 3]),
        "one": ("BOOL", []),
        "words": ("BYTES", [-1, -1]),
    }
    given: dict[str, Any] = {
        "table": np.ones((2, 2)),
        "fixed": np.ones((1, 3), dtype=np.int32),
        "one": np.array(True),
        "words": np.array([["a", ""], ["ü", "d"]], dtype=object),
    }
    answer = session.run(given, names[::-1])
    assert list(answer) == list(names[::-1])
    for name, sent in given.items():
        np.testing.assert_array_equal(answer[f"{name}_out"], sent)


def test_names_that_are_too_long_are_refused() -> None:
    name = "x" * 129
    given = helper.make_tensor_value_info(name, TensorProto.FLOAT, [1])
    answer = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])
    with pytest.raises(ModelError, match="longer than 128"):
        Session.open(graph([helper.make_node("Neg", [name], ["y"])], [given], [answer]))


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
