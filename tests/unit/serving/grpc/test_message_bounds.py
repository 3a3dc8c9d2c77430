"""Large messages are looked at on the wire before objects are made of their parts."""

import tracemalloc

import pytest

from holdfast_serving.grpc.infer_messages import decode_call
from holdfast_serving.grpc.message_bounds import MAX_PARTS, SMALL_BYTES, require_few_parts
from holdfast_serving.grpc.open_inference_grpc_pb2 import ModelInferRequest
from holdfast_serving.inference.errors import RequestError

MIB = 1024**2


def with_parameters(count: int) -> bytes:
    request = ModelInferRequest(model_name="m", raw_input_contents=[bytes(SMALL_BYTES)])
    entry = request.inputs.add(name="x", datatype="UINT8", shape=[SMALL_BYTES])
    for number in range(count):
        entry.parameters[str(number)].int64_param = number
    return request.SerializeToString()


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(b"\x2a\x00" * MIB, id="inputs"),
        pytest.param(b"\x32\x00" * MIB, id="outputs"),
        pytest.param(b"\x3a\x00" * MIB, id="raw"),
        pytest.param(b"\x22\x02\x0a\x00" * MIB, id="parameters"),
        pytest.param(b"\x50\x00" * MIB, id="unknown-fields"),
        pytest.param(with_parameters(MAX_PARTS), id="parameters-of-an-input"),
    ],
)
def test_messages_of_very_many_parts_are_refused_without_being_parsed(message: bytes) -> None:
    tracemalloc.start()
    with pytest.raises(RequestError, match="more than 512 parts") as caught:
        decode_call(message)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert caught.value.status == 400
    assert peak < MIB


@pytest.mark.parametrize("end", [b"\x0b\x0c", b"\x2a\xff\xff\x7f", b"\x00\x00"], ids=["group", "cut", "zero"])
def test_large_messages_that_are_none_are_refused(end: bytes) -> None:
    with pytest.raises(RequestError, match="not a ModelInferRequest"):
        require_few_parts(with_parameters(1) + end)


def test_elements_do_not_count() -> None:
    request = ModelInferRequest(model_name="m")
    entry = request.inputs.add(name="x", datatype="BYTES", shape=[50_000])
    entry.contents.bytes_contents.extend([b""] * 50_000)
    assert decode_call(request.SerializeToString()).inference.inputs["x"].shape == (50_000,)


def test_many_parameters_are_fine() -> None:
    assert "x" in decode_call(with_parameters(MAX_PARTS - 3)).inference.inputs
