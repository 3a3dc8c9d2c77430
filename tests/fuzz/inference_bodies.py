"""Bodies of inference requests: V2 JSON, and V2 JSON with binary tensors behind it."""

import math
from random import Random

import numpy as np
import orjson

from holdfast.signature import DTYPES
from holdfast_serving.http.binary_tensors import split_body
from holdfast_serving.http.messages import error_response
from holdfast_serving.http.v2_json import V2Request, decode_request
from holdfast_serving.inference.errors import RequestError
from tests.fuzz.json_nodes import changed_node
from tests.fuzz.target import Target, Violation, kind_of

STATUSES = {400, 413}
MAX_ANSWER_BYTES = 16 * 1024
END = b"\xfe\xfd"
DATA = {
    "BOOL": [True, False],
    "BYTES": ["a", "\N{LATIN SMALL LETTER E WITH ACUTE}"],
    "FP16": [0.5, -1e3],
    "FP32": [1.5, 1e-30],
    "FP64": [1e300, 0.1],
    "BF16": [1.0, 2.0],
}
TOKENS = (
    *(
        b"null",
        b"true",
        b"false",
        b"NaN",
        b"1e999",
        b"-0",
        b"18446744073709551616",
        b'""',
        b'"\\ud800"',
        b'"\\u0000"',
    ),
    *(
        b"[" * 200,
        b"]" * 200,
        b"[]",
        b"{}",
        b"[[",
        b"]]",
        b"{" * 100,
        b",",
        b":",
        b'"',
        b"\\",
        b"\xff",
        b"\xc3\xa9",
    ),
    *(b'"shape":[0]', b'"shape":[-1]', b'"shape":[4294967296,4294967296]', b'"shape":[]', b'"shape":[1.5]'),
    *(b'"data":[[1],[2,3]]', b'"data":null', b'"id":"a"', b'"id":7', b'"outputs":[{"name":"y"}]'),
    *(
        b'"parameters":{"binary_data_size":8}',
        b'"parameters":{"binary_data_output":true}',
        b'"binary_data":true',
    ),
    *(b"\n", b"\x00\x00\x00\x00", b"\xff\xff\xff\xff", b"\x01\x00\x00\x00a"),
    *(f'"{name}"'.encode() for name in DTYPES),
)


def run_json(data: bytes, _random: Random) -> str:
    """Decode a body of JSON alone."""
    try:
        decoded = decode_request(data)
    except RequestError as error:
        return _refused(error)
    return _accepted(decoded)


def run_binary(data: bytes, _random: Random) -> str:
    """Decode a body whose JSON is as long as its first line says, or ends before END."""
    length, _, body = data.partition(b"\n")
    if not length and END in body:
        length = b"%d" % body.index(END)
        body = body.replace(END, b"", 1)
    try:
        document, raw = split_body(body, length)
        decoded = decode_request(document, raw)
    except RequestError as error:
        return _refused(error)
    return _accepted(decoded)


def _refused(error: RequestError) -> str:
    """Return the kind of refusal; its answer must be one that can be sent."""
    answer = error_response(error)
    size = sum(map(len, answer.body)) if not isinstance(answer.body, bytes) else len(answer.body)
    if answer.status not in STATUSES or size > MAX_ANSWER_BYTES:
        raise Violation(f"{answer.status} with {size} bytes: {error.message[:200]}")
    return f"{answer.status} {kind_of(error.message)}"


def _accepted(decoded: V2Request) -> str:
    for name, tensor in decoded.inference.inputs.items():
        if not isinstance(tensor, np.ndarray) or tensor.size != math.prod(tensor.shape):
            raise Violation(f"input {name!r} became {tensor!r}")
        if tensor.dtype not in DTYPES.values() and tensor.dtype != np.object_:
            raise Violation(f"input {name!r} has type {tensor.dtype}")
        if tensor.dtype == np.object_ and not all(isinstance(each, str | bytes) for each in tensor.ravel()):
            raise Violation(f"input {name!r} has elements that are no texts")
    return f"accepted {len(decoded.inference.inputs)} inputs"


def json_seeds() -> list[bytes]:
    """Return a valid request for each datatype, and one that has everything."""
    documents = [{"inputs": [tensor(datatype)]} for datatype in DTYPES]
    nested = {**tensor("FP32"), "shape": [2, 1], "data": [[1.5], [None]]}
    full = {
        "id": "one",
        "parameters": {"priority": 1, "binary_data_output": True},
        "inputs": [nested, {**tensor("BYTES"), "name": "y", "parameters": {"content_type": "str"}}],
        "outputs": [{"name": "p", "parameters": {"binary_data": False}}],
    }
    return [orjson.dumps(each) for each in [*documents, full]]


def binary_seeds() -> list[bytes]:
    """Return valid requests for each datatype, where the JSON ends being told in either way."""
    seeds = []
    for datatype, dtype in DTYPES.items():
        raw = _text(b"a") + _text(b"bc") if datatype == "BYTES" else np.ones(2, dtype).tobytes()
        entry = {key: value for key, value in tensor(datatype).items() if key != "data"}
        document = orjson.dumps({"inputs": [{**entry, "parameters": {"binary_data_size": len(raw)}}]})
        seeds += [b"%d\n" % len(document) + document + raw, b"\n" + document + END + raw]
    return seeds


def _changed_json_part(data: bytes, random: Random) -> bytes:
    if not data.startswith(b"\n"):
        return data
    document, end, raw = data[1:].partition(END)
    return b"\n" + changed_node(document, random) + end + raw


def tensor(datatype: str) -> dict[str, object]:
    """Return two elements of a datatype as the protocol has them in JSON."""
    return {"name": "x", "datatype": datatype, "shape": [2], "data": DATA.get(datatype, [1, 2])}


def _text(content: bytes) -> bytes:
    return len(content).to_bytes(4, "little") + content


JSON = Target("v2-json", run_json, json_seeds(), TOKENS, changed_node)
BINARY = Target("binary-tensors", run_binary, binary_seeds(), TOKENS, _changed_json_part)
