"""ONNX files that must never reach a server, each for its own reason."""

import io
import tarfile
import zipfile
from collections.abc import Callable, Iterable

import numpy as np
from onnx import (
    FunctionProto,
    GraphProto,
    ModelProto,
    NodeProto,
    OperatorSetIdProto,
    SparseTensorProto,
    TensorProto,
    ValueInfoProto,
    helper,
)
from onnx.numpy_helper import from_array

from holdfast.results import ModelFailureReason
from tests.unit.serving.wire_format import integer, long_key, text, varint

CANARY = "../outside/canary.bin"
"""The file, seen from the model's folder, that no model may read or write; 16 bytes."""
NOT_ONNX = ModelFailureReason.NOT_ONNX
EXTERNAL_DATA = ModelFailureReason.EXTERNAL_DATA
CUSTOM_OPERATORS = ModelFailureReason.CUSTOM_OPERATORS
CHECK_FAILED = ModelFailureReason.CHECK_FAILED


def outside_tensor(location: str = CANARY, **entries: str) -> TensorProto:
    """A weight [2, 2] whose bytes would come from another file."""
    weight = from_array(np.ones((2, 2), dtype=np.float32), "w")
    weight.ClearField("raw_data")
    weight.data_location = TensorProto.EXTERNAL
    for name, value in {"location": location, "offset": "0", "length": "16", **entries}.items():
        weight.external_data.add(key=name, value=value)
    return weight


def external_data(location: str = CANARY, **entries: str) -> bytes:
    """A model that reads its weight from elsewhere."""
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], [outside_tensor(location, **entries)])


def unlocated_data() -> bytes:
    """A location, but no word that it counts."""
    weight = outside_tensor()
    weight.data_location = TensorProto.DEFAULT
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], [weight])


def hidden_by_long_keys() -> bytes:
    """External data in fields that only a reader of 32-bit keys sees; ONNX Runtime is one."""
    entries = [(b"location", CANARY.encode()), (b"offset", b"0"), (b"length", b"16")]
    weight = integer(1, 2) + integer(1, 2) + integer(2, TensorProto.FLOAT) + text(8, b"w")
    weight += long_key(14, 0) + varint(TensorProto.EXTERNAL)
    for name, value in entries:
        entry = text(1, name) + text(2, value)
        weight += long_key(13, 2) + varint(len(entry)) + entry
    graph = _graph([helper.make_node("MatMul", ["x", "w"], ["y"])]).SerializeToString() + text(5, weight)
    return _model_without_graph() + text(7, graph)


def external_constant() -> NodeProto:
    return helper.make_node("Constant", [], ["w"], value=outside_tensor())


def external_sparse() -> SparseTensorProto:
    return helper.make_sparse_tensor(
        outside_tensor(), helper.make_tensor("i", TensorProto.INT64, [2], [0, 1]), [2]
    )


def external_in_branch() -> bytes:
    branch = helper.make_graph([external_constant()], "branch", [], [_value("w")])
    choice = from_array(np.array(True), "choice")
    chosen = helper.make_node("If", ["choice"], ["y"], then_branch=branch, else_branch=branch)
    return model([chosen], [choice])


def external_in_function() -> bytes:
    nodes = [external_constant(), helper.make_node("MatMul", ["a", "w"], ["b"])]
    return with_functions([function("F", nodes)], "F")


def external_in_function_default() -> bytes:
    made = function("F", [helper.make_node("Identity", ["a"], ["b"])])
    made.attribute_proto.append(helper.make_attribute("value", outside_tensor()))
    return with_functions([made], "F")


def external_in_training() -> bytes:
    made = ModelProto.FromString(model([helper.make_node("Identity", ["x"], ["y"])]))
    made.training_info.add().initialization.node.append(external_constant())
    return bytes(made.SerializeToString())


def external_sparse_initializer() -> bytes:
    made = ModelProto.FromString(model([helper.make_node("Identity", ["x"], ["y"])]))
    made.graph.sparse_initializer.append(external_sparse())
    return bytes(made.SerializeToString())


def custom_operator(domain: str = "com.evil", operator: str = "Backdoor") -> bytes:
    """An operator that a foreign library would have to bring."""
    return model([helper.make_node(operator, ["x"], ["y"], domain=domain)])


def masked_domain() -> bytes:
    """A node whose domain is followed by a number in the same field, which readers of messages skip."""
    node = helper.make_node("Gelu", ["x"], ["y"], domain="com.microsoft").SerializeToString() + integer(7, 1)
    return _model_without_graph() + text(7, _graph([]).SerializeToString() + text(1, node))


def function_named_as_builtin() -> bytes:
    """A harmless function under the name of one of ONNX Runtime's own operators, which would run instead."""
    made = function("Gelu", [helper.make_node("Identity", ["a"], ["b"])], "com.microsoft")
    return with_functions([made], "Gelu", "com.microsoft")


def recursive_function() -> bytes:
    return with_functions([function("F", [helper.make_node("F", ["a"], ["b"], domain="local")])], "F")


def billion_laughs() -> bytes:
    """Forty functions, each of which calls the one before twice: 2**40 nodes."""
    made = [function("F0", [helper.make_node("Identity", ["a"], ["b"])])]
    for each in range(1, 41):
        calls = [("a", "t"), ("t", "b")]
        nodes = [helper.make_node(f"F{each - 1}", [old], [new], domain="local") for old, new in calls]
        made.append(function(f"F{each}", nodes))
    return with_functions(made, "F40")


def deep_branches() -> bytes:
    """A branch in a branch, sixty deep: three messages each."""
    content = helper.make_node("Identity", ["x"], ["y"]).SerializeToString()
    for _ in range(60):
        content = text(5, text(6, text(1, content)))
    return _model_without_graph() + text(7, text(1, content))


def field_bomb() -> bytes:
    """Two bytes for each of ten million fields."""
    return model([helper.make_node("Identity", ["x"], ["y"])]) + integer(5, 1) * 10_000_000


def claimed_shape(*dims: int) -> bytes:
    """A weight without content that claims to be of any size."""
    weight = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=dims)
    return model([helper.make_node("MatMul", ["x", "w"], ["y"])], [weight])


def claimed_input(*dims: int) -> bytes:
    """A model whose input has so many elements."""
    graph = _graph([helper.make_node("ReduceSum", ["x"], ["y"], keepdims=0)])
    del graph.input[:]
    graph.input.append(helper.make_tensor_value_info("x", TensorProto.FLOAT, dims))
    return bytes(helper.make_model(graph, opset_imports=_opsets(), ir_version=8).SerializeToString())


def too_many_inputs() -> bytes:
    graph = _graph([helper.make_node("Identity", ["x"], ["y"])])
    graph.input.extend(_value(f"x{each}") for each in range(16))
    return bytes(helper.make_model(graph, opset_imports=_opsets(), ir_version=8).SerializeToString())


def archive(make: Callable[[io.BytesIO], tarfile.TarFile | zipfile.ZipFile]) -> bytes:
    """An archive with a member that would be written outside; nothing unpacks it."""
    target = io.BytesIO()
    with make(target) as opened:
        if isinstance(opened, zipfile.ZipFile):
            opened.writestr(CANARY, b"overwritten 16 b")
        else:
            opened.addfile(tarfile.TarInfo(CANARY))
    return target.getvalue()


def function(name: str, nodes: list[NodeProto], domain: str = "local") -> FunctionProto:
    return helper.make_function(domain, name, ["a"], ["b"], nodes, _opsets())


def with_functions(functions: list[FunctionProto], called: str, domain: str = "local") -> bytes:
    graph = _graph([helper.make_node(called, ["x"], ["y"], domain=domain)])
    made = helper.make_model(graph, opset_imports=_opsets(), ir_version=8, functions=functions)
    return bytes(made.SerializeToString())


def model(nodes: list[NodeProto], weights: Iterable[TensorProto] = ()) -> bytes:
    """A model of these nodes from x to y, FP32 [N, 2]."""
    made = helper.make_model(_graph(nodes, weights), opset_imports=_opsets(), ir_version=8)
    return bytes(made.SerializeToString())


def _graph(nodes: list[NodeProto], weights: Iterable[TensorProto] = ()) -> GraphProto:
    return helper.make_graph(nodes, "hostile", [_value("x")], [_value("y")], list(weights))


def _model_without_graph() -> bytes:
    made = helper.make_model(_graph([]), opset_imports=_opsets(), ir_version=8)
    made.ClearField("graph")
    return bytes(made.SerializeToString())


def _opsets() -> list[OperatorSetIdProto]:
    versions = {"": 17, "local": 1, "com.evil": 1, "com.microsoft": 1}
    return [helper.make_opsetid(domain, version) for domain, version in versions.items()]


def _value(name: str) -> ValueInfoProto:
    return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", 2])
