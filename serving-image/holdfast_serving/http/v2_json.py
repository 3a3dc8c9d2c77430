"""Open Inference Protocol V2 documents in JSON <-> what the data plane takes and gives."""

from typing import Any

import orjson

from holdfast.signature import DTYPES
from holdfast_serving.inference.data_plane import InferenceRequest, InferenceResponse
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.tensors import Tensor, tensor_from_json, tensor_to_json


def decode_request(body: bytes | bytearray) -> InferenceRequest:
    """Return the inference request; parameters and fields that the protocol does not know are ignored.

    Raises:
        RequestError: the body is not a V2 inference request; says where and why.
    """
    document = _document(body)
    entries = document.get("inputs")
    if type(entries) is not list or not entries:
        raise RequestError("'inputs' must be a list of at least one tensor")
    inputs: dict[str, Tensor] = {}
    for entry in entries:
        name = _name(entry, "input")
        if name in inputs:
            raise RequestError(f"input '{name}' is given twice")
        inputs[name] = _tensor(name, entry)
    return InferenceRequest(inputs, _output_names(document.get("outputs")), _identifier(document.get("id")))


def encode_response(response: InferenceResponse, model_name: str, model_version: str) -> bytes:
    """Return the V2 answer as JSON; ``data`` is flat and row-major."""
    document: dict[str, Any] = {"model_name": model_name, "model_version": model_version}
    if response.id is not None:
        document["id"] = response.id
    document["outputs"] = [
        {
            "name": signature.name,
            "datatype": signature.datatype,
            "shape": tensor.shape,
            "data": tensor_to_json(tensor, signature.datatype),
        }
        for signature, tensor in response.outputs
    ]
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def _document(body: bytes | bytearray) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"the body is not JSON: {error}") from None
    if type(document) is not dict:
        raise RequestError("the body must be a JSON object with 'inputs'")
    return document


def _name(entry: Any, what: str) -> str:
    name = entry.get("name") if type(entry) is dict else None
    if type(name) is not str or not name:
        raise RequestError(f"every {what} must be an object with a 'name'")
    return name


def _tensor(name: str, entry: dict[str, Any]) -> Tensor:
    datatype, shape, data = entry.get("datatype"), entry.get("shape"), entry.get("data")
    if type(datatype) is not str or datatype not in DTYPES:
        raise RequestError(f"input '{name}': 'datatype' must be one of {', '.join(DTYPES)}")
    if type(shape) is not list or not all(type(length) is int and length >= 0 for length in shape):
        raise RequestError(f"input '{name}': 'shape' must be a list of non-negative integers")
    if type(data) is not list:
        raise RequestError(f"input '{name}': 'data' must be a list")
    try:
        return tensor_from_json(data, datatype, shape)
    except RequestError as error:
        raise RequestError(f"input '{name}': {error.message}") from None


def _output_names(entries: Any) -> list[str] | None:
    if entries is None or entries == []:
        return None
    if type(entries) is not list:
        raise RequestError("'outputs' must be a list")
    return [_name(entry, "output") for entry in entries]


def _identifier(value: Any) -> str | None:
    if value is not None and type(value) is not str:
        raise RequestError("'id' must be a string")
    return value
