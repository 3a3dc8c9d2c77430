"""ONNX files of valid form that ask for more memory or time than there is."""

import numpy as np
from onnx import AttributeProto, NodeProto, TensorProto, helper
from onnx.numpy_helper import from_array

from tests.unit.serving.hostile_models import model


def memory_bomb() -> bytes:
    """A few bytes that ask for 400 GB."""
    size = _integers("size", [100_000, 1_000_000])
    return model([helper.make_node("ConstantOfShape", ["size"], ["huge"]), *_summed("huge")], [size])


def tiled_bomb() -> bytes:
    """The input's row, repeated 2**40 times."""
    repeats = _integers("repeats", [2**40, 1])
    return model([helper.make_node("Tile", ["x", "repeats"], ["huge"]), *_summed("huge")], [repeats])


def expanded_bomb() -> bytes:
    size = _integers("size", [2**40, 2])
    return model([helper.make_node("Expand", ["x", "size"], ["huge"]), *_summed("huge")], [size])


def overflowing_bomb() -> bytes:
    """A size whose product wraps around to zero in 64 bits."""
    size = _integers("size", [2**32, 2**32])
    return model([helper.make_node("ConstantOfShape", ["size"], ["huge"]), *_summed("huge")], [size])


def padded_bomb() -> bytes:
    pads = _integers("pads", [2**40, 0, 0, 0])
    return model([helper.make_node("Pad", ["x", "pads"], ["huge"]), *_summed("huge")], [pads])


def one_hot_bomb() -> bytes:
    weights = [
        from_array(np.array(2**40, dtype=np.int64), "depth"),
        from_array(np.array([0, 1], dtype=np.float32), "values"),
        _integers("indices", [1]),
    ]
    nodes = [helper.make_node("OneHot", ["indices", "depth", "values"], ["huge"]), *_summed("huge")]
    return model(nodes, weights)


def growing_loop() -> bytes:
    """A loop that doubles a tensor with every turn."""
    body = [helper.make_node("Concat", ["v", "v"], ["v_out"], axis=0)]
    return _looped(body, [*_summed("looped")], "looped")


def endless_loop() -> bytes:
    """A loop of 2**62 turns."""
    return _looped([helper.make_node("Sin", ["v"], ["v_out"])], [], "y")


def _looped(body: list[NodeProto], after: list[NodeProto], output: str) -> bytes:
    graph = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["c_out"]), *body],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("c_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v_out", TensorProto.FLOAT, None),
        ],
    )
    loop = helper.make_node("Loop", ["turns", "go_on", "x"], [output], body=graph)
    assert loop.attribute[0].type == AttributeProto.GRAPH
    turns = from_array(np.array(2**62, dtype=np.int64), "turns")
    return model([loop, *after], [turns, from_array(np.array(True), "go_on")])


def _summed(name: str) -> list[NodeProto]:
    return [
        helper.make_node("ReduceSum", [name], ["sum"], keepdims=0),
        helper.make_node("Add", ["x", "sum"], ["y"]),
    ]


def _integers(name: str, values: list[int]) -> TensorProto:
    return from_array(np.array(values, dtype=np.int64), name)
