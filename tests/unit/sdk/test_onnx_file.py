"""Static checks of ONNX files that someone else made, against files that the onnx package makes."""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper

from holdfast.failures import ModelError
from holdfast.onnx_file import check_onnx, check_onnx_file
from holdfast.protobuf import MalformedError, fields
from holdfast.results import ModelFailureReason

X = helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 3])
Y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 3])
WEIGHT = helper.make_tensor("w", TensorProto.FLOAT, [3], [1.0, 2.0, 3.0])


def model(*nodes: Any, initializers: Any = (WEIGHT,), **details: Any) -> Any:
    graph = helper.make_graph(
        nodes or [helper.make_node("Mul", ["x", "w"], ["y"])], "g", [X], [Y], initializers
    )
    return helper.make_model(graph, **details)


def check(proto: Any) -> None:
    check_onnx(memoryview(proto.SerializeToString()))


def external(tensor: Any) -> Any:
    outside = onnx.TensorProto()
    outside.CopyFrom(tensor)
    outside.data_location = TensorProto.EXTERNAL
    outside.external_data.add(key="location", value="../../etc/passwd")
    return outside


def outside_constant() -> Any:
    return helper.make_node("Constant", [], ["c"], value=external(WEIGHT))


def branch(node: Any) -> Any:
    graph = helper.make_graph([node], "branch", [], [Y])
    return helper.make_node("If", ["x"], ["y"], then_branch=graph, else_branch=graph)


def sparse() -> Any:
    indices = helper.make_tensor("i", TensorProto.INT64, [1], [0])
    return helper.make_sparse_tensor(external(WEIGHT), indices, [3])


def with_sparse_initializer() -> Any:
    proto = model()
    proto.graph.sparse_initializer.append(sparse())
    return proto


def with_training() -> Any:
    proto = model()
    proto.training_info.add().algorithm.node.append(outside_constant())
    return proto


def with_function(node: Any) -> Any:
    function = helper.make_function("local", "Scale", ["x"], ["y"], [node], [helper.make_opsetid("", 18)])
    return model(helper.make_node("Scale", ["x"], ["y"], domain="local"), functions=[function])


def only_listed() -> Any:
    """A tensor with an external_data entry but the default location."""
    tensor = external(WEIGHT)
    tensor.data_location = TensorProto.DEFAULT
    return model(initializers=[tensor])


@pytest.mark.parametrize(
    "proto",
    [
        pytest.param(model(), id="plain"),
        pytest.param(
            model(helper.make_node("Scaler", ["x"], ["y"], domain="ai.onnx.ml", scale=[1.0], offset=[0.0])),
            id="ONNX-ML",
        ),
        pytest.param(with_function(helper.make_node("Mul", ["x", "x"], ["y"])), id="own function"),
        pytest.param(model(branch(helper.make_node("Neg", ["x"], ["y"]))), id="branch"),
    ],
)
def test_ordinary_models_pass(proto: Any) -> None:
    check(proto)


@pytest.mark.parametrize(
    "proto",
    [
        pytest.param(model(initializers=[external(WEIGHT)]), id="initializer"),
        pytest.param(only_listed(), id="listed but not located"),
        pytest.param(model(outside_constant()), id="constant"),
        pytest.param(model(branch(outside_constant())), id="constant in a branch"),
        pytest.param(model(branch(branch(outside_constant()))), id="nested branch"),
        pytest.param(with_sparse_initializer(), id="sparse"),
        pytest.param(with_training(), id="training"),
        pytest.param(with_function(outside_constant()), id="function"),
        pytest.param(
            model(helper.make_node("Constant", [], ["c"], sparse_value=sparse())), id="sparse attribute"
        ),
    ],
)
def test_external_data_is_found_wherever_it_hides(proto: Any) -> None:
    with pytest.raises(ModelError, match="single file") as refused:
        check(proto)
    assert refused.value.reason == ModelFailureReason.EXTERNAL_DATA


@pytest.mark.parametrize(
    "proto",
    [
        pytest.param(model(helper.make_node("Evil", ["x"], ["y"], domain="com.evil")), id="graph"),
        pytest.param(model(branch(helper.make_node("Evil", [], ["y"], domain="com.evil"))), id="branch"),
        pytest.param(with_function(helper.make_node("Evil", ["x"], ["y"], domain="com.evil")), id="function"),
    ],
)
def test_operators_from_elsewhere_are_refused_by_name(proto: Any) -> None:
    with pytest.raises(ModelError, match=r"com\.evil\.Evil") as refused:
        check(proto)
    assert refused.value.reason == ModelFailureReason.CUSTOM_OPERATORS


def wrapped(number: int, content: bytes) -> bytes:
    """The content as a field, with its length in three bytes."""
    size = len(content)
    length = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14])
    return bytes([number << 3 | 2]) + length + content


def test_deep_nesting_is_refused() -> None:
    content = b""
    for _ in range(40):
        # AttributeProto.g, NodeProto.attribute, GraphProto.node
        content = wrapped(1, wrapped(5, wrapped(6, content)))
    with pytest.raises(ModelError, match="deep") as refused:
        check_onnx(memoryview(b"\x08\x0a" + wrapped(7, content)))
    assert refused.value.reason == ModelFailureReason.CHECK_FAILED


def test_too_many_nodes_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("holdfast.onnx_file.MAX_NODES", 2)
    nodes = [helper.make_node("Neg", ["x"], [f"y{each}"]) for each in range(3)]
    with pytest.raises(ModelError, match="more than 2 nodes"):
        check(model(*nodes))


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(b"\x80\x04\x95pickle", id="pickle"),
        pytest.param(b"PK\x03\x04 archive", id="zip"),
        pytest.param(b"{}", id="JSON"),
        pytest.param(b"\x08\x07", id="no graph"),
        pytest.param(b"\x08\x07\x38\x01", id="graph is a number"),
        pytest.param(b"\x08\x07\x3a\x00\x0a", id="ends after a tag"),
        pytest.param(b"\x00", id="field 0"),
        pytest.param(b"\x0b", id="group"),
        pytest.param(b"\x0a\x05ab", id="cut off"),
        pytest.param(b"\x0d\x01", id="number cut off"),
        pytest.param(b"\x08\x80", id="varint cut off"),
        pytest.param(b"\x08" + b"\x80" * 11, id="varint too long"),
        pytest.param(b"\x08\x07\x3a\x00\xea\x80\x80\x80\x10\x00", id="key beyond 32 bits"),
    ],
)
def test_other_files_are_no_model(content: bytes) -> None:
    with pytest.raises(ModelError, match="no ONNX model") as refused:
        check_onnx(memoryview(content))
    assert refused.value.reason == ModelFailureReason.NOT_ONNX


def test_files_are_checked_in_place(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(model().SerializeToString())
    check_onnx_file(path)
    path.write_bytes(b"")
    with pytest.raises(ModelError, match="empty"):
        check_onnx_file(path)
    with path.open("wb") as file:
        file.truncate(2 * 1024**3 + 1)
    with pytest.raises(ModelError, match="at most") as refused:
        check_onnx_file(path)
    assert refused.value.reason == ModelFailureReason.PACKAGE_TOO_LARGE


@given(st.binary(max_size=200))
def test_arbitrary_bytes_are_refused_without_another_error(content: bytes) -> None:
    with pytest.raises(ModelError):
        check_onnx(memoryview(content))


@given(st.data())
def test_damaged_models_never_cause_another_error(data: st.DataObject) -> None:
    content = bytearray(model(outside_constant()).SerializeToString())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        check_onnx(memoryview(bytes(content)))
    except ModelError:
        return


@given(
    floats=st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=50),
    ints=st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1, max_size=50),
    texts=st.lists(st.text(max_size=40), min_size=1, max_size=10),
)
def test_runs_of_attribute_elements_are_passed_over_exactly(
    floats: list[float], ints: list[int], texts: list[str]
) -> None:
    node = helper.make_node(
        "TreeEnsembleRegressor", ["x"], ["y"], domain="ai.onnx.ml", f=floats, i=ints, s=texts
    )
    node.attribute.extend(outside_constant().attribute)
    with pytest.raises(ModelError) as refused:
        check(model(node))
    assert refused.value.reason == ModelFailureReason.EXTERNAL_DATA


def test_fields_have_their_place_and_number() -> None:
    info = onnx.OperatorSetIdProto(domain="ai.onnx.ml", version=3)
    content = info.SerializeToString()
    domain, version = list(fields(memoryview(content), 0, len(content)))
    assert content[domain.start : domain.end] == b"ai.onnx.ml"
    assert (version.number, version.value) == (2, 3)
    with pytest.raises(MalformedError, match="wire type 7"):
        list(fields(memoryview(b"\x0f"), 0, 1))


def test_large_numbers_in_raw_data_are_not_read() -> None:
    weight = onnx.numpy_helper.from_array(np.zeros(1_000_000, dtype=np.float32), "w")
    check(model(initializers=[weight]))
