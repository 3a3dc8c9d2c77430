"""Compressed bodies are unpacked up to the limit and no further."""

import gzip
import zlib

import pytest

from holdfast_serving.http.content_encoding import decoded_body
from holdfast_serving.inference.errors import RequestError

BODY = b"0123456789" * 10


@pytest.mark.parametrize(
    ("body", "encoding"),
    [
        pytest.param(gzip.compress(BODY), b"gzip", id="gzip"),
        pytest.param(gzip.compress(BODY), b" X-GZIP ", id="gzip-by-its-old-name"),
        pytest.param(zlib.compress(BODY), b"deflate", id="deflate"),
        pytest.param(BODY, b"identity", id="not-at-all"),
        pytest.param(BODY, b"", id="no-name"),
    ],
)
def test_body_is_unpacked(body: bytes, encoding: bytes) -> None:
    assert decoded_body(body, encoding, 100) == BODY


@pytest.mark.parametrize(
    ("body", "encoding", "status"),
    [
        pytest.param(gzip.compress(BODY + b"x"), b"gzip", 413, id="one-byte-too-many"),
        pytest.param(gzip.compress(bytes(50_000_000)), b"gzip", 413, id="bomb"),
        pytest.param(zlib.compress(bytes(50_000_000)), b"deflate", 413, id="deflated-bomb"),
        pytest.param(BODY, b"br", 415, id="unknown-encoding"),
        pytest.param(BODY, b"gzip, gzip", 415, id="twice"),
        pytest.param(BODY, b"gzip", 400, id="not-compressed"),
        pytest.param(gzip.compress(BODY)[:-1], b"gzip", 400, id="cut-off"),
        pytest.param(gzip.compress(BODY) + b"x", b"gzip", 400, id="left-over"),
        pytest.param(b"", b"gzip", 400, id="empty"),
    ],
)
def test_body_that_is_too_large_or_damaged_is_refused(body: bytes, encoding: bytes, status: int) -> None:
    with pytest.raises(RequestError) as refusal:
        decoded_body(body, encoding, 100)
    assert refusal.value.status == status
