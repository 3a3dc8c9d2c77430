"""Requests and answers of HTTP as the endpoints see them, whatever carries them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from holdfast_serving.inference.errors import RequestError

JSON: Final = b"application/json"
RETRY_AFTER: Final = ((b"retry-after", b"1"),)

Headers = tuple[tuple[bytes, bytes], ...]
Body = bytes | Sequence[bytes | memoryview]
"""Bytes, or the parts of a larger body, which are sent without being joined."""


@dataclass(slots=True)
class Request:
    """A whole request: ``headers`` by lower-case name, ``received`` as ``perf_counter`` at its last byte."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""
    received: float = 0.0


@dataclass(slots=True)
class Response:
    """A whole answer; whoever carries it adds the length of the body and what concerns the connection."""

    status: int
    body: Body
    content_type: bytes = JSON
    headers: Headers = ()


Reply = Callable[[Response], None]
"""Gives the answer, exactly once, on the event loop's thread; at once or later."""
Handler = Callable[[Request, Reply], None]
"""Answers a request through its reply and never raises. No task and no future is made on the way."""


def json_response(document: Any, status: int = 200, headers: Headers = ()) -> Response:
    """Return a document as a JSON answer."""
    return Response(status, orjson.dumps(document), JSON, headers)


def error_response(error: RequestError) -> Response:
    """Return an error in the form of the Open Inference Protocol; a busy server says when to come back."""
    headers = RETRY_AFTER if error.status == 503 else ()
    return json_response({"error": error.message}, error.status, headers)
