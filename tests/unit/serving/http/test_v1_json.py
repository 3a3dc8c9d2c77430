"""V1 documents: rows and columns, one input and several, and what is refused."""

from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.results import TensorSignature
from holdfast_serving.http.v1_json import decode_prediction, encode_predictions
from holdfast_serving.inference.data_plane import InferenceResponse
from holdfast_serving.inference.errors import RequestError

TABLE = (TensorSignature(name="x", datatype="FP32", shape=[-1, 2]),)
COLUMNS = (
    TensorSignature(name="age", datatype="INT64", shape=[-1, 1]),
    TensorSignature(name="region", datatype="BYTES", shape=[-1, 1]),
)


@pytest.mark.parametrize(
    ("document", "inputs", "expected", "instances"),
    [
        pytest.param({"instances": [[1, 2], [3, 4]]}, TABLE, {"x": [[1, 2], [3, 4]]}, 2, id="rows"),
        pytest.param({"inputs": [[1, 2]]}, TABLE, {"x": [[1, 2]]}, None, id="columns-of-one-input"),
        pytest.param({"instances": [{"x": [1, 2]}]}, TABLE, {"x": [[1, 2]]}, 1, id="named-rows"),
        pytest.param({"inputs": {"x": [[1, 2]]}}, TABLE, {"x": [[1, 2]]}, None, id="named-columns"),
        pytest.param(
            {"instances": [{"age": 3, "region": "a"}, {"age": 4, "region": "b"}], "signature_name": "s"},
            COLUMNS,
            {"age": [[3], [4]], "region": [["a"], ["b"]]},
            2,
            id="rows-of-single-values",
        ),
        pytest.param(
            {"inputs": {"age": [[3]], "region": ["a"]}},
            COLUMNS,
            {"age": [[3]], "region": [["a"]]},
            None,
            id="columns-of-single-values",
        ),
        pytest.param(
            {"inputs": 7},
            (TensorSignature(name="x", datatype="FP64", shape=[]),),
            {"x": 7},
            None,
            id="scalar",
        ),
    ],
)
def test_tensors_take_their_shape_from_the_lists_and_their_datatype_from_the_model(
    document: Any, inputs: tuple[TensorSignature, ...], expected: dict[str, Any], instances: int | None
) -> None:
    decoded = decode_prediction(orjson.dumps(document), inputs)
    assert {name: tensor.tolist() for name, tensor in decoded.inference.inputs.items()} == expected
    assert decoded.instances == instances


@pytest.mark.parametrize(
    ("document", "inputs", "reason"),
    [
        pytest.param([], TABLE, "either 'instances' or 'inputs'", id="not-an-object"),
        pytest.param({}, TABLE, "either 'instances' or 'inputs'", id="neither"),
        pytest.param({"instances": [[1, 2]], "inputs": [[1, 2]]}, TABLE, "either", id="both"),
        pytest.param({"instances": []}, TABLE, "at least one row", id="no-rows"),
        pytest.param({"instances": {"x": 1}}, TABLE, "must be a list", id="rows-in-an-object"),
        pytest.param({"instances": [[1, 2], [3]]}, TABLE, "input 'x': nested data", id="ragged"),
        pytest.param({"instances": [["a", "b"]]}, TABLE, "input 'x': element 0 is not", id="texts"),
        pytest.param({"instances": [[1, 2]]}, COLUMNS, "name them: 'age', 'region'", id="nameless"),
        pytest.param({"instances": [{"y": 1}]}, TABLE, "no input 'y'; it takes 'x'", id="unknown-input"),
        pytest.param({"instances": [{"x": 1}, {}]}, TABLE, "the same inputs", id="input-missing-in-a-row"),
        pytest.param({"instances": [{"x": 1}, 2]}, TABLE, "the same inputs", id="named-and-nameless"),
        pytest.param(
            {"instances": [{str(index): 1 for index in range(17)}]}, TABLE, "more than 16", id="many-inputs"
        ),
    ],
)
def test_wrong_documents_are_refused(document: Any, inputs: tuple[TensorSignature, ...], reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        decode_prediction(orjson.dumps(document), inputs)


def test_deep_nesting_is_refused_in_words() -> None:
    body = b'{"instances":' + b"[" * 500 + b"1" + b"]" * 500 + b"}"
    with pytest.raises(RequestError, match="more than 16 dimensions"):
        decode_prediction(body, TABLE)


# ONNX Runtime's integers are C's long long, a type that NumPy tells apart from its own of the same size.
LABEL = (TensorSignature(name="label", datatype="INT64", shape=[-1]), np.array([1, 0], np.longlong))
SCORES = (TensorSignature(name="scores", datatype="FP32", shape=[-1, 2]), np.array([[0.5, np.nan], [1, 0]]))
HALVES = (TensorSignature(name="halves", datatype="BF16", shape=[-1]), np.array([0x3F00, 0x3E80], np.uint16))


@pytest.mark.parametrize(
    ("outputs", "instances", "predictions"),
    [
        pytest.param([LABEL], 2, [1, 0], id="rows-of-one-output"),
        pytest.param([HALVES], 2, [0.5, 0.25], id="bf16"),
        pytest.param([SCORES], None, [[0.5, None], [1, 0]], id="column-of-one-output"),
        pytest.param(
            [LABEL, SCORES],
            2,
            [{"label": 1, "scores": [0.5, None]}, {"label": 0, "scores": [1, 0]}],
            id="rows-of-several-outputs",
        ),
        pytest.param(
            [LABEL, SCORES], None, {"label": [1, 0], "scores": [[0.5, None], [1, 0]]}, id="several-columns"
        ),
    ],
)
def test_answers_have_the_form_of_the_question(outputs: Any, instances: int | None, predictions: Any) -> None:
    document = orjson.loads(encode_predictions(InferenceResponse(outputs), instances))
    assert document == {"predictions": predictions}


def test_answer_carries_the_id_that_labels_come_back_with() -> None:
    document = orjson.loads(encode_predictions(InferenceResponse([LABEL], None, "p1"), 2))
    assert document["prediction_id"] == "p1"


@pytest.mark.parametrize("instances", [1, 3])
def test_outputs_that_are_not_by_row_are_refused_to_who_sent_rows(instances: int) -> None:
    with pytest.raises(RequestError, match="send 'inputs' instead"):
        encode_predictions(InferenceResponse([LABEL]), instances)


NESTED = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=2),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "age", "region"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@settings(deadline=None)
@given(st.sampled_from(["instances", "inputs"]), NESTED, st.sampled_from([TABLE, COLUMNS]))
def test_any_document_is_read_or_refused_in_words(
    key: str, values: Any, inputs: tuple[TensorSignature, ...]
) -> None:
    try:
        decoded = decode_prediction(orjson.dumps({key: values}), inputs)
    except RequestError:
        return
    assert set(decoded.inference.inputs) <= {each.name for each in inputs}
