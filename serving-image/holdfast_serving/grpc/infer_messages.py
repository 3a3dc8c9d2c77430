"""ModelInfer's messages <-> what the data plane takes and gives."""

from collections.abc import Mapping
from dataclasses import dataclass

from google.protobuf.message import DecodeError

from holdfast.signature import DTYPES, MAX_TENSORS
from holdfast_serving.grpc.message_bounds import require_few_parts
from holdfast_serving.grpc.open_inference_grpc_pb2 import (
    InferParameter,
    ModelInferRequest,
    ModelInferResponse,
)
from holdfast_serving.grpc.tensor_messages import FIELDS, tensor_from_contents, tensor_to_contents
from holdfast_serving.inference.data_plane import InferenceRequest, InferenceResponse
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.parameters import UNSERVED, unserved
from holdfast_serving.inference.raw_tensors import tensor_from_bytes, tensor_to_bytes
from holdfast_serving.inference.tensors import Tensor

InputMessage = ModelInferRequest.InferInputTensor
Parameters = Mapping[str, InferParameter]


@dataclass(slots=True)
class ModelCall:
    """An inference request, whom it is for, and whether its answer is to be raw as it was itself."""

    model: str
    version: str
    inference: InferenceRequest
    raw: bool


def decode_call(message: bytes) -> ModelCall:
    """Return what a ModelInferRequest asks for; other parameters than those of tensors are ignored.

    Raises:
        RequestError: the bytes are no such message, or it is no inference request; says where and why.
    """
    require_few_parts(message)
    try:
        request = ModelInferRequest.FromString(message)
    except DecodeError:
        raise RequestError("the message is not a ModelInferRequest") from None
    return ModelCall(
        request.model_name,
        request.model_version,
        InferenceRequest(_inputs(request), _output_names(request), request.id or None),
        bool(request.raw_input_contents),
    )


def encode_answer(
    answer: InferenceResponse, model_name: str, model_version: str, *, raw: bool
) -> ModelInferResponse:
    """Return the answer; raw throughout if asked for or if any output has no typed field."""
    response = ModelInferResponse(model_name=model_name, model_version=model_version, id=answer.id or "")
    if answer.prediction_id is not None:
        response.parameters["prediction_id"].string_param = answer.prediction_id
    raw = raw or any(signature.datatype not in FIELDS for signature, _ in answer.outputs)
    for signature, tensor in answer.outputs:
        output = response.outputs.add(name=signature.name, datatype=signature.datatype, shape=tensor.shape)
        if raw:
            response.raw_output_contents.append(bytes(tensor_to_bytes(tensor)))
        else:
            output.contents.CopyFrom(tensor_to_contents(tensor, signature.datatype))
    return response


def _inputs(request: ModelInferRequest) -> dict[str, Tensor]:
    entries, raw = request.inputs, request.raw_input_contents
    if not 1 <= len(entries) <= MAX_TENSORS:
        raise RequestError(f"'inputs' must be 1 to {MAX_TENSORS} tensors")
    if raw and len(raw) != len(entries):
        raise RequestError(f"'raw_input_contents' has {len(raw)} entries for {len(entries)} inputs")
    inputs: dict[str, Tensor] = {}
    for position, entry in enumerate(entries):
        name = entry.name
        if name in inputs:
            raise RequestError(f"input '{name}' is given twice")
        try:
            inputs[name] = _tensor(entry, raw[position] if raw else None)
        except RequestError as error:
            raise RequestError(f"input '{name}': {error.message}") from None
    return inputs


def _tensor(entry: InputMessage, raw: bytes | None) -> Tensor:
    datatype = entry.datatype
    if datatype not in DTYPES:
        raise RequestError(f"'datatype' must be one of {', '.join(DTYPES)}")
    _require_served(entry.parameters)
    if raw is None:
        return tensor_from_contents(entry.contents, datatype, list(entry.shape))
    if entry.HasField("contents"):
        raise RequestError("'contents' and 'raw_input_contents' exclude each other")
    return tensor_from_bytes(raw, datatype, list(entry.shape))


def _output_names(request: ModelInferRequest) -> list[str] | None:
    if len(request.outputs) > MAX_TENSORS:
        raise RequestError(f"'outputs' must be a list of at most {MAX_TENSORS} outputs")
    names = [entry.name for entry in request.outputs]
    if len(set(names)) < len(names):
        raise RequestError("an output is asked for twice")
    for entry in request.outputs:
        _require_served(entry.parameters)
    return names or None


def _require_served(parameters: Parameters) -> None:
    for name in UNSERVED:
        # A look-up by [] would insert the name.
        if name in parameters:
            raise unserved(name)
