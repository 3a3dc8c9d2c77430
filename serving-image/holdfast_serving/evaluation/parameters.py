"""What the trainer says it trained with, short enough for the status of a run. Pure."""

from collections.abc import Mapping
from typing import Any, Final

from holdfast.redaction import redact
from holdfast.results import MAX_MESSAGE_BYTES, EvaluationResult

MAX_PARAMETERS: Final = 12
MAX_NAME: Final = 32
MAX_VALUE: Final = 48
_PLAIN: Final = (str, int, float, bool)


def with_parameters(result: EvaluationResult, parameters: object) -> EvaluationResult:
    """Return the result with as many of the trainer's parameters as 4,096 bytes of JSON still hold."""
    for name, value in short_parameters(parameters).items():
        grown = result.model_copy(update={"parameters": {**result.parameters, name: value}})
        if len(grown.to_json().encode()) > MAX_MESSAGE_BYTES:
            break
        result = grown
    return result


def short_parameters(parameters: object) -> dict[str, str]:
    """Return the first twelve plain values by name, each cut to 48 characters (``metadata.json`` has all)."""
    if not isinstance(parameters, Mapping):
        return {}
    plain = [(str(name), value) for name, value in parameters.items() if isinstance(value, _PLAIN)]
    return dict(_short(name, value) for name, value in plain[:MAX_PARAMETERS])


def _short(name: str, value: Any) -> tuple[str, str]:
    """Return name and value; a value that is called like a credential is not kept."""
    text = redact(f"{name}={value}")
    return name[:MAX_NAME], text.removeprefix(f"{name}=")[:MAX_VALUE]
