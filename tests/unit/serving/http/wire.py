"""Connections of tests: a transport that remembers, and answers taken apart."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any

from holdfast_serving.http.connection import HttpConnection
from holdfast_serving.http.connections import ConnectionLimits, Connections
from holdfast_serving.http.messages import Handler, Reply, Request, Response

CHUNKED = b"POST /c HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n"
HEADED = b"POST / HTTP/1.1\r\nhost: a\r\n"
LIMITS = ConnectionLimits(
    max_connections=2,
    max_header_bytes=200,
    max_body_bytes=20,
    header_seconds=10,
    body_seconds=30,
    idle_seconds=75,
    unread_seconds=20,
    linger_seconds=2,
)


class Wire(asyncio.Transport):
    """What a client would see and what is asked of the socket."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = bytearray()
        self.calls: list[str] = []
        self.unsent = 0

    def write(self, data: Any) -> None:
        self.sent += data

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.calls.append("writelines")
        for data in list_of_data:
            self.sent += data

    def write_eof(self) -> None:
        self.calls.append("write_eof")

    def close(self) -> None:
        self.calls.append("close")

    def abort(self) -> None:
        self.calls.append("abort")

    def pause_reading(self) -> None:
        self.calls.append("pause_reading")

    def resume_reading(self) -> None:
        self.calls.append("resume_reading")

    def get_write_buffer_size(self) -> int:
        return self.unsent


class Answers:
    """Handler that answers at once with the request's own words."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, str, str, bytes]] = []

    def __call__(self, request: Request, reply: Reply) -> None:
        self.seen.append((request.method, request.path, request.query, request.body))
        reply(Response(200, f"{request.method} {request.path}".encode() + request.body))


class Later:
    """Handler that keeps the replies for the test to give."""

    def __init__(self) -> None:
        self.replies: list[Callable[[], None]] = []

    def __call__(self, request: Request, reply: Reply) -> None:
        self.replies.append(lambda: reply(Response(200, request.path.encode())))


def connect(handler: Handler, shared: Connections | None = None) -> tuple[HttpConnection, Wire]:
    connection, wire = HttpConnection(Connections(handler, LIMITS) if shared is None else shared), Wire()
    connection.connection_made(wire)
    return connection, wire


def request(path: str = "/", body: bytes = b"", *headers: str, method: str = "POST") -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: a", *headers, f"content-length: {len(body)}", "", ""]
    return "\r\n".join(lines).encode() + body


def statuses(sent: bytes | bytearray) -> list[int]:
    return [int(part[:3]) for part in bytes(sent).split(b"HTTP/1.1 ")[1:]]
