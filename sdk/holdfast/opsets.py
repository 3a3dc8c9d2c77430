"""Which versions of the ONNX operators are served, and what to say of a model that uses others."""

from pathlib import Path
from typing import Final

from holdfast.protobuf import Field, MalformedError, fields

OPSETS: Final = {"ai.onnx": (7, 28), "ai.onnx.ml": (1, 5)}
"""First and last version by domain, as tested with the ONNX Runtime of the images."""
IR_VERSIONS: Final = (3, 14)
_IR_VERSION, _OPSET_IMPORT = 1, 8
_DOMAIN, _VERSION = 1, 2


def describe_unsupported(model: Path | bytes) -> str | None:
    """Return what is wrong with the versions that a model declares; None: nothing, or it is no model."""
    content = memoryview(model if isinstance(model, bytes) else model.read_bytes())
    try:
        declared = list(fields(content, 0, len(content)))
        imports = [_opset(content, each) for each in declared if each.number == _OPSET_IMPORT]
    except (MalformedError, UnicodeDecodeError):
        return None
    for domain, version in imports:
        low, high = OPSETS.get(domain, (version, version))
        if not low <= version <= high:
            return f"it uses opset {version} of {domain}; opsets {low} to {high} are supported"
    low, high = IR_VERSIONS
    for each in declared:
        if each.number == _IR_VERSION and each.value > high:
            return f"it has IR version {each.value}; versions {low} to {high} are supported"
    return None


def _opset(content: memoryview, place: Field) -> tuple[str, int]:
    parts = {each.number: each for each in fields(content, place.start, place.end)}
    domain = parts.get(_DOMAIN)
    name = bytes(content[domain.start : domain.end]).decode() if domain else ""
    version = parts.get(_VERSION)
    return name or "ai.onnx", version.value if version else 0
