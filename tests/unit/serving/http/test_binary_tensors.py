"""Requests and answers with raw tensors behind their JSON."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.results import TensorSignature
from holdfast.signature import Signature
from holdfast_serving.http.binary_tensors import split_body, whole_body_request
from holdfast_serving.http.v2_json import decode_request, encode_response
from holdfast_serving.inference.data_plane import InferenceRequest, InferenceResponse
from holdfast_serving.inference.errors import RequestError

X = np.array([[1, 2]], dtype=np.float32)


def entry(name: str, size: Any, **changes: Any) -> dict[str, Any]:
    return {
        "name": name,
        "datatype": "FP32",
        "shape": [1, 2],
        "parameters": {"binary_data_size": size},
        **changes,
    }


def decoded(raw: bytes, *entries: dict[str, Any]) -> InferenceRequest:
    head = orjson.dumps({"inputs": entries})
    return decode_request(*split_body(head + raw, str(len(head)).encode())).inference


def test_raw_tensors_belong_to_the_inputs_in_their_order() -> None:
    json_entry = {"name": "c", "datatype": "INT64", "shape": [1], "data": [3]}
    raw = X.tobytes() + (2 * X).tobytes()
    request = decoded(raw, entry("b", 8), json_entry, entry("a", 8))
    np.testing.assert_array_equal(request.inputs["b"], X)
    np.testing.assert_array_equal(request.inputs["a"], 2 * X)
    assert request.inputs["c"].tolist() == [3]


@pytest.mark.parametrize(
    ("raw", "entries", "reason"),
    [
        pytest.param(
            X.tobytes(), [entry("a", 4)], "input 'a': 4 bytes do not fill", id="size-of-another-shape"
        ),
        pytest.param(X.tobytes(), [entry("a", 9)], "is 9, but 8 bytes follow", id="more-than-follows"),
        pytest.param(X.tobytes(), [entry("a", -8)], "must be a non-negative integer", id="negative"),
        pytest.param(X.tobytes(), [entry("a", True)], "must be a non-negative integer", id="truth-value"),
        pytest.param(X.tobytes(), [entry("a", "8")], "must be a non-negative integer", id="text"),
        pytest.param(X.tobytes() + b"x", [entry("a", 8)], "1 bytes at the end", id="bytes-of-no-input"),
        pytest.param(
            b"\xff\xff\xff\xff", [entry("a", 4, datatype="BYTES", shape=[1])], "cut off", id="texts"
        ),
    ],
)
def test_bytes_that_do_not_fit_are_refused(raw: bytes, entries: list[Any], reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        decoded(raw, *entries)


@pytest.mark.parametrize("length", [b"x", b"-1", b"", b"11", b"1" * 9, b"1e1", "²".encode()])
def test_length_must_be_one_within_the_body(length: bytes) -> None:
    with pytest.raises(RequestError, match="must be a length within the body"):
        split_body(b"0123456789", length)


@pytest.mark.parametrize(
    ("binary", "raw_names"),
    [
        pytest.param(True, ["p", "q"], id="all"),
        pytest.param(frozenset({"q"}), ["q"], id="one"),
        pytest.param(frozenset(), [], id="none"),
    ],
)
def test_outputs_follow_as_raw_bytes_where_they_are_wanted_so(binary: Any, raw_names: list[str]) -> None:
    outputs = [
        (TensorSignature(name="p", datatype="FP32", shape=[-1, 2]), X),
        (TensorSignature(name="q", datatype="BYTES", shape=[-1]), np.array(["ä"], np.object_)),
    ]
    answer = encode_response(InferenceResponse(outputs), "m", "r", binary)
    body = b"".join(answer.body) if not isinstance(answer.body, bytes) else answer.body
    length = int(dict(answer.headers).get(b"inference-header-content-length", len(body)))
    document = orjson.loads(body[:length])
    raw = {"p": X.tobytes(), "q": b"\x02\0\0\0" + "ä".encode()}
    assert [each["name"] for each in document["outputs"] if "parameters" in each] == raw_names
    assert [each["name"] for each in document["outputs"] if "data" not in each] == raw_names
    assert body[length:] == b"".join(raw[name] for name in raw_names)


def signature(*shapes: list[int], datatype: str = "FP32") -> Signature:
    inputs = tuple(
        TensorSignature(name=f"x{index}", datatype=datatype, shape=shape)
        for index, shape in enumerate(shapes)
    )
    return Signature(inputs, inputs)


def test_body_without_json_is_the_only_input() -> None:
    rows = np.arange(6, dtype=np.float32).reshape(3, 2)
    request = whole_body_request(rows.tobytes(), signature([-1, 2]))
    np.testing.assert_array_equal(request.inputs["x0"], rows)


@pytest.mark.parametrize(
    ("described", "reason"),
    [
        pytest.param(signature([-1, 2], [-1, 2]), "one input", id="two-inputs"),
        pytest.param(signature([-1, -1]), "one variable dimension", id="two-variable-dimensions"),
        pytest.param(signature([-1], datatype="BYTES"), "one input", id="texts"),
        pytest.param(signature([-1, 3]), "do not fill", id="no-whole-rows"),
        pytest.param(signature([3]), "do not fill", id="another-size"),
        pytest.param(signature([-1, 0]), "do not fill", id="rows-of-nothing"),
    ],
)
def test_body_without_json_is_refused_where_its_shape_is_not_certain(
    described: Signature, reason: str
) -> None:
    with pytest.raises(RequestError, match=reason):
        whole_body_request(X.tobytes(), described)


@settings(deadline=None)
@given(st.binary(max_size=60), st.binary(max_size=3) | st.integers(0, 70).map(lambda n: str(n).encode()))
def test_any_body_and_length_are_refused_in_words(body: bytes, length: bytes) -> None:
    with pytest.raises(RequestError):
        decode_request(*split_body(body, length))
