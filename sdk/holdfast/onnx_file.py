"""Checks of an ONNX file as bytes, before anything loads it: no external data, no custom operators.

The message and field numbers are those of onnx.proto3 (github.com/onnx/onnx, IR version 13).
"""

import mmap
import re
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from holdfast.failures import ModelError
from holdfast.onnx_functions import Operator, require_nodes_within
from holdfast.protobuf import BYTES, Field, MalformedError, fields
from holdfast.results import ModelFailureReason

MAX_DEPTH: Final = 100
"""Protobuf's own limit of nested messages; a subgraph takes three."""
MAX_NODES: Final = 1_000_000
"""Also after every call of a function has been replaced by the function's nodes."""
MAX_FIELDS: Final = 1_000_000
"""Fields that are looked at, a few seconds' work; numbers and short texts of attributes are not."""
MAX_TEXT_BYTES: Final = 1024
MAX_FILE_BYTES: Final = 2 * 1024**3
"""Protobuf's own limit for a message."""
ALLOWED_DOMAINS: Final = frozenset({"", "ai.onnx", "ai.onnx.ml"})
_RESERVED_DOMAINS: Final = ("com.microsoft", "com.ms.", "ai.onnx.", "org.pytorch.aten")
"""ONNX Runtime has operators of its own there, which it prefers to a function of the model of that name."""

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
_IR_VERSION, _GRAPH = 1, 7
_NEEDED: Final = frozenset({_IR_VERSION, _GRAPH})
_KEPT: Final = dict.fromkeys(_CHILDREN, frozenset[int]()) | {
    "ModelProto": _NEEDED,
    "NodeProto": frozenset({4, 7}),
    "FunctionProto": frozenset({1, 10}),
    "TensorProto": frozenset({13, 14}),
}
_OPERATOR_FIELDS: Final = {"NodeProto": (7, 4), "FunctionProto": (10, 1)}
"""Fields of domain and name."""
_EXTERNAL_DATA = 13

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
    fields: int = 0
    calls: Counter[Operator] = field(default_factory=Counter)
    """Nodes by operator, of the graphs or of the function that is being looked at."""
    functions: dict[Operator, Counter[Operator]] = field(default_factory=dict)

    def operators(self) -> set[Operator]:
        """Return every operator that a node names."""
        return set(self.calls).union(*self.functions.values())


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
        _walk(scan, "ModelProto", 0, len(data), 0)
    except MalformedError as error:
        raise ModelError(ModelFailureReason.NOT_ONNX, f"the file is no ONNX model: {error}") from None
    _require_own_operators(scan)
    require_nodes_within(MAX_NODES, scan.calls, scan.functions)


def _require_own_operators(scan: _Scan) -> None:
    foreign = sorted(
        f"{domain}.{operator}"[:128]
        for domain, operator in scan.operators()
        if domain not in ALLOWED_DOMAINS
        and (domain.startswith(_RESERVED_DOMAINS) or (domain, operator) not in scan.functions)
    )
    if foreign:
        message = f"the model needs operators from outside ONNX: {', '.join(foreign[:8])}"
        raise ModelError(ModelFailureReason.CUSTOM_OPERATORS, message)


def _walk(scan: _Scan, message: str, start: int, end: int, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise _too_complex(f"the model nests more than {MAX_DEPTH} messages deep")
    children, kept = _CHILDREN[message], _KEPT[message]
    found: list[Field] = []
    for each in fields(scan.data, start, end, _SKIPPED.get(message)):
        scan.fields += 1
        if scan.fields > MAX_FIELDS:
            raise _too_complex(f"the model has more than {MAX_FIELDS} fields")
        if each.number in kept:
            found.append(each)
        child = children.get(each.number)
        if child is not None:
            _require_message(each, child)
            _walk_child(scan, child, each, depth + 1)
    _check(scan, message, found)


def _walk_child(scan: _Scan, child: str, place: Field, depth: int) -> None:
    if child != "FunctionProto":
        _walk(scan, child, place.start, place.end, depth)
        return
    # The nodes of a function are its own; its name is known at its end.
    outside, scan.calls = scan.calls, Counter()
    _walk(scan, child, place.start, place.end, depth)
    scan.calls = outside


def _require_message(each: Field, child: str) -> None:
    if each.wire != BYTES:
        raise MalformedError(f"a {child} is no message")


def _check(scan: _Scan, message: str, found: list[Field]) -> None:
    if message == "TensorProto":
        _check_tensor(found)
    elif message == "ModelProto" and not _NEEDED.issubset(each.number for each in found):
        raise MalformedError("it has no graph")
    elif message in _OPERATOR_FIELDS:
        domain, name = (_text(scan.data, found, number) for number in _OPERATOR_FIELDS[message])
        if message == "NodeProto":
            scan.calls[domain, name] += 1
        else:
            scan.functions[domain, name] = scan.functions.get((domain, name), Counter()) + scan.calls


def _check_tensor(found: list[Field]) -> None:
    if any(each.number == _EXTERNAL_DATA or each.value != 0 for each in found):
        message = "the model keeps tensors in other files; save it as a single file"
        raise ModelError(ModelFailureReason.EXTERNAL_DATA, message)


def _text(data: memoryview, found: list[Field], number: int) -> str:
    """Return a text field; of several the last counts, and what is no text does not, as protobuf has it."""
    texts = [each for each in found if each.number == number and each.wire == BYTES]
    if not texts:
        return ""
    start, end = texts[-1].start, texts[-1].end
    if end - start > MAX_TEXT_BYTES:
        raise MalformedError(f"a name is longer than {MAX_TEXT_BYTES} bytes")
    return bytes(data[start:end]).decode(errors="replace")


def _too_complex(message: str) -> ModelError:
    return ModelError(ModelFailureReason.CHECK_FAILED, message)
