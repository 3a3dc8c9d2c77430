"""Raw tensors behind the JSON of a request or answer: the binary tensor extension on a client's side."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray

from holdfast.bfloat16 import from_bfloat16
from holdfast.signature import DTYPES

JSON_LENGTH: Final = "inference-header-content-length"
EXTENSION: Final = "binary_tensor_data"
_ALIGNMENT: Final = 8


def framed(document: Mapping[str, Any], raw: list[NDArray[Any]]) -> tuple[bytes, dict[str, str]]:
    """Return the body and header fields of a request whose inputs' elements are ``raw``, in order."""
    head = orjson.dumps({**document, "parameters": {"binary_data_output": True}})
    head += b" " * (-len(head) % _ALIGNMENT)  # so that the server need not copy the numbers
    fields = {JSON_LENGTH: str(len(head)), "content-type": "application/octet-stream"}
    return b"".join([head, *(tensor.tobytes() for tensor in raw)]), fields


def fill_outputs(document: Mapping[str, Any], raw: memoryview) -> None:
    """Give the outputs that an answer carries as raw bytes their elements, as ``data``.

    Raises:
        KeyError, TypeError, ValueError: the answer is malformed.
    """
    for output in document["outputs"]:
        size = (output.get("parameters") or {}).get("binary_data_size")
        if size is None:
            continue
        output["data"], raw = _elements(raw[:size], output["datatype"]), raw[size:]


def _elements(raw: memoryview, datatype: str) -> Any:
    if datatype == "BYTES":
        return _texts(raw)
    numbers = np.frombuffer(raw, DTYPES[datatype])
    return from_bfloat16(numbers) if datatype == "BF16" else numbers


def _texts(raw: memoryview) -> list[str]:
    texts = []
    while raw:
        end = 4 + int.from_bytes(raw[:4], "little")
        texts.append(str(raw[4:end], "utf-8"))
        raw = raw[end:]
    return texts
