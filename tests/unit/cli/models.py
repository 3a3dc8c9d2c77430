"""A small ONNX model and rows for it: two features, one prediction."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from onnx import TensorProto, helper, save

FEATURES = ("temperature", "hour")


def write_model(path: Path) -> Path:
    """Write a model that adds its two features, and return its path."""
    rows = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])
    sums = helper.make_tensor_value_info("count", TensorProto.FLOAT, [None, 1])
    weights = helper.make_tensor("weights", TensorProto.FLOAT, [2, 1], [1.0, 1.0])
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["x", "weights"], ["count"])], "sum", [rows], [sums], [weights]
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    save(model, str(path))
    return path


def make_rows(count: int = 500, shift: float = 0.0) -> NDArray[np.float32]:
    """Return rows of a cold season, or of a warmer one."""
    random = np.random.default_rng(7)
    temperature = random.normal(5 + shift, 4, count)
    return np.column_stack([temperature, random.integers(0, 24, count)]).astype(np.float32)


def write_rows(path: Path, shift: float = 0.0) -> Path:
    """Write reference rows with the names of the features, and return the path."""
    np.savez(path, x=make_rows(shift=shift), feature_names=np.array(FEATURES))
    return path
