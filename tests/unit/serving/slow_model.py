"""A model that takes as long as it is asked to."""

import onnx
from onnx import TensorProto, helper

ITERATIONS = 20_000
"""What it does at least: enough not to be run on the event loop."""


def slow_model() -> bytes:
    """Return y = x + ITERATIONS, for x of shape [1], counted one by one."""
    one = helper.make_tensor("one", TensorProto.FLOAT, [1], [1.0])
    least = helper.make_tensor("least", TensorProto.FLOAT, [1], [float(ITERATIONS)])
    body = helper.make_graph(
        [helper.make_node("Add", ["sum", "one"], ["next"]), helper.make_node("Identity", ["go"], ["go_on"])],
        "count",
        [
            helper.make_tensor_value_info("step", TensorProto.INT64, []),
            helper.make_tensor_value_info("go", TensorProto.BOOL, []),
            helper.make_tensor_value_info("sum", TensorProto.FLOAT, [1]),
        ],
        [
            helper.make_tensor_value_info("go_on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("next", TensorProto.FLOAT, [1]),
        ],
    )
    nodes = [
        helper.make_node("Add", ["x", "least"], ["wanted"]),
        helper.make_node("Cast", ["wanted"], ["trips"], to=TensorProto.INT64),
        helper.make_node("Sub", ["x", "x"], ["zero"]),
        helper.make_node("Loop", ["trips", "", "zero"], ["y"], body=body),
    ]
    graph = helper.make_graph(
        nodes,
        "slow",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1])],
        [one, least],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    onnx.checker.check_model(model)
    return content
