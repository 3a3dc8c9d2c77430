"""The few words of ASGI that the server speaks: read a bounded body, send a whole answer."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter
from typing import Any

from holdfast_serving.http.messages import Handler, Request, Response, error_response
from holdfast_serving.inference.errors import RequestError

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


class ClientDisconnected(Exception):  # noqa: N818 - an event that ends the request, not an error of anyone
    """The client went away before its request was complete."""


def asgi_application(handler: Handler, max_bytes: int) -> Callable[[Scope, Receive, Send], Awaitable[None]]:
    """Return the ASGI application that answers by ``handler``."""

    async def application(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await read_body(scope, receive, max_bytes)
        except ClientDisconnected:
            return
        except RequestError as error:
            await send_response(send, error_response(error))
            return
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        query = scope["query_string"].decode("latin-1")
        headers = dict(scope["headers"])
        request = Request(scope["method"], scope["path"], query, headers, body, perf_counter())
        handler(request, answered.set_result)
        await send_response(send, await answered)

    return application


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


async def send_response(send: Send, response: Response) -> None:
    """Send an answer."""
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    await send(
        {
            "type": "http.response.start",
            "status": response.status,
            "headers": [
                (b"content-type", response.content_type),
                (b"content-length", b"%d" % len(body)),
                *response.headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body})


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
