"""ONNX files that must never reach a server, each for its own reason."""

import numpy as np
from onnx import AttributeProto, ModelProto, NodeProto, TensorProto, helper, numpy_helper


def external_data() -> bytes:
    """A weight whose bytes would come from a file of the node."""
    weight = numpy_helper.from_array(np.ones((2, 2), dtype=np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for key, value in (("location", "../../etc/passwd"), ("offset", "0"), ("length", "16")):
        entry = weight.external_data.add()
        entry.key, entry.value = key, value
    return _model([helper.make_node("MatMul", ["x", "w"], ["y"])], [weight])


def custom_operator() -> bytes:
    """An operator that a foreign library would have to bring."""
    return _model([helper.make_node("Backdoor", ["x"], ["y"], domain="com.evil")])


def memory_bomb() -> bytes:
    """A few bytes that ask for 400 GB."""
    size = numpy_helper.from_array(np.array([100_000, 1_000_000], dtype=np.int64), "size")
    nodes = [
        helper.make_node("ConstantOfShape", ["size"], ["huge"]),
        helper.make_node("ReduceSum", ["huge"], ["sum"], keepdims=0),
        helper.make_node("Add", ["x", "sum"], ["y"]),
    ]
    return _model(nodes, [size])


def endless_loop() -> bytes:
    """A loop of 2**62 turns."""
    turns = numpy_helper.from_array(np.array(2**62, dtype=np.int64), "turns")
    go_on = numpy_helper.from_array(np.array(True), "go_on")
    body = helper.make_graph(
        [helper.make_node("Identity", ["c"], ["c_out"]), helper.make_node("Sin", ["v"], ["v_out"])],
        "body",
        [
            helper.make_tensor_value_info("i", TensorProto.INT64, []),
            helper.make_tensor_value_info("c", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v", TensorProto.FLOAT, ["N", 2]),
        ],
        [
            helper.make_tensor_value_info("c_out", TensorProto.BOOL, []),
            helper.make_tensor_value_info("v_out", TensorProto.FLOAT, ["N", 2]),
        ],
    )
    loop = helper.make_node("Loop", ["turns", "go_on", "x"], ["y"], body=body)
    assert loop.attribute[0].type == AttributeProto.GRAPH
    return _model([loop], [turns, go_on])


def _model(nodes: list[NodeProto], weights: list[TensorProto] | None = None) -> bytes:
    graph = helper.make_graph(
        nodes,
        "hostile",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 2])],
        weights or [],
    )
    domains = [helper.make_opsetid("", 17), helper.make_opsetid("com.evil", 1)]
    model: ModelProto = helper.make_model(graph, opset_imports=domains, ir_version=8)
    return bytes(model.SerializeToString())
