"""JSON schemas of what the server takes and gives, with the served model's own tensors."""

from collections.abc import Sequence
from typing import Any, Final

from holdfast.results import TensorSignature
from holdfast.signature import ANY, Signature

Schema = dict[str, Any]

STRING: Final[Schema] = {"type": "string"}
_PARAMETERS: Final[Schema] = {"type": ["object", "null"], "description": "Unknown parameters are ignored."}


def schemas(signature: Signature) -> dict[str, Schema]:
    """Return the named schemas of the OpenAPI document."""
    return {
        "Error": _object({"error": STRING}),
        "ServerMetadata": _object(
            {"name": STRING, "version": STRING, "extensions": {"type": "array", "items": STRING}}
        ),
        "Live": _object({"live": {"type": "boolean"}}),
        "Ready": _object({"ready": {"type": "boolean"}}),
        "ModelReady": _object({"name": STRING, "ready": {"type": "boolean"}}),
        "Models": _object({"models": {"type": "array", "items": STRING}}),
        "ModelMetadata": _object(
            {
                "name": STRING,
                "versions": {"type": "array", "items": STRING},
                "platform": STRING,
                "inputs": {"type": "array", "items": _TENSOR_METADATA},
                "outputs": {"type": "array", "items": _TENSOR_METADATA},
            }
        ),
        "InferenceRequest": _request(signature),
        "InferenceResponse": _response(signature.outputs),
        "Feedback": {"type": "object", "description": "A prediction id and its label, or a list of them."},
        "FeedbackResults": _object(
            {"accepted": {"type": "integer"}, "refused": {"type": "integer"}, "results": {"type": "array"}}
        ),
        "PredictionRequest": _prediction(signature.inputs),
        "PredictionResponse": _object({"predictions": {}}),
    }


_SHAPE: Final[Schema] = {"type": "array", "items": {"type": "integer"}}
_TENSOR_METADATA: Final[Schema] = {
    "type": "object",
    "properties": {"name": STRING, "datatype": STRING, "shape": _SHAPE},
    "required": ["name", "datatype", "shape"],
}


def _request(signature: Signature) -> Schema:
    names = [each.name for each in signature.outputs]
    output = _object({"name": {"enum": names}}, {"parameters": _PARAMETERS})
    count = len(signature.inputs)
    inputs = {
        "type": "array",
        "items": {"oneOf": [_input(each) for each in signature.inputs]},
        "minItems": count,
        "maxItems": count,
    }
    return _object(
        {"inputs": inputs},
        {
            "id": {"type": ["string", "null"], "description": "Comes back in the answer."},
            "parameters": _PARAMETERS,
            "outputs": {
                "type": ["array", "null"],
                "items": output,
                "maxItems": len(names),
                "uniqueItems": True,
                "description": "The outputs wanted, in this order; all when absent.",
            },
        },
    )


def _input(tensor: TensorSignature) -> Schema:
    dimensions = [
        {"type": "integer", "minimum": 0} if size == ANY else {"const": size} for size in tensor.shape
    ]
    shape: Schema = {"type": "array", "minItems": len(dimensions), "maxItems": len(dimensions)}
    if dimensions:
        shape["prefixItems"] = dimensions
    return _object(
        {
            "name": {"const": tensor.name},
            "datatype": {"const": tensor.datatype},
            "shape": shape,
            "data": {
                "type": "array",
                "items": {"anyOf": [element(tensor.datatype), {"type": "array"}]},
                "description": "Row-major, flat or nested as the shape says.",
            },
        },
        {"parameters": _PARAMETERS},
    )


def _response(outputs: Sequence[TensorSignature]) -> Schema:
    tensors = [
        _object(
            {
                "name": {"const": each.name},
                "datatype": {"const": each.datatype},
                "shape": {"type": "array", "items": {"type": "integer", "minimum": 0}},
                "data": {"type": "array", "items": element(each.datatype)},
            }
        )
        for each in outputs
    ]
    return _object(
        {
            "model_name": STRING,
            "model_version": STRING,
            "outputs": {"type": "array", "items": {"oneOf": tensors}},
        },
        {"id": STRING, "parameters": {"type": "object"}},
    )


def _prediction(inputs: Sequence[TensorSignature]) -> Schema:
    columns: Schema = {
        "type": "object",
        "properties": {each.name: {} for each in inputs},
        "required": [each.name for each in inputs],
        "additionalProperties": False,
    }
    rows: Schema = {
        "type": "array",
        "minItems": 1,
        "description": "An element, or an object of inputs, a row.",
    }
    return {
        "type": "object",
        "properties": {"instances": rows, "inputs": {} if len(inputs) == 1 else columns},
        "oneOf": [{"required": ["instances"]}, {"required": ["inputs"]}],
    }


def element(datatype: str) -> Schema:
    """Return the schema of an element of a datatype in ``data``."""
    if datatype == "BYTES":
        return STRING
    if datatype == "BOOL":
        return {"anyOf": [{"type": "boolean"}, {"enum": [0, 1]}]}
    if datatype.startswith(("FP", "BF")):
        return {"type": ["number", "boolean", "null"]}
    bits = int(datatype.lstrip("UINT"))
    low, high = (0, 2**bits - 1) if datatype.startswith("U") else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    return {"anyOf": [{"type": "integer", "minimum": low, "maximum": high}, {"type": "boolean"}]}


def _object(required: dict[str, Schema], optional: dict[str, Schema] | None = None) -> Schema:
    return {"type": "object", "properties": required | (optional or {}), "required": list(required)}
