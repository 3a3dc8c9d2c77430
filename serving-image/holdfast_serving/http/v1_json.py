"""The V1 prediction protocol in JSON <-> what the data plane takes and gives.

Rows are asked for as ``instances`` and columns as ``inputs``, as TensorFlow Serving has defined them; shapes
are those of the nested lists, datatypes those of the model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import orjson

from holdfast.bfloat16 import from_bfloat16
from holdfast.results import TensorSignature
from holdfast.signature import MAX_TENSORS
from holdfast_serving.inference.data_plane import InferenceRequest, InferenceResponse
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.tensors import MAX_DIMENSIONS, Tensor, tensor_from_json


@dataclass(slots=True)
class V1Request:
    """An inference request, and for how many instances (None: columns were given, and are wanted)."""

    inference: InferenceRequest
    instances: int | None


def decode_prediction(body: bytes, inputs: Sequence[TensorSignature]) -> V1Request:
    """Return the request of a body with ``instances`` or ``inputs``; other fields are ignored.

    Raises:
        RequestError: the body is not a V1 request for a model of these inputs.
    """
    document = _document(body)
    if "inputs" in document:
        return V1Request(_request(_named(document["inputs"], inputs), inputs), None)
    instances = document["instances"]
    if type(instances) is not list or not instances:
        raise RequestError("'instances' must be a list of at least one row")
    return V1Request(_request(_columns(instances, inputs), inputs), len(instances))


def encode_predictions(answer: InferenceResponse, instances: int | None) -> bytes:
    """Return the answer: a value for each instance (an object of several outputs), or the outputs' columns.

    Raises:
        RequestError: instances were given, and the model does not answer by the row.
    """
    outputs = {each.name: _column(tensor, each.datatype) for each, tensor in answer.outputs}
    if instances is not None and any(tensor.shape[:1] != (instances,) for _, tensor in answer.outputs):
        raise RequestError("the model does not give one row for each instance; send 'inputs' instead")
    if len(outputs) == 1:
        predictions: Any = next(iter(outputs.values()))
    elif instances is None:
        predictions = outputs
    else:
        columns = orjson.loads(orjson.dumps(outputs, option=orjson.OPT_SERIALIZE_NUMPY))
        predictions = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    document = {"predictions": predictions}
    if answer.prediction_id is not None:
        document["prediction_id"] = answer.prediction_id
    return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)


def _document(body: bytes) -> dict[str, Any]:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"the body is not JSON: {error}") from None
    if type(document) is not dict or ("instances" in document) == ("inputs" in document):
        raise RequestError("the body must be a JSON object with either 'instances' or 'inputs'")
    return document


def _columns(instances: list[Any], inputs: Sequence[TensorSignature]) -> Mapping[str, Any]:
    first = instances[0]
    if type(first) is not dict:
        return _named(instances, inputs)
    if len(first) > MAX_TENSORS:
        raise RequestError(f"an instance has more than {MAX_TENSORS} inputs")
    if any(type(row) is not dict or row.keys() != first.keys() for row in instances):
        raise RequestError("every instance must be an object of the same inputs")
    return {name: [row[name] for row in instances] for name in first}


def _named(values: Any, inputs: Sequence[TensorSignature]) -> Mapping[str, Any]:
    if type(values) is dict:
        return values
    if len(inputs) > 1:
        names = ", ".join(f"'{each.name}'" for each in inputs)
        raise RequestError(f"the model takes several inputs; name them: {names}")
    return {inputs[0].name: values}


def _request(values: Mapping[str, Any], inputs: Sequence[TensorSignature]) -> InferenceRequest:
    described = {each.name: each for each in inputs}
    for name in values:
        if name not in described:
            raise RequestError(f"the model has no input '{name}'; it takes {', '.join(map(repr, described))}")
    return InferenceRequest({name: _tensor(value, described[name]) for name, value in values.items()})


def _tensor(value: Any, described: TensorSignature) -> Tensor:
    shape = _shape(value)
    try:
        tensor = tensor_from_json(value if shape else [value], described.datatype, shape)
    except RequestError as error:
        raise RequestError(f"input '{described.name}': {error.message}") from None
    if len(shape) == len(described.shape) - 1 and described.shape[-1] == 1:
        return tensor.reshape([*shape, 1])  # a column of single values, as tables are written
    return tensor


def _shape(value: Any) -> list[int]:
    shape: list[int] = []
    while type(value) is list and len(shape) <= MAX_DIMENSIONS:
        shape.append(len(value))
        value = value[0] if value else None
    return shape


def _column(tensor: Tensor, datatype: str) -> Any:
    """Return the elements, nested as the shape says, as orjson encodes them."""
    numbers = from_bfloat16(tensor) if datatype == "BF16" else tensor
    if numbers.dtype.hasobject or numbers.ndim == 0:
        return numbers.tolist()
    return np.ascontiguousarray(numbers)
