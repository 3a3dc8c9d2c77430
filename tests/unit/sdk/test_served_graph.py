"""Sequences and maps at the end of a model are served as tensors."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from onnx import ModelProto, TensorProto, helper
from skl2onnx import to_onnx
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.multioutput import MultiOutputClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

from holdfast.failures import ModelError
from holdfast.onnx import Session
from holdfast.protobuf import bytes_field, number_field
from holdfast.results import ModelFailureReason
from holdfast.served_graph import serve_tensors
from holdfast.signature import compare_signatures

ROWS = np.random.default_rng(0).normal(size=(60, 3)).astype(np.float32)
NUMBERS = np.digitize(ROWS[:, 0], [-0.5, 0.5]) * 10 - 10
TEXTS = np.array(["low", "middle", "high"])[NUMBERS // 10 + 1]


def graph(nodes: list[Any], inputs: list[Any], outputs: list[Any]) -> bytes:
    made = helper.make_graph(nodes, "g", inputs, outputs)
    imports = [helper.make_opsetid("", 18), helper.make_opsetid("ai.onnx.ml", 3)]
    return bytes(helper.make_model(made, opset_imports=imports, ir_version=10).SerializeToString())


def tensor(name: str, *shape: int | str, kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_value_info(name, kind, shape)


def sequence(name: str, kind: int = TensorProto.FLOAT) -> Any:
    return helper.make_tensor_sequence_value_info(name, kind, None)


def maps(name: str) -> Any:
    """Return an output that is a sequence of maps from int64 to float."""
    value = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
    value.type.Clear()
    entry = value.type.sequence_type.elem_type.map_type
    entry.key_type = TensorProto.INT64
    entry.value_type.tensor_type.elem_type = TensorProto.FLOAT
    return value


@pytest.mark.parametrize(
    "classifier",
    [LogisticRegression(), RandomForestClassifier(5), GaussianNB(), KNeighborsClassifier(3)],
    ids=lambda each: type(each).__name__,
)
@pytest.mark.parametrize("labels", [NUMBERS, TEXTS], ids=["numbers", "texts"])
def test_a_zipmap_is_a_table_with_a_column_for_each_class(classifier: Any, labels: Any) -> None:
    trained = classifier.fit(ROWS, labels)
    session = Session.open(to_onnx(trained, ROWS[:1]).SerializeToString())
    label, table = session.signature.outputs
    assert (label.name, table.name) == ("output_label", "output_probability")
    assert (table.datatype, table.shape) == ("FP32", [-1, 3])
    assert session.signature.classes == {"output_probability": tuple(trained.classes_.tolist())}
    answer = session.run({"X": ROWS})
    np.testing.assert_allclose(answer["output_probability"], trained.predict_proba(ROWS), atol=1e-4)
    assert answer["output_label"].tolist() == trained.predict(ROWS).tolist()


def test_a_zipmap_model_is_served_from_a_file_too(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(to_onnx(LogisticRegression().fit(ROWS, NUMBERS), ROWS[:1]).SerializeToString())
    assert Session.open(path).run({"X": ROWS[:2]}, ["output_probability"])["output_probability"].shape == (
        2,
        3,
    )


def test_a_multi_output_classifier_gives_one_tensor_with_rows_first() -> None:
    targets = np.stack([ROWS[:, 0] > 0, ROWS[:, 1] > 0], axis=1).astype(np.int64)
    trained = MultiOutputClassifier(LogisticRegression()).fit(ROWS, targets)
    session = Session.open(to_onnx(trained, ROWS[:1], options={"zipmap": False}).SerializeToString())
    label, table = session.signature.outputs
    assert (label.shape, table.name, table.shape) == ([-1, 2], "probabilities", [-1, -1, -1])
    expected = np.stack(trained.predict_proba(ROWS), axis=1)
    np.testing.assert_allclose(session.run({"X": ROWS})["probabilities"], expected, atol=1e-5)


def test_the_file_may_name_the_probabilities_as_an_output_as_well() -> None:
    zipmap = helper.make_node("ZipMap", ["p"], ["m"], classlabels_int64s=[-3, 4], domain="ai.onnx.ml")
    nodes = [helper.make_node("Neg", ["x"], ["p"]), zipmap]
    session = Session.open(graph(nodes, [tensor("x", "n", 2)], [maps("m"), tensor("p", "n", 2)]))
    assert session.signature.output_names == ["m", "p"]
    assert session.signature.classes == {"m": (-3, 4)}
    answer = session.run({"x": np.ones((1, 2), dtype=np.float32)})
    assert answer["m"].tolist() == answer["p"].tolist() == [[-1, -1]]


def test_class_numbers_may_be_written_packed() -> None:
    """onnx.proto3 is proto3, whose writers pack repeated numbers; the onnx package's does not."""
    zipmap = helper.make_node("ZipMap", ["x"], ["m"], classlabels_int64s=[-3, 300], domain="ai.onnx.ml")
    content = graph([zipmap], [tensor("x", "n", 2)], [maps("m")])
    separate = number_field(8, (1 << 64) - 3) + number_field(8, 300)
    packed = bytes_field(8, separate.replace(b"\x40", b""))
    node = ModelProto.FromString(content).graph.node[0].SerializeToString()
    attribute = ModelProto.FromString(content).graph.node[0].attribute[0].SerializeToString()
    changed = node.replace(bytes_field(5, attribute), bytes_field(5, attribute.replace(separate, packed)))
    model = ModelProto.FromString(content)
    rest = bytes_field(12, model.graph.output[0].SerializeToString())
    served = serve_tensors(bytes_field(7, bytes_field(1, changed) + rest))
    assert served is not None
    assert served.classes == {"m": (-3, 300)}


@pytest.mark.parametrize(
    ("kind", "dtype"), [(TensorProto.INT64, np.int64), (TensorProto.STRING, np.object_)], ids=["int", "text"]
)
def test_sequences_of_every_datatype_are_stacked(kind: int, dtype: Any) -> None:
    nodes = [helper.make_node("SequenceConstruct", ["a", "b"], ["s"])]
    session = Session.open(
        graph(nodes, [tensor("a", "n", kind=kind), tensor("b", "n", kind=kind)], [sequence("s", kind)])
    )
    given = {"a": np.array([1, 2]).astype(dtype), "b": np.array([3, 4]).astype(dtype)}
    if dtype == np.object_:
        given = {name: values.astype(str).astype(object) for name, values in given.items()}
    assert session.run(given)["s"].astype(int).tolist() == [[1, 3], [2, 4]]


def test_a_sequence_of_unequal_tensors_is_refused_when_it_is_opened() -> None:
    nodes = [helper.make_node("SequenceConstruct", ["a", "b"], ["s"])]
    with pytest.raises(ModelError, match="s: its tensors must have equal shapes") as refused:
        Session.open(graph(nodes, [tensor("a", "n", 2), tensor("b", "n", 3)], [sequence("s")]))
    assert refused.value.reason is ModelFailureReason.CHECK_FAILED


def test_a_sequence_as_input_is_refused_by_name() -> None:
    nodes = [helper.make_node("SequenceLength", ["s"], ["y"])]
    with pytest.raises(ModelError, match=r"'s' is a seq\(tensor\(float\)\)"):
        Session.open(graph(nodes, [sequence("s")], [tensor("y", kind=TensorProto.INT64)]))


def test_maps_that_no_zipmap_of_the_graph_makes_stay_as_they_are() -> None:
    node = helper.make_node("Identity", ["x"], ["m"])
    assert serve_tensors(graph([node], [tensor("x", "n", 2)], [maps("m")])) is None


@pytest.mark.parametrize("content", [b"", b"\xff", b"\x3a\x00\x3a\x00", b"\x3a\x05\x62\x03\x12\x01\x22"])
def test_what_is_no_model_stays_as_it_is(content: bytes) -> None:
    assert serve_tensors(content) is None


def test_a_file_that_is_gone_or_empty_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "empty.onnx").touch()
    assert serve_tensors(tmp_path / "empty.onnx") is None
    assert serve_tensors(tmp_path / "gone.onnx") is None


def test_a_model_of_tensors_is_not_touched() -> None:
    proto = to_onnx(LogisticRegression().fit(ROWS, NUMBERS), ROWS[:1], options={"zipmap": False})
    assert serve_tensors(proto.SerializeToString()) is None


def test_a_map_can_be_replaced_only_by_one_of_the_same_classes() -> None:
    def served(labels: Any) -> Any:
        trained = LogisticRegression().fit(ROWS, labels)
        return Session.open(to_onnx(trained, ROWS[:1]).SerializeToString()).signature

    assert compare_signatures(served(NUMBERS), served(NUMBERS)) == "Identical"
    assert compare_signatures(served(NUMBERS), served(NUMBERS + 1)) == "Incompatible"
