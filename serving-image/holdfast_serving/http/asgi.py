"""The few words of ASGI that the server speaks: read a bounded body, send a whole answer."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

import orjson

from holdfast_serving.inference.errors import RequestError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

JSON: Final = b"application/json"


class ClientDisconnected(Exception):  # noqa: N818 - an event that ends the request, not an error of anyone
    """The client went away before its request was complete."""


@dataclass(slots=True)
class Response:
    """A whole answer."""

    status: int
    body: bytes
    content_type: bytes = JSON


def json_response(document: Any, status: int = 200) -> Response:
    """Return a document as a JSON answer."""
    return Response(status, orjson.dumps(document))


def error_response(message: str, status: int) -> Response:
    """Return an error in the form of the Open Inference Protocol."""
    return json_response({"error": message}, status)


async def read_body(scope: Scope, receive: Receive, max_bytes: int) -> bytes:
    """Return the whole body.

    Raises:
        RequestError: 413 when it is, or announces to be, larger than ``max_bytes``; the rest is not read.
        ClientDisconnected: it never came to its end.
    """
    if _announced_bytes(scope["headers"]) > max_bytes:
        raise _too_large(max_bytes)
    message = await receive()
    body: bytes = message.get("body", b"")
    if message["type"] == "http.request" and not message.get("more_body"):
        return _bounded(body, max_bytes)
    return await _read_rest(message, receive, max_bytes)


async def send_response(send: Send, response: Response, headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Send an answer with ``headers`` beside its type and length."""
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [
                (b"content-type", response.content_type),
                (b"content-length", b"%d" % len(response.body)),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": response.body})


async def _read_rest(message: dict[str, Any], receive: Receive, max_bytes: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while True:
        if message["type"] != "http.request":
            raise ClientDisconnected
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > max_bytes:
            raise _too_large(max_bytes)
        if not message.get("more_body"):
            return b"".join(chunks)
        message = await receive()


def _announced_bytes(headers: Iterable[tuple[bytes, bytes]]) -> int:
    for name, value in headers:
        if name == b"content-length":
            return int(value)
    return 0


def _bounded(body: bytes, max_bytes: int) -> bytes:
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    return body


def _too_large(max_bytes: int) -> RequestError:
    return RequestError(f"the body is larger than {max_bytes} bytes", 413)
