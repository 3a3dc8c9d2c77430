"""Tensors in JSON form: every datatype, flat and nested, and what is refused."""

import math
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from holdfast.signature import DTYPES
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.tensors import MANY, tensor_from_json, tensor_to_json

NUMERIC = [datatype for datatype in DTYPES if datatype not in ("BYTES", "BOOL", "BF16")]


@pytest.mark.parametrize("datatype", NUMERIC)
@settings(deadline=None)
@given(data=st.data())
def test_numbers_survive_the_way_through_json(datatype: str, data: st.DataObject) -> None:
    shape = data.draw(arrays.array_shapes(min_dims=1, max_dims=3, max_side=3))
    elements = {"allow_nan": False, "allow_infinity": False} if datatype.startswith("FP") else None
    tensor = data.draw(arrays.arrays(DTYPES[datatype], shape, elements=elements))
    sent = orjson.loads(orjson.dumps(tensor_to_json(tensor, datatype), option=orjson.OPT_SERIALIZE_NUMPY))
    received = tensor_from_json(sent, datatype, list(shape))
    assert received.dtype == tensor.dtype
    np.testing.assert_array_equal(received, tensor)


@settings(deadline=None)
@given(st.lists(st.text(), max_size=6))
def test_texts_survive_the_way_through_json(texts: list[str]) -> None:
    tensor = tensor_from_json(texts, "BYTES", [len(texts), 1])
    assert tensor.shape == (len(texts), 1)
    assert tensor_to_json(tensor, "BYTES") == texts


@pytest.mark.parametrize(
    ("data", "datatype", "shape", "expected"),
    [
        pytest.param([1, 2, 3, 4], "FP32", [2, 2], [[1, 2], [3, 4]], id="flat"),
        pytest.param([[1, 2], [3, 4]], "INT64", [2, 2], [[1, 2], [3, 4]], id="nested"),
        pytest.param([[[1], [2]]], "UINT8", [1, 2, 1], [[[1], [2]]], id="nested-deeper"),
        pytest.param([True, False], "BOOL", [2], [True, False], id="truth-values"),
        pytest.param([[True], [False]], "BOOL", [2, 1], [[True], [False]], id="nested-truth-values"),
        pytest.param([], "FP32", [0, 3], np.empty((0, 3)), id="no-rows"),
        pytest.param([], "BOOL", [0], np.empty(0), id="no-truth-values"),
        pytest.param([1.5], "FP64", [], 1.5, id="scalar"),
        pytest.param([None, 2], "FP32", [2], [math.nan, 2], id="null-is-missing"),
        pytest.param([1e300, -1e300], "FP32", [2], [math.inf, -math.inf], id="beyond-fp32-is-infinite"),
        pytest.param([1e300], "FP16", [1], [math.inf], id="beyond-fp16-is-infinite"),
        pytest.param([2**64 - 1], "UINT64", [1], [2**64 - 1], id="largest-uint64"),
        pytest.param(
            [1 + 2**-11 + 2**-40], "FP16", [1], [1 + 2**-10], id="just-above-half-way-in-fp16-is-rounded-once"
        ),
    ],
)
def test_elements_are_read(data: list[Any], datatype: str, shape: list[int], expected: Any) -> None:
    tensor = tensor_from_json(data, datatype, shape)
    assert tensor.dtype == DTYPES[datatype]
    assert tensor.shape == tuple(shape)
    np.testing.assert_array_equal(tensor, np.asarray(expected, dtype=DTYPES[datatype]))


@pytest.mark.parametrize(
    ("data", "datatype", "shape", "reason"),
    [
        pytest.param([1, 2, 3], "FP32", [2, 2], "3 elements do not fill", id="too-few"),
        pytest.param([1, 2, 3], "FP32", [2], "3 elements do not fill", id="too-many"),
        pytest.param([1], "FP32", [2**40, 2**40], "1 elements do not fill", id="huge-shape"),
        pytest.param([], "FP32", [0, 2**31, 2**31], "is too large", id="huge-shape-of-nothing"),
        pytest.param([], "FP32", [0, 10**30], "is too large", id="length-beyond-64-bits"),
        pytest.param([1], "FP32", [1] * 17, "more than 16 dimensions", id="too-many-dimensions"),
        pytest.param([1], "FP32", None, "'shape' must be a list", id="no-shape"),
        pytest.param([[1, 2], [3]], "FP32", [2, 2], "along axis 1", id="ragged"),
        pytest.param([[1, 2], 3], "FP32", [2, 2], "along axis 1", id="half-nested"),
        pytest.param([[1, 2], [3, 4]], "FP32", [4], "2 elements do not fill", id="nested-too-deep"),
        pytest.param([1, [2]], "FP32", [2], "element 1 is not", id="list-as-element"),
        pytest.param(["1.5"], "FP32", [1], "element 0 is not a value of FP32", id="text-as-number"),
        pytest.param([{}], "FP64", [1], "element 0 is not", id="object"),
        pytest.param([1, 1.5], "INT32", [2], "element 1 is not a value of INT32", id="fraction-as-integer"),
        pytest.param([1, None], "INT32", [2], "element 1 is not", id="null-integer"),
        pytest.param([256], "UINT8", [1], "element 0 is not a value of UINT8", id="overflow"),
        pytest.param([-1], "UINT64", [1], "element 0 is not", id="negative-unsigned"),
        pytest.param([2**63], "INT64", [1], "element 0 is not", id="int64-overflow"),
        pytest.param([True, 2], "BOOL", [2], "BOOL elements", id="number-as-truth-value"),
        pytest.param(["x"], "BOOL", [1], "element 0 is not", id="text-as-truth-value"),
        pytest.param(["a", 1], "BYTES", [2], "BYTES elements", id="number-as-text"),
    ],
)
def test_wrong_elements_are_refused(data: list[Any], datatype: str, shape: list[int], reason: str) -> None:
    with pytest.raises(RequestError, match=reason):
        tensor_from_json(data, datatype, shape)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_has_no_number_for_becomes_null(value: float) -> None:
    flat = tensor_to_json(np.array([[value]], dtype=np.float32), "FP32")
    assert orjson.dumps(flat, option=orjson.OPT_SERIALIZE_NUMPY) == b"[null]"


def test_bf16_travels_as_the_numbers_that_its_bit_patterns_are() -> None:
    tensor = tensor_from_json([[1.0, -2.5], [None, 1e39]], "BF16", [2, 2])
    assert tensor.dtype == np.uint16
    assert tensor_to_json(tensor, "BF16").tolist()[:2] == [1.0, -2.5]
    assert orjson.dumps(tensor_to_json(tensor, "BF16"), option=orjson.OPT_SERIALIZE_NUMPY) == (
        b"[1.0,-2.5,null,null]"
    )


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        pytest.param(1 + 2**-8, 1.0, id="half-way-to-the-even-one-below"),
        pytest.param(1 + 3 * 2**-8, 1 + 2**-6, id="half-way-to-the-even-one-above"),
        pytest.param(3.14159, 3.140625, id="nearest"),
    ],
)
def test_numbers_are_rounded_to_the_nearest_bf16(value: float, rounded: float) -> None:
    assert tensor_to_json(tensor_from_json([value], "BF16", [1]), "BF16").tolist() == [rounded]


@pytest.mark.parametrize("datatype", ["FP32", "FP64"])
@pytest.mark.parametrize("value", [0.1, -0.0, 3, True, None, 1e300, -1e300, 2**70, 1 + 2**-24 + 2**-50])
def test_many_numbers_are_read_as_few_are(datatype: str, value: float | None) -> None:
    many = tensor_from_json([value, *[1.5] * MANY], datatype, [MANY + 1])
    few = tensor_from_json([value, 1.5], datatype, [2])
    assert many.dtype == few.dtype
    assert many[:2].tobytes() == few.tobytes()


@pytest.mark.parametrize("value", ["1", [1], {}, 10**400])
def test_what_is_no_number_is_refused_among_many_too(value: Any) -> None:
    with pytest.raises(RequestError, match="element 128 is not a value of FP32"):
        tensor_from_json([*[1.5] * MANY, value], "FP32", [MANY + 1])
