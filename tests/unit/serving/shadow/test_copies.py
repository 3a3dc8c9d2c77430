"""Copies of requests as the endpoint reads them, and answers as it writes them."""

import numpy as np
import pytest

from holdfast.results import TensorSignature
from holdfast.signature import DTYPES
from holdfast_serving.http.binary_tensors import split_body
from holdfast_serving.http.v2_json import decode_request, encode_response
from holdfast_serving.inference.data_plane import InferenceResponse
from holdfast_serving.inference.tensors import Tensor
from holdfast_serving.shadow.connection import Answer
from holdfast_serving.shadow.copies import CopyFormat, decode_answer

TENSORS: dict[str, tuple[str, Tensor]] = {
    datatype: (datatype, np.zeros((2, 3), dtype)) for datatype, dtype in DTYPES.items() if datatype != "BYTES"
} | {"texts": ("BYTES", np.array([["a", ""], ["ü", "x" * 300]], dtype=object))}
FULL = (
    b'{"outputs": [{"name": "y", "datatype": "FP32", "shape": [2], "parameters": {"binary_data_size": 1}}]}'
)


def test_endpoint_reads_the_tensors_that_were_sent() -> None:
    datatypes = {name: datatype for name, (datatype, _) in TENSORS.items()}
    inputs = {name: tensor for name, (_, tensor) in TENSORS.items()}
    sent = b"".join(CopyFormat("/v2/models/m/infer", b"host:80", datatypes).encode(inputs))
    head, _, body = sent.partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /v2/models/m/infer HTTP/1.1"
    headers = {name: value for name, _, value in (line.partition(b": ") for line in lines[1:])}
    assert headers[b"holdfast-copy"] == b"1"
    assert int(headers[b"content-length"]) == len(body)
    document, raw = split_body(body, headers[b"inference-header-content-length"])
    found = decode_request(document, raw, datatypes)
    assert found.binary is True
    for name, tensor in inputs.items():
        np.testing.assert_array_equal(found.inference.inputs[name], tensor)


def test_answer_of_the_endpoint_is_read() -> None:
    outputs = [
        (TensorSignature(name=name, datatype=datatype, shape=[-1, -1]), tensor)
        for name, (datatype, tensor) in TENSORS.items()
    ]
    written = encode_response(InferenceResponse(outputs), "m", "1", True)
    body = written.body if isinstance(written.body, bytes) else b"".join(map(bytes, written.body))
    found = decode_answer(Answer(200, {name.lower(): value for name, value in written.headers}, body))
    for name, (_, tensor) in TENSORS.items():
        np.testing.assert_array_equal(found[name], tensor)


@pytest.mark.parametrize(
    ("length", "body"),
    [
        pytest.param(None, b'{"outputs": []}', id="JSON"),
        pytest.param(b"x", b"{}", id="length"),
        pytest.param(b"2", b"{}", id="no-outputs"),
        pytest.param(b"2", b"[]", id="list"),
        pytest.param(b"28", b'{"outputs": [{"name": "y"}]}', id="no-data"),
        pytest.param(b"999", FULL.replace(b"FP32", b"NO"), id="datatype"),
        pytest.param(b"999", FULL, id="cut-off"),
        pytest.param(b"999", FULL.replace(b": 1}", b': "1"}'), id="size"),
    ],
)
def test_other_answers_are_refused(length: bytes | None, body: bytes) -> None:
    headers = {} if length is None else {b"inference-header-content-length": length}
    with pytest.raises(ValueError, match=r"raw tensors|datatype|invalid literal"):
        decode_answer(Answer(200, headers, body))
