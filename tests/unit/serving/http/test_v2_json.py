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
    request = decode_request(orjson.dumps(document)).inference
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
    decoded = decode_request(orjson.dumps(document))
    assert decoded.inference.outputs is None
    assert decoded.inference.id is None
    assert not decoded.binary


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
        pytest.param({"inputs": [{**TENSOR, "name": str(i)} for i in range(17)]}, "more than 16", id="many"),
        pytest.param(
            {"inputs": [TENSOR], "outputs": [{"name": "p"}] * 2}, "asked for twice", id="output-twice"
        ),
        pytest.param({"inputs": [TENSOR], "outputs": [{"name": "p"}] * 99}, "at most 16", id="many-outputs"),
        pytest.param({"inputs": [TENSOR], "parameters": [1]}, "'parameters' must be", id="parameter-list"),
        pytest.param(
            {"inputs": [{**TENSOR, "parameters": {"binary_data_size": 8}}]},
            "but 0 bytes follow",
            id="no-bytes",
        ),
        pytest.param(
            {"inputs": [{**TENSOR, "parameters": {"shared_memory_region": "a"}}]},
            "'shared_memory_region' is not served",
            id="shared-memory",
        ),
        pytest.param(
            {"inputs": [TENSOR], "outputs": [{"name": "p", "parameters": {"classification": 2}}]},
            "'classification' is not served",
            id="classification",
        ),
        pytest.param(
            {"inputs": [TENSOR], "parameters": {"binary_data_output": 1}},
            "'binary_data_output' must be true or false",
            id="binary-number",
        ),
        pytest.param(
            {
                "inputs": [
                    {
                        **TENSOR,
                        "datatype": "BYTES",
                        "data": ["$", "x"],
                        "parameters": {"content_type": "base64"},
                    }
                ]
            },
            "not base64",
            id="not-base64",
        ),
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
    response = encode_response(InferenceResponse([(signature, tensor)], "a1"), "m", "r1")
    assert isinstance(response.body, bytes)
    answer = orjson.loads(response.body)
    assert answer == {
        "model_name": "m",
        "model_version": "r1",
        "id": "a1",
        "outputs": [{"name": "y", "datatype": datatype, "shape": shape, "data": data}],
    }


def test_answer_has_no_id_when_none_was_given() -> None:
    body = encode_response(InferenceResponse([]), "m", "r1").body
    assert body == b'{"model_name":"m","model_version":"r1","outputs":[]}'


def test_answer_carries_the_id_that_labels_come_back_with() -> None:
    body = encode_response(InferenceResponse([], None, "p1"), "m", "r1").body
    assert isinstance(body, bytes)
    assert orjson.loads(body)["parameters"] == {"prediction_id": "p1"}


@pytest.mark.parametrize(
    ("parameters", "outputs", "binary"),
    [
        pytest.param({"binary_data_output": True}, None, True, id="all"),
        pytest.param({"binary_data_output": False}, None, False, id="none"),
        pytest.param({"binary_data_output": True}, [{"name": "p"}], {"p"}, id="all-that-are-asked-for"),
        pytest.param(
            {"binary_data_output": True},
            [{"name": "p", "parameters": {"binary_data": False}}, {"name": "q"}],
            {"q"},
            id="an-output-overrides",
        ),
        pytest.param(None, [{"name": "p", "parameters": {"binary_data": True}}], {"p"}, id="one"),
        pytest.param(None, [{"name": "p", "parameters": {"other": 1}}], set(), id="unknown-parameter"),
    ],
)
def test_outputs_are_binary_where_the_request_says_so(parameters: Any, outputs: Any, binary: Any) -> None:
    document = {"inputs": [TENSOR], "outputs": outputs, "parameters": parameters}
    assert decode_request(orjson.dumps(document)).binary == binary


def test_texts_in_base64_are_decoded_as_their_parameter_says() -> None:
    entry: dict[str, Any] = {"name": "x", "datatype": "BYTES", "shape": [2], "data": ["w6Q=", ""]}
    entry["parameters"] = {"content_type": "base64"}
    tensor = decode_request(orjson.dumps({"inputs": [entry]})).inference.inputs["x"]
    assert tensor.tolist() == ["ä", ""]


def test_datatype_is_that_of_the_model() -> None:
    """UINT16 and BF16 look the same once they are arrays."""
    body = orjson.dumps({"inputs": [{**TENSOR, "datatype": "UINT16"}]})
    assert decode_request(body, datatypes={"x": "UINT16"}).inference.inputs["x"].dtype == np.uint16
    with pytest.raises(RequestError, match="input 'x': 'datatype' must be BF16"):
        decode_request(body, datatypes={"x": "BF16"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=10,
)
ALMOST_TENSORS = st.fixed_dictionaries(
    {
        "name": st.just("x") | JSON,
        "datatype": st.sampled_from([*DTYPES]) | JSON,
        "shape": st.lists(st.integers(-1, 4), max_size=3) | JSON,
        "data": st.lists(JSON, max_size=4) | JSON,
        "parameters": st.none() | st.fixed_dictionaries({"binary_data_size": st.integers(-1, 1)}) | JSON,
    }
)


@settings(deadline=None)
@given(JSON | st.fixed_dictionaries({"inputs": st.lists(ALMOST_TENSORS, max_size=2)}, optional={"id": JSON}))
def test_any_document_is_read_or_refused_in_words(document: Any) -> None:
    body = orjson.dumps(document)
    try:
        request = decode_request(body).inference
    except RequestError:
        return
    for entry in document["inputs"]:
        assert request.inputs[entry["name"]].shape == tuple(entry["shape"])


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_refused_in_words(body: bytes) -> None:
    with pytest.raises(RequestError):
        decode_request(body)
