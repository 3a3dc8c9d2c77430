"""Models that give back what they are given: whatever is lost on the way is the server's fault."""

from collections.abc import Sequence
from pathlib import Path

from onnx import TensorProto, checker, helper

from holdfast.package import ModelPackage
from holdfast.signature import DTYPES

_ELEMENTS = {
    "BOOL": TensorProto.BOOL,
    "UINT8": TensorProto.UINT8,
    "UINT16": TensorProto.UINT16,
    "UINT32": TensorProto.UINT32,
    "UINT64": TensorProto.UINT64,
    "INT8": TensorProto.INT8,
    "INT16": TensorProto.INT16,
    "INT32": TensorProto.INT32,
    "INT64": TensorProto.INT64,
    "FP16": TensorProto.FLOAT16,
    "FP32": TensorProto.FLOAT,
    "FP64": TensorProto.DOUBLE,
    "BF16": TensorProto.BFLOAT16,
    "BYTES": TensorProto.STRING,
}
WIDELY_KNOWN = tuple(name for name in DTYPES if name != "BF16")
"""BF16 is younger than some clients."""


def identity_model(*datatypes: str) -> bytes:
    """Return a model with an input ``fp32`` and an output ``fp32_out``, [rows, columns], by datatype."""
    names = [datatype.lower() for datatype in datatypes]
    shape = ["rows", "columns"]
    elements = [_ELEMENTS[datatype] for datatype in datatypes]
    graph = helper.make_graph(
        [helper.make_node("Identity", [name], [f"{name}_out"]) for name in names],
        "identity",
        [
            helper.make_tensor_value_info(name, kind, shape)
            for name, kind in zip(names, elements, strict=True)
        ],
        [
            helper.make_tensor_value_info(f"{name}_out", kind, shape)
            for name, kind in zip(names, elements, strict=True)
        ],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 16)], ir_version=8)
    checker.check_model(model)
    content: bytes = model.SerializeToString()
    return content


def identity_package(folder: Path, datatypes: Sequence[str] = WIDELY_KNOWN) -> ModelPackage:
    """Write such a model as a package."""
    return ModelPackage.write(folder, {"model.onnx": identity_model(*datatypes)})
