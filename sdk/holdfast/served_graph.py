"""ONNX models whose outputs are sequences or maps, changed so that every output is a tensor.

The Open Inference Protocol knows tensors only, while scikit-learn's converters end classifiers with a ZipMap
(for each row a map from class to probability) and multi-output ones with a sequence of tensors. The end of
the graph is changed in the file's bytes, so that ONNX Runtime itself gives tensors: the ZipMap goes, and its
input is the output; a sequence is stacked along a new second axis, so that rows stay the first. Message and
field numbers are those of onnx.proto3 (github.com/onnx/onnx).
"""

import mmap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdfast.protobuf import (
    BYTES,
    VARINT,
    Field,
    MalformedError,
    bytes_field,
    fields,
    number_field,
    signed_numbers,
)

_GRAPH: Final = 7
_NODE, _OUTPUT = 1, 12
_NODE_INPUT, _NODE_OUTPUT, _NODE_NAME, _NODE_OPERATOR, _NODE_ATTRIBUTE = 1, 2, 3, 4, 5
_ATTRIBUTE_NAME, _ATTRIBUTE_INT, _ATTRIBUTE_INTS, _ATTRIBUTE_STRINGS, _ATTRIBUTE_TYPE = 1, 3, 8, 9, 20
_VALUE_NAME, _VALUE_TYPE = 1, 2
_TENSOR, _SEQUENCE, _ELEMENT = 1, 4, 1
_INT: Final = 2
"""AttributeProto.AttributeType."""
_FLOAT: Final = 1
"""TensorProto.DataType; ZipMap takes no other."""

Classes = Mapping[str, tuple[int | str, ...]]
"""By the name of an output: which class each of its columns is about."""


@dataclass(frozen=True)
class ServedGraph:
    """The bytes of a model with tensor outputs only.

    ``outputs`` are the names in the file, in its order; ``fetched`` has what an output is called in
    ``model``, where that is something else.
    """

    model: bytes
    outputs: tuple[str, ...]
    fetched: Mapping[str, str]
    classes: Classes


@dataclass
class _Graph:
    """The fields of the graph, and what becomes of some: replaced by their start, or added."""

    data: memoryview
    fields: list[Field]
    replaced: dict[int, bytes] = field(default_factory=dict)
    added: list[bytes] = field(default_factory=list)
    fetched: dict[str, str] = field(default_factory=dict)
    classes: dict[str, tuple[int | str, ...]] = field(default_factory=dict)

    def outputs(self) -> Iterator[tuple[Field, "_Message"]]:
        for each in self.fields:
            if each.number == _OUTPUT:
                yield each, _Message(self.data, each)

    def content(self) -> bytes:
        kept = (self.replaced.get(each.start, _written(self.data, each)) for each in self.fields)
        return b"".join([*kept, *self.added])


class _Message:
    """One message, with its fields by number."""

    def __init__(self, data: memoryview, place: Field) -> None:
        self._data = data
        self._fields = list(fields(data, place.start, place.end))

    def all(self, number: int) -> list[Field]:
        return [each for each in self._fields if each.number == number]

    def text(self, number: int) -> str:
        found = self.all(number)
        return bytes(self._data[found[-1].start : found[-1].end]).decode() if found else ""

    def child(self, number: int) -> "_Message | None":
        found = self.all(number)
        return _Message(self._data, found[-1]) if found else None


def serve_tensors(model: Path | bytes) -> ServedGraph | None:
    """Return the changed model; None when there is nothing to change, or nothing that can be changed here.

    What stays as it is shows in the signature of the loaded model as an output that is no tensor.
    """
    try:
        if isinstance(model, bytes):
            return _changed(memoryview(model))
        with (
            model.open("rb") as file,
            mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
            memoryview(mapped) as data,
        ):
            return _changed(data)
    except (MalformedError, ValueError, OSError):
        return None  # ONNX Runtime says what is wrong with it


def _changed(data: memoryview) -> ServedGraph | None:
    model = list(fields(data, 0, len(data)))
    graphs = [each for each in model if each.number == _GRAPH]
    if len(graphs) != 1:
        return None
    graph = _Graph(data, list(fields(data, graphs[0].start, graphs[0].end)))
    for place, output in graph.outputs():
        kind = output.child(_VALUE_TYPE)
        sequence = kind.child(_SEQUENCE) if kind else None
        element = sequence.child(_ELEMENT) if sequence else None
        if element is not None:
            _give_tensor(graph, place, output.text(_VALUE_NAME), element)
    if not graph.replaced:
        return None
    names = tuple(output.text(_VALUE_NAME) for _, output in graph.outputs())
    rest = [_written(data, each) for each in model if each.number != _GRAPH]
    changed = b"".join([*rest, bytes_field(_GRAPH, graph.content())])
    return ServedGraph(changed, names, graph.fetched, graph.classes)


def _give_tensor(graph: _Graph, place: Field, name: str, element: _Message) -> None:
    tensor = element.child(_TENSOR)
    if tensor is None:
        _drop_zipmap(graph, place, name)
        return
    fetched = f"{name[:80]}: its tensors must have equal shapes"  # as quoted in ONNX Runtime's error
    graph.added.append(bytes_field(_NODE, _stack(name, fetched)))
    graph.fetched[name] = fetched
    graph.replaced[place.start] = _tensor_output(fetched, tensor.all(_ELEMENT)[-1].value)


def _drop_zipmap(graph: _Graph, place: Field, name: str) -> None:
    for each in graph.fields:
        if each.number != _NODE:
            continue
        node = _Message(graph.data, each)
        if node.text(_NODE_OPERATOR) == "ZipMap" and node.text(_NODE_OUTPUT) == name:
            fetched = node.text(_NODE_INPUT)
            is_there = any(output.text(_VALUE_NAME) == fetched for _, output in graph.outputs())
            graph.replaced[each.start] = b""
            graph.replaced[place.start] = b"" if is_there else _tensor_output(fetched, _FLOAT)
            graph.fetched[name] = fetched
            graph.classes[name] = _classes(graph.data, node)


def _classes(data: memoryview, zipmap: _Message) -> tuple[int | str, ...]:
    found: list[int | str] = []
    for place in zipmap.all(_NODE_ATTRIBUTE):
        attribute = _Message(data, place)
        if attribute.text(_ATTRIBUTE_NAME) in ("classlabels_int64s", "classlabels_strings"):
            for each in attribute.all(_ATTRIBUTE_INTS):
                found += signed_numbers(data, each)
            found += [
                bytes(data[each.start : each.end]).decode() for each in attribute.all(_ATTRIBUTE_STRINGS)
            ]
    return tuple(found)


def _stack(sequence: str, stacked: str) -> bytes:
    attributes = [
        bytes_field(_ATTRIBUTE_NAME, name)
        + number_field(_ATTRIBUTE_INT, 1)
        + number_field(_ATTRIBUTE_TYPE, _INT)
        for name in (b"axis", b"new_axis")
    ]
    named = {
        _NODE_INPUT: sequence,
        _NODE_OUTPUT: stacked,
        _NODE_NAME: stacked,
        _NODE_OPERATOR: "ConcatFromSequence",
    }
    return b"".join(
        [
            *(bytes_field(number, text.encode()) for number, text in named.items()),
            *(bytes_field(_NODE_ATTRIBUTE, attribute) for attribute in attributes),
        ]
    )


def _tensor_output(name: str, element: int) -> bytes:
    kind = bytes_field(_TENSOR, number_field(_ELEMENT, element))
    value = bytes_field(_VALUE_NAME, name.encode()) + bytes_field(_VALUE_TYPE, kind)
    return bytes_field(_OUTPUT, value)


def _written(data: memoryview, place: Field) -> bytes:
    """Return a field of the file as it is to be written again."""
    if place.wire == VARINT:
        return number_field(place.number, place.value)
    if place.wire != BYTES:
        raise MalformedError("a model and its graph have no fields of fixed size")
    return bytes_field(place.number, bytes(data[place.start : place.end]))
