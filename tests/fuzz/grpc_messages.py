"""gRPC messages: bytes that may be none, and messages that are well formed and make no sense."""

import math
from random import Random
from typing import Any

import numpy as np
from google.protobuf.message import DecodeError

from holdfast.results import TensorSignature
from holdfast.signature import DTYPES
from holdfast_serving.grpc.infer_messages import ModelCall, decode_call, encode_answer
from holdfast_serving.grpc.open_inference_grpc_pb2 import (
    InferParameter,
    ModelInferRequest,
    ModelInferResponse,
)
from holdfast_serving.grpc.tensor_messages import FIELDS
from holdfast_serving.inference.data_plane import InferenceResponse
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.tensors import Tensor
from tests.fuzz.target import Target, Violation, kind_of

LENGTHS = (0, 1, 2, 3, 8, -1, 2**31, 2**62, -(2**63))
NUMBERS = (0, 1, -1, 127, 128, 255, 256, -129, 32767, 65536, 2**31 - 1, -(2**31))
NAMES = ("x", "y", "", "FP32", "\N{SNOWMAN}", "x" * 300)
RAW = (b"", b"\0", b"\x01\0\0\0a", b"\xff\xff\xff\xff", b"\0" * 8, b"\x02" * 16)
TOKENS = (
    *(b"\x0a", b"\x12", b"\x1a", b"\x22", b"\x2a", b"\x32", b"\x3a", b"\0", b"\x01", b"\xff"),
    *(b"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
    *(b"\x2a\x00", b"\x3a\x00", b"\x0b\x0c", b"\x0b" * 120, b"\x1a\x02\x00\x01", b"\xed\xa0\x80"),
    *(name.encode() for name in DTYPES),
)


def run(data: bytes, _random: Random) -> str:
    """Decode a ModelInferRequest; what is accepted must come back through an answer as it was."""
    try:
        call = decode_call(data)
    except RequestError as error:
        if error.status != 400:
            raise Violation(f"{error.status}: {error.message[:200]}") from None
        return f"400 {kind_of(error.message)}"
    tensors = call.inference.inputs
    for name, tensor in tensors.items():
        if tensor.size != math.prod(tensor.shape) or tensor.dtype not in DTYPES.values():
            raise Violation(f"input {name!r} became {tensor!r}")
    _require_returned(call, ModelInferRequest.FromString(data))
    return f"accepted {len(tensors)} inputs, raw: {call.raw}"


def _require_returned(call: ModelCall, request: ModelInferRequest) -> None:
    datatypes = {entry.name: entry.datatype for entry in request.inputs}
    outputs = [
        (TensorSignature(name="y", datatype=datatypes[name], shape=[]), tensor)
        for name, tensor in call.inference.inputs.items()
    ]
    answer = encode_answer(InferenceResponse(outputs, call.inference.id), "m", "1", raw=call.raw)
    response = ModelInferResponse.FromString(answer.SerializeToString())
    again = ModelInferRequest(raw_input_contents=response.raw_output_contents)
    for position, output in enumerate(response.outputs):
        again.inputs.add().MergeFromString(output.SerializeToString())
        again.inputs[position].name = str(position)
    received = decode_call(again.SerializeToString()).inference.inputs
    for position, (_, tensor) in enumerate(outputs):
        if not _same(received[str(position)], tensor):
            raise Violation(f"{tensor!r} came back as {received[str(position)]!r}")


def _same(received: Tensor, sent: Tensor) -> bool:
    if sent.dtype == np.object_:
        return received.shape == sent.shape and bool(received.tolist() == sent.tolist())
    floating = sent.dtype.kind == "f"
    return received.dtype == sent.dtype and np.array_equal(received, sent, equal_nan=floating)


def changed_message(data: bytes, random: Random) -> bytes:
    """Return the message with one field made wrong; bytes that are no message are left as they are."""
    try:
        request = ModelInferRequest.FromString(data)
    except DecodeError:
        return data
    random.choice((_change_input, _change_contents, _change_raw, _change_request))(request, random)
    return request.SerializeToString()


def _an_input(request: ModelInferRequest, random: Random) -> Any:
    if not request.inputs or random.random() < 0.1:
        return request.inputs.add(name=random.choice(NAMES), datatype=random.choice(list(DTYPES)))
    return random.choice(request.inputs)


def _change_input(request: ModelInferRequest, random: Random) -> None:
    entry = _an_input(request, random)
    match random.randrange(4):
        case 0:
            entry.datatype = random.choice([*DTYPES, "FP8", "fp32", ""])
        case 1:
            entry.shape.append(random.choice(LENGTHS))
        case 2 if entry.shape:
            entry.shape[random.randrange(len(entry.shape))] = random.choice(LENGTHS)
        case _:
            entry.name = random.choice(NAMES)


def _change_contents(request: ModelInferRequest, random: Random) -> None:
    contents = _an_input(request, random).contents
    field = random.choice(list(FIELDS.values()))
    elements = getattr(contents, field)
    if field == "bytes_contents":
        elements.append(random.choice(RAW))
    elif field == "bool_contents":
        elements.append(True)
    else:
        elements.append(abs(random.choice(NUMBERS)) if field.startswith("uint") else random.choice(NUMBERS))
    if random.random() < 0.3:
        contents.Clear()


def _change_raw(request: ModelInferRequest, random: Random) -> None:
    raw = request.raw_input_contents
    if raw and random.random() < 0.5:
        raw[random.randrange(len(raw))] = random.choice(RAW)
    elif raw and random.random() < 0.3:
        raw.pop()
    else:
        raw.append(random.choice(RAW))


def _change_request(request: ModelInferRequest, random: Random) -> None:
    names = ("classification", "shared_memory_region", "binary_data", "x")
    parameter = InferParameter(int64_param=random.choice(NUMBERS))
    match random.randrange(4):
        case 0:
            request.outputs.add(name=random.choice(NAMES)).parameters[random.choice(names)].CopyFrom(
                parameter
            )
        case 1:
            _an_input(request, random).parameters[random.choice(names)].CopyFrom(parameter)
        case 2:
            request.MergeFromString(request.SerializeToString())
        case _:
            request.id = random.choice(NAMES)


def seeds() -> list[bytes]:
    """Return a valid request for each datatype, raw and, where the protocol has it, typed."""
    found = []
    for datatype, dtype in DTYPES.items():
        text = datatype == "BYTES"
        request = ModelInferRequest(model_name="m", id="a")
        entry = request.inputs.add(name="x", datatype=datatype, shape=[2])
        if datatype in FIELDS:
            getattr(entry.contents, FIELDS[datatype]).extend([b"a", b"bc"] if text else [1, 0])
            found.append(request.SerializeToString())
            entry.ClearField("contents")
        raw = b"\x01\0\0\0a\x02\0\0\0bc" if text else np.ones(2, dtype).tobytes()
        request.raw_input_contents.append(raw)
        found.append(request.SerializeToString())
    return found


TARGET = Target("grpc-messages", run, seeds(), TOKENS, changed_message)
