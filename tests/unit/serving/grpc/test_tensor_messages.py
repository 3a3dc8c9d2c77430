"""Tensors in gRPC messages: every datatype, typed and raw, and what is refused."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from holdfast.results import TensorSignature
from holdfast.signature import DTYPES
from holdfast_serving.grpc.infer_messages import decode_call, encode_answer
from holdfast_serving.grpc.open_inference_grpc_pb2 import (
    InferTensorContents,
    ModelInferRequest,
    ModelInferResponse,
)
from holdfast_serving.grpc.tensor_messages import FIELDS, tensor_from_contents
from holdfast_serving.inference.data_plane import InferenceResponse
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.tensors import Tensor

UNTYPED = ("FP16", "BF16")


@st.composite
def tensors(draw: st.DrawFn, datatype: str) -> Tensor:
    shape = draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    if datatype != "BYTES":
        return draw(arrays.arrays(DTYPES[datatype], shape))
    count = int(np.prod(shape, dtype=int))
    texts = draw(st.lists(st.text(), min_size=count, max_size=count))
    tensor: Tensor = np.empty(count, np.object_)
    tensor[:] = texts
    return tensor.reshape(shape)


def returned(tensor: Tensor, datatype: str, *, raw: bool) -> tuple[Tensor, ModelInferResponse]:
    """Send a tensor out as an answer, and what the answer says in again as a request."""
    answer = InferenceResponse([(TensorSignature(name="x", datatype=datatype, shape=[]), tensor)])
    response = ModelInferResponse.FromString(encode_answer(answer, "m", "1", raw=raw).SerializeToString())
    request = ModelInferRequest(raw_input_contents=response.raw_output_contents)
    output = response.outputs[0]
    entry = request.inputs.add(name=output.name, datatype=output.datatype, shape=output.shape)
    if output.HasField("contents"):
        entry.contents.CopyFrom(output.contents)
    return decode_call(request.SerializeToString()).inference.inputs["x"], response


@pytest.mark.parametrize("raw", [True, False], ids=["raw", "typed"])
@pytest.mark.parametrize("datatype", DTYPES)
@settings(deadline=None, max_examples=30)
@given(data=st.data())
def test_tensors_survive_the_way_through_messages(datatype: str, raw: bool, data: st.DataObject) -> None:
    tensor = data.draw(tensors(datatype))
    received, response = returned(tensor, datatype, raw=raw)
    assert len(response.raw_output_contents) == int(raw or datatype in UNTYPED)
    assert (received.dtype, received.shape) == (tensor.dtype, tensor.shape)
    if datatype == "BYTES":
        assert received.tolist() == tensor.tolist()
    else:
        np.testing.assert_array_equal(received, tensor)


def test_raw_numbers_are_not_copied() -> None:
    received, _ = returned(np.arange(6, dtype=np.float32), "FP32", raw=True)
    assert not received.flags.owndata


@pytest.mark.parametrize(
    ("datatype", "contents", "shape", "reason"),
    [
        pytest.param("UINT8", {"uint_contents": [256]}, [1], "not a value of UINT8", id="too-large"),
        pytest.param("INT16", {"int_contents": [-40000]}, [1], "not a value of INT16", id="too-small"),
        pytest.param("INT64", {"int_contents": [1]}, [1], "must be in 'int64_contents', not", id="field"),
        pytest.param(
            "FP32",
            {"fp32_contents": [1], "int_contents": [1]},
            [1],
            "'fp32_contents', not in 'int_contents'",
            id="two-fields",
        ),
        pytest.param("FP16", {"fp32_contents": [1]}, [1], "FP16 must be given in 'raw_input", id="fp16"),
        pytest.param("BF16", {}, [0], "BF16 must be given in 'raw_input_contents'", id="bf16"),
        pytest.param("FP64", {"fp64_contents": [1, 2]}, [3], "2 elements do not fill", id="too-few"),
        pytest.param("FP64", {}, [1], "0 elements do not fill", id="none"),
        pytest.param("BOOL", {"bool_contents": [True]}, [-1], "non-negative", id="negative-length"),
        pytest.param("BOOL", {}, [0, 2**62], "too large", id="claims-too-much"),
        pytest.param("BOOL", {"bool_contents": [True]}, [1] * 17, "dimensions", id="dimensions"),
        pytest.param("BYTES", {"bytes_contents": [b"\xff"]}, [1], "not UTF-8", id="no-text"),
    ],
)
def test_contents_that_do_not_fit_are_refused(
    datatype: str, contents: dict[str, Any], shape: list[int], reason: str
) -> None:
    with pytest.raises(RequestError, match=reason) as caught:
        tensor_from_contents(InferTensorContents(**contents), datatype, shape)
    assert caught.value.status == 400


def test_every_field_of_the_protocol_is_read() -> None:
    assert set(FIELDS.values()) == {field.name for field in InferTensorContents.DESCRIPTOR.fields}
    assert set(DTYPES) - set(FIELDS) == set(UNTYPED)
