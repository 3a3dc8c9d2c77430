"""ModelInfer's messages: what is asked for, what is answered, and what is refused."""

from collections.abc import Callable

import numpy as np
import pytest

from holdfast.results import TensorSignature
from holdfast_serving.grpc.infer_messages import decode_call, encode_answer
from holdfast_serving.grpc.open_inference_grpc_pb2 import ModelInferRequest
from holdfast_serving.inference.data_plane import InferenceResponse
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.tensors import Tensor

Change = Callable[[ModelInferRequest], object]


def typed(name: str = "x") -> ModelInferRequest:
    request = ModelInferRequest(model_name="m", model_version="1", id="a")
    entry = request.inputs.add(name=name, datatype="FP32", shape=[2])
    entry.contents.fp32_contents.extend([1, 2])
    return request


def raw() -> ModelInferRequest:
    request = ModelInferRequest(model_name="m", raw_input_contents=[b"\0" * 8])
    request.inputs.add(name="x", datatype="FP32", shape=[2])
    return request


def answer(**fields: str) -> InferenceResponse:
    outputs: list[tuple[TensorSignature, Tensor]] = [
        (TensorSignature(name="y", datatype="FP32", shape=[-1]), np.array([1, 2], np.float32)),
        (TensorSignature(name="h", datatype="FP16", shape=[-1]), np.array([0.5], np.float16)),
    ]
    return InferenceResponse(outputs[: 2 if fields.pop("half", None) else 1], **fields)


def test_request_says_whom_it_is_for_and_what_it_wants() -> None:
    request = typed()
    request.outputs.add(name="z")
    request.outputs.add(name="y")
    call = decode_call(request.SerializeToString())
    assert (call.model, call.version, call.raw) == ("m", "1", False)
    assert (call.inference.id, call.inference.outputs) == ("a", ["z", "y"])


def test_what_is_not_said_is_left_open() -> None:
    call = decode_call(raw().SerializeToString())
    assert (call.version, call.raw, call.inference.id, call.inference.outputs) == ("", True, None, None)


def test_parameters_and_fields_that_the_protocol_does_not_know_are_ignored() -> None:
    request = typed()
    request.parameters["sequence_id"].int64_param = 7
    request.inputs[0].parameters["binary_data_size"].int64_param = 8
    unknown_field = b"\xfa\x06\x03abc"
    assert list(decode_call(request.SerializeToString() + unknown_field).inference.inputs) == ["x"]


@pytest.mark.parametrize(
    ("request_of", "change", "reason"),
    [
        pytest.param(typed, lambda r: r.ClearField("inputs"), "must be 1 to", id="no-inputs"),
        pytest.param(
            typed,
            lambda r: [r.inputs.add(name=str(n), datatype="FP32") for n in range(16)],
            "must be 1 to 16",
            id="many-inputs",
        ),
        pytest.param(typed, lambda r: r.MergeFrom(typed()), "input 'x' is given twice", id="twice"),
        pytest.param(
            typed, lambda r: setattr(r.inputs[0], "datatype", "FP8"), "input 'x': 'datatype'", id="datatype"
        ),
        pytest.param(
            typed, lambda r: r.raw_input_contents.append(b"\0" * 8), "exclude each other", id="raw-and-typed"
        ),
        pytest.param(raw, lambda r: r.raw_input_contents.append(b""), "2 entries for 1", id="more-raw"),
        pytest.param(
            raw, lambda r: r.inputs[0].shape.append(2), "8 bytes do not fill shape", id="too-little-raw"
        ),
        pytest.param(
            raw, lambda r: [r.outputs.add(name="y") for _ in range(2)], "asked for twice", id="output-twice"
        ),
        pytest.param(
            raw, lambda r: [r.outputs.add(name=str(n)) for n in range(17)], "at most 16", id="many-outputs"
        ),
        pytest.param(
            raw,
            lambda r: r.outputs.add(name="y").parameters["classification"].MergeFromString(b"\x10\x03"),
            "'classification' is not served",
            id="classification",
        ),
        pytest.param(
            raw,
            lambda r: r.inputs[0].parameters["shared_memory_region"].MergeFromString(b"\x1a\x01a"),
            "'shared_memory_region' is not served",
            id="shared-memory",
        ),
    ],
)
def test_requests_that_do_not_fit_are_refused(
    request_of: Callable[[], ModelInferRequest], change: Change, reason: str
) -> None:
    request = request_of()
    change(request)
    with pytest.raises(RequestError, match=reason) as caught:
        decode_call(request.SerializeToString())
    assert caught.value.status == 400


def test_bytes_that_are_no_message_are_refused() -> None:
    with pytest.raises(RequestError, match="not a ModelInferRequest"):
        decode_call(b"\xff\xff\xff")


def test_answer_is_typed_or_raw_as_asked_for() -> None:
    for_typed = encode_answer(answer(), "m", "1", raw=False)
    for_raw = encode_answer(answer(), "m", "1", raw=True)
    assert list(for_typed.outputs[0].contents.fp32_contents) == [1, 2]
    assert not for_typed.raw_output_contents
    assert list(for_raw.raw_output_contents) == [np.array([1, 2], np.float32).tobytes()]
    assert not for_raw.outputs[0].HasField("contents")


def test_answer_with_a_datatype_that_has_no_field_is_raw_throughout() -> None:
    response = encode_answer(answer(half="yes"), "m", "1", raw=False)
    assert [len(each) for each in response.raw_output_contents] == [8, 2]


def test_answer_names_model_version_and_ids() -> None:
    response = encode_answer(answer(id="a", prediction_id="p"), "m", "1", raw=True)
    assert (response.model_name, response.model_version, response.id) == ("m", "1", "a")
    assert response.parameters["prediction_id"].string_param == "p"
    assert not encode_answer(answer(), "m", "1", raw=True).parameters
