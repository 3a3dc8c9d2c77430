"""Small ONNX graphs that answer batches rightly or wrongly."""

import numpy as np
import onnx
from onnx import TensorProto, helper

from holdfast.onnx import Session

FLOAT = TensorProto.FLOAT


def session_of(
    nodes: list[onnx.NodeProto],
    constants: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float32]]] | None = None,
    inputs: dict[str, list[int | str]] | None = None,
    output: list[int | str] | None = None,
) -> Session:
    """Return the session of a graph from ``x`` [rows, 4] FP32 (or ``inputs``) to ``y``."""
    shapes = inputs or {"x": ["rows", 4]}
    graph = helper.make_graph(
        nodes,
        "small",
        [helper.make_tensor_value_info(name, FLOAT, shape) for name, shape in shapes.items()],
        [helper.make_tensor_value_info("y", FLOAT, output or ["rows", 4])],
        [onnx.numpy_helper.from_array(value, name) for name, value in (constants or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return Session.open(model.SerializeToString(), 1)


def doubling() -> Session:
    """y = x + x, whatever the number of rows."""
    return session_of([helper.make_node("Add", ["x", "x"], ["y"])])


def mixing() -> Session:
    """y = x + mean of the batch."""
    nodes = [
        helper.make_node("ReduceMean", ["x"], ["mean"], axes=[0], keepdims=1),
        helper.make_node("Add", ["x", "mean"], ["y"]),
    ]
    return session_of(nodes)


def repeating() -> Session:
    """y = every row of x, and every row of x again."""
    return session_of([helper.make_node("Concat", ["x", "x"], ["y"], axis=0)], output=["twice", 4])


def summing() -> Session:
    """y = sum over the batch: one entry, however many rows."""
    return session_of([helper.make_node("ReduceSum", ["x"], ["y"], keepdims=1)], output=[1, 1])


def random_noise() -> Session:
    """y = x + something that differs with every run."""
    nodes = [
        helper.make_node("RandomNormalLike", ["x"], ["noise"]),
        helper.make_node("Add", ["x", "noise"], ["y"]),
    ]
    return session_of(nodes)


def dense() -> Session:
    """y = relu(x·W)·V, wide enough for sums that are added in another order."""
    random = np.random.default_rng(0)
    constants = {
        "W": random.standard_normal((64, 200)).astype(np.float32),
        "V": random.standard_normal((200, 4)).astype(np.float32),
    }
    nodes = [
        helper.make_node("MatMul", ["x", "W"], ["h"]),
        helper.make_node("Relu", ["h"], ["r"]),
        helper.make_node("MatMul", ["r", "V"], ["y"]),
    ]
    return session_of(nodes, constants, inputs={"x": ["rows", 64]})


def fixed_batch() -> Session:
    """y = x + x for two rows only."""
    return session_of([helper.make_node("Add", ["x", "x"], ["y"])], inputs={"x": [2, 4]}, output=[2, 4])


def constant() -> Session:
    """y = 0, whatever x is."""
    return session_of([helper.make_node("Sub", ["x", "x"], ["y"])])


def any_width() -> Session:
    """y = x + x, whatever the number of columns."""
    return session_of(
        [helper.make_node("Add", ["x", "x"], ["y"])], inputs={"x": ["rows", "n"]}, output=["rows", "n"]
    )


def table() -> Session:
    """y = row x[:, 0] of a table of 10: fails for the whole batch when one index is out of range."""
    nodes = [
        helper.make_node("Cast", ["x"], ["index"], to=TensorProto.INT64),
        helper.make_node("Gather", ["table", "index"], ["y"], axis=0),
    ]
    table = np.arange(10, dtype=np.float32)
    return session_of(nodes, {"table": table}, inputs={"x": ["rows"]}, output=["rows"])
