"""The range of operator versions that is promised: each runs, the next does not, and the refusal says so."""

import numpy as np
import pytest
from onnx import TensorProto, helper

from holdfast.failures import ModelError
from holdfast.onnx import Session
from holdfast.opsets import IR_VERSIONS, OPSETS, describe_unsupported

ROWS = np.array([[1, -2], [3, 4]], dtype=np.float32)


def model(domain: str, version: int, ir_version: int = 10) -> bytes:
    """Return a model of two operators that every version of the domain has."""
    if domain == "ai.onnx":
        nodes = [helper.make_node("Relu", ["x"], ["z"]), helper.make_node("MatMul", ["z", "z"], ["y"])]
    else:
        nodes = [
            helper.make_node("Scaler", ["x"], ["z"], offset=[0.0], scale=[2.0], domain=domain),
            helper.make_node("Normalizer", ["z"], ["y"], norm="L1", domain=domain),
        ]
    tensors = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["rows", 2]) for name in "xy"]
    opset = helper.make_opsetid("" if domain == "ai.onnx" else domain, version)
    graph = helper.make_graph(nodes, "g", tensors[:1], tensors[1:])
    made = helper.make_model(graph, opset_imports=[opset], ir_version=ir_version)
    return bytes(made.SerializeToString())


def versions() -> list[tuple[str, int]]:
    return [(domain, version) for domain, (low, high) in OPSETS.items() for version in range(low, high + 1)]


@pytest.mark.parametrize(("domain", "version"), versions())
def test_every_version_of_the_range_runs(domain: str, version: int) -> None:
    content = model(domain, version)
    answer = Session.open(content).run({"x": ROWS})["y"]
    relu = np.maximum(ROWS, 0)
    expected = relu @ relu if domain == "ai.onnx" else ROWS / np.abs(ROWS).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(answer, expected, rtol=1e-6)
    assert describe_unsupported(content) is None


@pytest.mark.parametrize("version", range(IR_VERSIONS[0], IR_VERSIONS[1] + 1))
def test_every_ir_version_of_the_range_runs(version: int) -> None:
    assert Session.open(model("ai.onnx", 8, version)).run({"x": ROWS})["y"].shape == (2, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (model("ai.onnx", OPSETS["ai.onnx"][1] + 1), "opset 29 of ai.onnx; opsets 7 to 28 are supported"),
        (model("ai.onnx.ml", 6), "opset 6 of ai.onnx.ml; opsets 1 to 5 are supported"),
        (model("ai.onnx", 1), "opset 1 of ai.onnx; opsets 7 to 28 are supported"),
        (model("ai.onnx", 18, IR_VERSIONS[1] + 1), "IR version 15; versions 3 to 14 are supported"),
    ],
    ids=["next opset", "next ML opset", "ancient opset", "next IR version"],
)
def test_beyond_the_range_the_refusal_names_the_range(content: bytes, said: str) -> None:
    with pytest.raises(ModelError, match=said):
        Session.open(content)


@pytest.mark.parametrize("content", [b"", b"\xff\xff", b"\x42\x03\x0a\x01\xff"])
def test_what_is_no_model_has_no_version(content: bytes) -> None:
    assert describe_unsupported(content) is None
