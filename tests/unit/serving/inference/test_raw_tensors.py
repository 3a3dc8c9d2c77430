"""Tensors as raw bytes: every datatype in both directions, and what is refused."""

import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from holdfast.signature import DTYPES
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.inference.raw_tensors import tensor_from_bytes, tensor_to_bytes

NUMERIC = [datatype for datatype in DTYPES if datatype != "BYTES"]


@pytest.mark.parametrize("datatype", NUMERIC)
@settings(deadline=None)
@given(data=st.data())
def test_numbers_survive_the_way_through_bytes(datatype: str, data: st.DataObject) -> None:
    shape = data.draw(arrays.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    tensor = data.draw(arrays.arrays(DTYPES[datatype], shape))
    received = tensor_from_bytes(bytes(tensor_to_bytes(tensor)), datatype, list(shape))
    assert received.dtype == tensor.dtype
    np.testing.assert_array_equal(received, tensor)


@settings(deadline=None)
@given(st.lists(st.text(), max_size=6))
def test_texts_survive_the_way_through_bytes(texts: list[str]) -> None:
    tensor = np.array(texts, dtype=np.object_).reshape(len(texts), 1)
    received = tensor_from_bytes(tensor_to_bytes(tensor), "BYTES", [len(texts), 1])
    assert received.tolist() == tensor.tolist()


def test_bytes_are_looked_at_where_they_lie() -> None:
    raw = bytes(16)
    assert np.shares_memory(tensor_from_bytes(raw, "FP32", [2, 2]), np.frombuffer(raw, np.uint8))
    tensor = np.ones((2, 2), np.float32)
    assert np.shares_memory(np.asarray(tensor_to_bytes(tensor)), tensor)


@pytest.mark.parametrize("offset", range(8))
def test_tensor_is_aligned_wherever_its_bytes_begin(offset: int) -> None:
    raw = memoryview(bytes(offset) + np.arange(4, dtype=np.float64).tobytes())[offset:]
    tensor = tensor_from_bytes(raw, "FP64", [4])
    assert tensor.flags.aligned
    assert tensor.tolist() == [0, 1, 2, 3]


def test_rows_that_are_not_contiguous_are_written_in_row_major_order() -> None:
    assert bytes(tensor_to_bytes(np.arange(6, dtype=np.uint8).reshape(2, 3).T)) == bytes([0, 3, 1, 4, 2, 5])


def element(text: bytes) -> bytes:
    return struct.pack("<I", len(text)) + text


@pytest.mark.parametrize(
    ("raw", "datatype", "shape", "reason"),
    [
        pytest.param(bytes(7), "FP32", [2], "7 bytes do not fill shape [2] of FP32", id="too-few"),
        pytest.param(bytes(9), "FP32", [2], "9 bytes do not fill", id="too-many"),
        pytest.param(bytes(8), "FP32", [2**60, 2**60], "8 bytes do not fill", id="huge-shape"),
        pytest.param(b"", "FP32", [0, 2**40], "is too large", id="huge-shape-of-nothing"),
        pytest.param(bytes([1, 2]), "BOOL", [2], "bytes of 0 or 1", id="neither-true-nor-false"),
        pytest.param(b"", "BYTES", [2**40], "cannot hold", id="more-texts-than-bytes"),
        pytest.param(element(b"a")[:-1], "BYTES", [1], "element 0 is cut off", id="cut-off-text"),
        pytest.param(element(b"abcd") + b"\0", "BYTES", [2], "element 1 is cut off", id="cut-off-length"),
        pytest.param(b"\xff\xff\xff\xff", "BYTES", [1], "element 0 is cut off", id="longest-length"),
        pytest.param(element(b"a") * 2, "BYTES", [1], "5 bytes are left over", id="left-over"),
        pytest.param(element(b"\xff"), "BYTES", [1], "element 0 is not UTF-8", id="not-utf-8"),
    ],
)
def test_wrong_bytes_are_refused(raw: bytes, datatype: str, shape: list[int], reason: str) -> None:
    with pytest.raises(RequestError) as refusal:
        tensor_from_bytes(raw, datatype, shape)
    assert reason in refusal.value.message


@settings(deadline=None)
@given(st.binary(max_size=40), st.sampled_from(list(DTYPES)), st.lists(st.integers(-1, 5), max_size=3))
def test_any_bytes_are_a_tensor_of_that_shape_or_refused_in_words(
    raw: bytes, datatype: str, shape: list[Any]
) -> None:
    try:
        tensor = tensor_from_bytes(raw, datatype, shape)
    except RequestError:
        return
    assert tensor.shape == tuple(shape)
