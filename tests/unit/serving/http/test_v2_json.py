"""V2 documents: what is read, what is tolerated, what is refused and in which words."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.results import TensorSignature
from holdfast.signature import DTYPES
from holdfast_serving.http.v2_json import decode_request, encode_response
from holdfast_serving.inference.data_plane import InferenceResponse
from holdfast_serving.inference.errors import RequestError

TENSOR = {"name": "x", "datatype": "FP32", "shape": [1, 2], "data": [1, 2]}


def without(key: str) -> dict[str, Any]:
    return {name: value for name, value in TENSOR.items() if name != key}


def test_request_is_read_with_its_id_and_the_outputs_asked_for() -> None:
    document = {"id": "a1", "inputs": [TENSOR], "outputs": [{"name": "p"}, {"name": "q"}]}
    request = decode_request(orjson.dumps(document))
    assert request.id == "a1"
    assert request.outputs == ["p", "q"]
    np.testing.assert_array_equal(request.inputs["x"], [[1, 2]])


@pytest.mark.parametrize(
    "document",
    [
        pytest.param({"inputs": [TENSOR]}, id="inputs-alone"),
        pytest.param({"inputs": [TENSOR], "outputs": []}, id="no-outputs-means-all"),
        pytest.param({"inputs": [TENSOR], "parameters": {"a": 1}, "new": True}, id="unknown-fields"),
        pytest.param({"inputs": [{**TENSOR, "parameters": {"content_type": "np"}}]}, id="tensor-parameters"),
    ],
)
def test_what_the_protocol_allows_is_tolerated(document: dict[str, Any]) -> None:
    request = decode_request(orjson.dumps(document))
    assert request.outputs is None
    assert request.id is None


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        pytest.param([], "must be a JSON object", id="not-an-object"),
        pytest.param({}, "'inputs' must be a list", id="no-inputs"),
        pytest.param({"inputs": []}, "'inputs' must be a list", id="empty-inputs"),
        pytest.param({"inputs": {"x": 1}}, "'inputs' must be a list", id="inputs-not-a-list"),
        pytest.param({"inputs": [1]}, "every input must be an object", id="input-not-an-object"),
        pytest.param({"inputs": [without("name")]}, "every input must be", id="no-name"),
        pytest.param({"inputs": [TENSOR, TENSOR]}, "input 'x' is given twice", id="twice"),
        pytest.param({"inputs": [without("datatype")]}, "input 'x': 'datatype' must", id="no-datatype"),
        pytest.param(
            {"inputs": [{**TENSOR, "datatype": "FLOAT"}]}, "must be one of BOOL", id="wrong-datatype"
        ),
        pytest.param({"inputs": [{**TENSOR, "datatype": ["FP32"]}]}, "'datatype' must", id="datatype-list"),
        pytest.param({"inputs": [without("shape")]}, "'shape' must be a list", id="no-shape"),
        pytest.param({"inputs": [{**TENSOR, "shape": [-1, 2]}]}, "non-negative", id="negative-shape"),
        pytest.param({"inputs": [{**TENSOR, "shape": [True, 2]}]}, "non-negative", id="truth-value-shape"),
        pytest.param({"inputs": [{**TENSOR, "shape": [1.0, 2]}]}, "non-negative", id="fractional-shape"),
        pytest.param({"inputs": [without("data")]}, "'data' must be a list", id="no-data"),
        pytest.param({"inputs": [{**TENSOR, "shape": [3]}]}, "input 'x': 2 elements", id="wrong-length"),
        pytest.param({"inputs": [TENSOR], "outputs": "p"}, "'outputs' must be a list", id="outputs-text"),
        pytest.param({"inputs": [TENSOR], "outputs": [{}]}, "every output must be", id="output-no-name"),
        pytest.param({"inputs": [TENSOR], "id": 7}, "'id' must be a string", id="numeric-id"),
    ],
)
def test_wrong_documents_are_refused(document: Any, reason: str) -> None:
    with pytest.raises(RequestError, match=reason) as refusal:
        decode_request(orjson.dumps(document))
    assert refusal.value.status == 400


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"{", id="cut-off"),
        pytest.param(b"\xff\xfe", id="not-text"),
        pytest.param(b'{"inputs": [NaN]}', id="nan"),
        pytest.param(b'{"inputs":' + b"[" * 100_000, id="deep"),
    ],
)
def test_what_is_not_json_is_refused(body: bytes) -> None:
    with pytest.raises(RequestError, match="not JSON"):
        decode_request(body)


@pytest.mark.parametrize(
    ("tensor", "datatype", "shape", "data"),
    [
        pytest.param(np.array([[0.5, 0.25]], dtype=np.float32), "FP32", [1, 2], [0.5, 0.25], id="floats"),
        pytest.param(np.array([[True], [False]]), "BOOL", [2, 1], [True, False], id="truth-values"),
        pytest.param(np.array([["a"], ["b"]], dtype=np.object_), "BYTES", [2, 1], ["a", "b"], id="texts"),
        pytest.param(np.array(7, dtype=np.int8), "INT8", [], [7], id="scalar"),
    ],
)
def test_answers_give_flat_data(tensor: Any, datatype: str, shape: list[int], data: list[Any]) -> None:
    signature = TensorSignature(name="y", datatype=datatype, shape=[-1])
    answer = orjson.loads(encode_response(InferenceResponse([(signature, tensor)], "a1"), "m", "r1"))
    assert answer == {
        "model_name": "m",
        "model_version": "r1",
        "id": "a1",
        "outputs": [{"name": "y", "datatype": datatype, "shape": shape, "data": data}],
    }


def test_answer_has_no_id_when_none_was_given() -> None:
    assert b'"id"' not in encode_response(InferenceResponse([]), "m", "r1")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
ALMOST_TENSORS = st.fixed_dictionaries(
    {
        "name": st.just("x") | JSON,
        "datatype": st.sampled_from([*DTYPES, "BF16"]) | JSON,
        "shape": st.lists(st.integers(-1, 4), max_size=3) | JSON,
        "data": st.lists(JSON, max_size=4) | JSON,
    }
)


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({"inputs": st.lists(ALMOST_TENSORS, max_size=2)}, optional={"id": JSON}))
def test_any_document_is_read_or_refused_in_words(document: Any) -> None:
    body = orjson.dumps(document)
    try:
        request = decode_request(body)
    except RequestError:
        return
    for entry in document["inputs"]:
        assert request.inputs[entry["name"]].shape == tuple(entry["shape"])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(body: bytes) -> None:
    with pytest.raises(RequestError):
        decode_request(body)
