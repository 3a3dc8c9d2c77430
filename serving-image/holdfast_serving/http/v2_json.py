"""Open Inference Protocol V2 documents in JSON <-> what the data plane takes and gives."""

from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from holdfast.signature import DTYPES, MAX_TENSORS
from holdfast_serving.http.binary_tensors import NOTHING, OCTET_STREAM, RawSection
from holdfast_serving.http.messages import Response
from holdfast_serving.inference import headers
from holdfast_serving.inference.data_plane import InferenceRequest, InferenceResponse
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.parameters import UNSERVED, unserved
from holdfast_serving.inference.raw_tensors import tensor_from_bytes, tensor_to_bytes
from holdfast_serving.inference.tensors import Tensor, tensor_from_json, tensor_to_json

BinaryOutputs = bool | frozenset[str]
"""Which outputs are wanted as raw bytes: all, none or those named."""


@dataclass(slots=True)
class V2Request:
    """An inference request and the form that its answer is to have."""

    inference: InferenceRequest
    binary: BinaryOutputs = False


def decode_request(
    body: bytes | memoryview, raw: RawSection = NOTHING, datatypes: Mapping[str, str] | None = None
) -> V2Request:
    """Return the inference request; parameters and fields that the protocol does not know are ignored.

    ``raw`` is what follows the JSON object ``body``; ``datatypes`` are those of the model's inputs by name.

    Raises:
        RequestError: the body is not a V2 inference request; says where and why.
    """
    document = _document(body)
    entries = document.get("inputs")
    if type(entries) is not list or not entries:
        raise RequestError("'inputs' must be a list of at least one tensor")
    if len(entries) > MAX_TENSORS:
        raise RequestError(f"'inputs' has more than {MAX_TENSORS} tensors")
    inputs: dict[str, Tensor] = {}
    for entry in entries:
        name = _name(entry, "input")
        if name in inputs:
            raise RequestError(f"input '{name}' is given twice")
        try:
            inputs[name] = _tensor(entry, raw, datatypes.get(name) if datatypes else None)
        except RequestError as error:
            raise RequestError(f"input '{name}': {error.message}") from None
    raw.require_spent()
    names, binary = _outputs(document)
    return V2Request(InferenceRequest(inputs, names, _identifier(document.get("id"))), binary)


def encode_response(
    answer: InferenceResponse, model_name: str, model_version: str, binary: BinaryOutputs = False
) -> Response:
    """Return the V2 answer: JSON with flat, row-major ``data``, behind it the outputs wanted as raw bytes."""
    raw: list[bytes | memoryview] = []
    outputs = []
    for signature, tensor in answer.outputs:
        output: dict[str, Any] = {
            "name": signature.name,
            "datatype": signature.datatype,
            "shape": tensor.shape,
        }
        if binary is True or (binary and signature.name in binary):
            raw.append(tensor_to_bytes(tensor))
            output["parameters"] = {"binary_data_size": len(raw[-1])}
        else:
            output["data"] = tensor_to_json(tensor, signature.datatype)
        outputs.append(output)
    document: dict[str, Any] = {"model_name": model_name, "model_version": model_version}
    if answer.id is not None:
        document["id"] = answer.id
    if answer.prediction_id is not None:
        document["parameters"] = {"prediction_id": answer.prediction_id}
    document["outputs"] = outputs
    head = orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    if not raw:
        return Response(200, head)
    return Response(200, [head, *raw], OCTET_STREAM, ((headers.JSON_LENGTH, b"%d" % len(head)),))


def _document(body: bytes | memoryview) -> dict[str, Any]:
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


def _tensor(entry: dict[str, Any], raw: RawSection, expected: str | None) -> Tensor:
    datatype: Any = entry.get("datatype")
    shape: Any = entry.get("shape")
    data: Any = entry.get("data")
    if type(datatype) is not str or datatype not in DTYPES:
        raise RequestError(f"'datatype' must be one of {', '.join(DTYPES)}")
    if expected is not None and datatype != expected:
        raise RequestError(f"'datatype' must be {expected}, which the model takes")
    parameters = _parameters(entry)
    if parameters:
        size = parameters.get("binary_data_size")
        if size is not None:
            return tensor_from_bytes(raw.take(size), datatype, shape)
        if parameters.get("content_type") == "base64" and datatype == "BYTES":
            data = _from_base64(data)
    if type(data) is not list:
        raise RequestError("'data' must be a list")
    return tensor_from_json(data, datatype, shape)


def _parameters(entry: dict[str, Any]) -> dict[str, Any] | None:
    parameters = entry.get("parameters")
    if parameters is None:
        return None
    if type(parameters) is not dict:
        raise RequestError("'parameters' must be an object")
    for name in UNSERVED:
        if parameters.get(name):
            raise unserved(name)
    return parameters


def _from_base64(data: Any) -> Any:
    """Return the texts that MLServer's clients encode so; what is no text is left for others to refuse."""
    try:
        return [b64decode(element, validate=True).decode() for element in data]
    except (TypeError, ValueError):
        raise RequestError("its elements are not base64 of UTF-8 texts") from None


def _outputs(document: dict[str, Any]) -> tuple[list[str] | None, BinaryOutputs]:
    parameters = _parameters(document)
    every = _flag(parameters, "binary_data_output", default=False) if parameters else False
    entries = document.get("outputs")
    if entries is None or entries == []:
        return None, every
    if type(entries) is not list or len(entries) > MAX_TENSORS:
        raise RequestError(f"'outputs' must be a list of at most {MAX_TENSORS} outputs")
    names = [_name(entry, "output") for entry in entries]
    if len(set(names)) < len(names):
        raise RequestError("an output is asked for twice")
    binary = frozenset(
        name for name, entry in zip(names, entries, strict=True) if _is_binary(entry, default=every)
    )
    return names, binary


def _is_binary(entry: dict[str, Any], *, default: bool) -> bool:
    parameters = _parameters(entry)
    return _flag(parameters, "binary_data", default=default) if parameters else default


def _flag(parameters: dict[str, Any], name: str, *, default: bool) -> bool:
    value = parameters.get(name, default)
    if type(value) is not bool:
        raise RequestError(f"the parameter '{name}' must be true or false")
    return value


def _identifier(value: Any) -> str | None:
    if value is not None and type(value) is not str:
        raise RequestError("'id' must be a string")
    return value
