"""A request that was answered <-> its copy over HTTP, with tensors as raw bytes."""

from collections.abc import Mapping
from typing import Any

import orjson

from holdfast.signature import DTYPES
from holdfast_serving.inference import headers
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.raw_tensors import tensor_from_bytes, tensor_to_bytes
from holdfast_serving.inference.tensors import Tensor
from holdfast_serving.shadow.connection import Answer, Parts


class CopyFormat:
    """What the copies of one model's requests look like."""

    def __init__(self, path: str, host: bytes, datatypes: Mapping[str, str]) -> None:
        """Address copies to PATH at HOST; DATATYPES are those of the model's inputs by name."""
        self._datatypes = datatypes
        self._head = (
            b"POST %b HTTP/1.1\r\nhost: %b\r\ncontent-type: application/octet-stream\r\n%b: 1\r\n"
            % (path.encode(), host, headers.COPY)
        )

    def encode(self, inputs: Mapping[str, Tensor]) -> Parts:
        """Return the request that asks for all outputs; numbers are sent from where they lie."""
        raw = [tensor_to_bytes(tensor) for tensor in inputs.values()]
        entries = [
            {
                "name": name,
                "datatype": self._datatypes[name],
                "shape": tensor.shape,
                "parameters": {"binary_data_size": len(content)},
            }
            for (name, tensor), content in zip(inputs.items(), raw, strict=True)
        ]
        document = orjson.dumps({"parameters": {"binary_data_output": True}, "inputs": entries})
        size = len(document) + sum(len(content) for content in raw)
        lengths = b"%b: %d\r\ncontent-length: %d\r\n\r\n" % (headers.JSON_LENGTH, len(document), size)
        return [self._head + lengths + document, *raw]


def decode_answer(answer: Answer) -> dict[str, Tensor]:
    """Return the outputs by name.

    Raises:
        ValueError: it is no answer with raw tensors.
    """
    try:
        length = int(answer.headers[headers.JSON_LENGTH])
        raw = memoryview(answer.body)[length:]
        outputs: dict[str, Tensor] = {}
        for entry in orjson.loads(answer.body[:length])["outputs"]:
            size = entry["parameters"]["binary_data_size"]
            outputs[entry["name"]] = _tensor(entry, raw[:size])
            raw = raw[size:]
    except (LookupError, TypeError, RequestError) as error:
        raise ValueError(f"no answer with raw tensors: {error}") from None
    return outputs


def _tensor(entry: Mapping[str, Any], raw: memoryview) -> Tensor:
    if entry["datatype"] not in DTYPES:
        raise ValueError("a datatype is unknown")
    return tensor_from_bytes(raw, entry["datatype"], entry["shape"])
