"""Checks of an ONNX file as bytes, before anything loads it: no external data, no custom operators.

The message and field numbers are those of onnx.proto3 (github.com/onnx/onnx, IR version 13).
"""

import mmap
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdfast.failures import ModelError
from holdfast.protobuf import BYTES, Field, MalformedError, fields
from holdfast.results import ModelFailureReason

MAX_DEPTH: Final = 100
"""Protobuf's own limit of nested messages; a subgraph takes three."""
MAX_NODES: Final = 1_000_000
MAX_FILE_BYTES: Final = 2 * 1024**3
"""Protobuf's own limit for a message."""
ALLOWED_DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml"})

# Messages and their fields that hold messages to look into; ONNX has no other place for tensors and nodes.
_CHILDREN: Final[dict[str, dict[int, str]]] = {
    "ModelProto": {7: "GraphProto", 20: "TrainingInfoProto", 25: "FunctionProto"},
    "TrainingInfoProto": {1: "GraphProto", 2: "GraphProto"},
    "FunctionProto": {7: "NodeProto", 11: "AttributeProto"},
    "GraphProto": {1: "NodeProto", 5: "TensorProto", 15: "SparseTensorProto"},
    "NodeProto": {5: "AttributeProto"},
    "AttributeProto": {
        5: "TensorProto",
        6: "GraphProto",
        10: "TensorProto",
        11: "GraphProto",
        22: "SparseTensorProto",
        23: "SparseTensorProto",
    },
    "SparseTensorProto": {1: "TensorProto", 2: "TensorProto"},
    "TensorProto": {},
}
_KEPT: Final[dict[str, frozenset[int]]] = {
    "NodeProto": frozenset({4, 7}),
    "FunctionProto": frozenset({1, 10}),
    "TensorProto": frozenset({13, 14}),
}
_OPERATOR_FIELDS: Final = {"NodeProto": (7, 4), "FunctionProto": (10, 1)}
"""Fields of domain and name."""
_EXTERNAL_DATA = 13
_IR_VERSION, _GRAPH = 1, 7

_SHORT_TEXTS = b"|".join(b"%c.{%d}" % (length, length) for length in range(33))
_NUMBERS = re.compile(
    rb"(?:\x3d.{4}|\x40[\x80-\xff]{0,9}[\x00-\x7f]|\x4a(?:" + _SHORT_TEXTS + rb"))++", re.DOTALL
)
"""Elements of AttributeProto.floats, .ints and .strings, which proto2 writes one field each."""
_SKIPPED: Final = {"AttributeProto": _NUMBERS}


@dataclass
class _Scan:
    """What has been seen so far in one file."""

    data: memoryview
    nodes: int = 0
    operators: set[tuple[str, str]] = field(default_factory=set)
    functions: set[tuple[str, str]] = field(default_factory=set)


def check_onnx_file(path: Path) -> None:
    """Refuse an ONNX file that must not be loaded; reads it in place and follows nothing that it names.

    Raises:
        ModelError: NotONNX, ExternalData, CustomOperators, PackageTooLarge or CheckFailed (nested too deep).
    """
    with path.open("rb") as file:
        size = path.stat().st_size
        if size == 0:
            raise ModelError(ModelFailureReason.NOT_ONNX, "the file is empty")
        if size > MAX_FILE_BYTES:
            message = f"the model has {size} bytes; an ONNX file has at most {MAX_FILE_BYTES}"
            raise ModelError(ModelFailureReason.PACKAGE_TOO_LARGE, message)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped, memoryview(mapped) as data:
            check_onnx(data)


def check_onnx(data: memoryview) -> None:
    """Refuse the bytes of an ONNX model that must not be loaded; errors as ``check_onnx_file``."""
    scan = _Scan(data)
    try:
        _require_model(data)
        _walk(scan, "ModelProto", 0, len(data), 0)
    except MalformedError as error:
        raise ModelError(ModelFailureReason.NOT_ONNX, f"the file is no ONNX model: {error}") from None
    foreign = sorted(
        f"{domain}.{operator}"
        for domain, operator in scan.operators - scan.functions
        if domain not in ALLOWED_DOMAINS
    )
    if foreign:
        message = f"the model needs operators from outside ONNX: {', '.join(foreign[:8])}"
        raise ModelError(ModelFailureReason.CUSTOM_OPERATORS, message)


def _require_model(data: memoryview) -> None:
    found = {each.number for each in fields(data, 0, len(data))}
    if _IR_VERSION not in found or _GRAPH not in found:
        raise MalformedError("it has no graph")


def _walk(scan: _Scan, message: str, start: int, end: int, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ModelError(
            ModelFailureReason.CHECK_FAILED, f"the model nests more than {MAX_DEPTH} messages deep"
        )
    children, kept = _CHILDREN[message], _KEPT.get(message, frozenset())
    found: list[Field] = []
    for each in fields(scan.data, start, end, _SKIPPED.get(message)):
        child = children.get(each.number)
        if child is not None:
            _require_message(each, child)
            _walk(scan, child, each.start, each.end, depth + 1)
        elif each.number in kept:
            found.append(each)
    _check(scan, message, found)


def _require_message(each: Field, child: str) -> None:
    if each.wire != BYTES:
        raise MalformedError(f"a {child} is no message")


def _check(scan: _Scan, message: str, found: list[Field]) -> None:
    if message == "TensorProto":
        _check_tensor(found)
    elif message in _OPERATOR_FIELDS:
        domain, name = (_text(scan.data, found, number) for number in _OPERATOR_FIELDS[message])
        if message == "FunctionProto":
            scan.functions.add((domain, name))
            return
        scan.operators.add((domain, name))
        scan.nodes += 1
        if scan.nodes > MAX_NODES:
            raise ModelError(ModelFailureReason.CHECK_FAILED, f"the model has more than {MAX_NODES} nodes")


def _check_tensor(found: list[Field]) -> None:
    if any(each.number == _EXTERNAL_DATA or each.value != 0 for each in found):
        message = "the model keeps tensors in other files; save it as a single file"
        raise ModelError(ModelFailureReason.EXTERNAL_DATA, message)


def _text(data: memoryview, found: list[Field], number: int) -> str:
    """Return a text field; of several the last counts, as protobuf has it."""
    last = next((each for each in reversed(found) if each.number == number), None)
    return "" if last is None else bytes(data[last.start : last.end][:128]).decode(errors="replace")
