"""The connection for copies, against servers that answer as they like."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from holdfast_serving.shadow import connection as module
from holdfast_serving.shadow.connection import Connection, Parts

REQUEST: Parts = [b"POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n", memoryview(b"ab")]


class Answering:
    """A server that gives each request the next of its answers, and counts connections."""

    def __init__(self, *answers: bytes) -> None:
        self.answers = list(answers)
        self.connections = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while self.answers:
            try:
                await reader.readuntil(b"ab")
            except asyncio.IncompleteReadError:
                break
            answer = self.answers.pop(0)
            writer.write(answer)
            if b"close" in answer or b"cut off" in answer:
                break
        writer.close()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Connection]:
        server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        async with server:
            opened = Connection(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}")
            yield opened
            opened.close()


OK = b"HTTP/1.1 200 OK\r\nX-Name: value\r\ncontent-length: 3\r\n\r\nyes"
CHUNKED = b"HTTP/1.1 503 Busy\r\ntransfer-encoding: chunked\r\n\r\n2\r\nno\r\n0\r\n\r\n"
CLOSED = b"HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 3\r\n\r\nyes"


async def test_answers_come_one_after_the_other_on_one_connection() -> None:
    server = Answering(OK, CHUNKED, OK)
    async with server.connection() as connection:
        first, second, third = [await connection.exchange(REQUEST) for _ in range(3)]
    assert (first.status, first.headers[b"x-name"], first.body) == (200, b"value", b"yes")
    assert (second.status, second.body) == (503, b"no")
    assert third == first
    assert server.connections == 1


async def test_connection_that_ends_is_opened_again() -> None:
    server = Answering(CLOSED, OK)
    async with server.connection() as connection:
        assert (await connection.exchange(REQUEST)).body == b"yes"
        assert (await connection.exchange(REQUEST)).body == b"yes"
    assert server.connections == 2


@pytest.mark.parametrize(
    "answer", [b"no HTTP at all\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\ncut off"]
)
async def test_what_is_no_whole_answer_is_an_error_and_the_next_request_starts_anew(answer: bytes) -> None:
    async with Answering(answer, OK).connection() as connection:
        with pytest.raises(OSError, match="answer"):
            await connection.exchange(REQUEST)
        assert (await connection.exchange(REQUEST)).body == b"yes"


async def test_answer_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_ANSWER_BYTES", 100)
    endless = b"HTTP/1.1 200 OK\r\ncontent-length: 999\r\n\r\n" + bytes(200)
    async with Answering(endless).connection() as connection:
        with pytest.raises(OSError, match="too large"):
            await connection.exchange(REQUEST)
