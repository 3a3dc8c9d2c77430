"""One HTTP/1.1 connection to the server that gets the copies.

Not httpx, which takes several times as long for a request as this server does, and that time is taken from
the real requests. The other side is a server of ours, perhaps behind a proxy: no redirects, no compression.
"""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import httptools

SLICE_BYTES: Final = 64 * 1024
"""What is written at once; the loop is free between two slices whenever the other side is slower."""
MAX_ANSWER_BYTES: Final = 64 * 1024**2

Parts = Sequence[bytes | memoryview]


@dataclass(slots=True)
class Answer:
    """A whole answer; header names are lower-case."""

    status: int = 0
    headers: dict[bytes, bytes] = field(default_factory=dict)
    body: bytes = b""


class Connection:
    """Sends one request at a time to the host of ``url`` (http only), and connects when it must."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "", address.port or 80
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self.host_header: Final = address.netloc.encode()

    async def exchange(self, parts: Parts) -> Answer:
        """Send a request, given as the parts of its bytes, and return the answer.

        Raises:
            OSError: there is no connection, it broke, or what came is no HTTP or too large.
        """
        reader, writer = await self._connected()
        try:
            for piece in _slices(parts):
                writer.write(piece)
                await writer.drain()
            reading = _Reading()
            while not reading.complete:
                reading.feed(await reader.read(SLICE_BYTES))
        except (
            BaseException
        ):  # also when cancelled by a time limit: a late answer must not meet another request
            self.close()
            raise
        if not reading.keeps_alive:
            self.close()
        return reading.answer

    def close(self) -> None:
        """Close the connection, if there is one."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        if self._streams is not None and self._streams[0].at_eof():
            self.close()
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        return self._streams


class _Reading:
    """An answer as it arrives; its ``on_…`` methods are what httptools calls."""

    def __init__(self) -> None:
        self.answer = Answer()
        self.complete = False
        self.keeps_alive = False
        self._chunks: list[bytes] = []
        self._size = 0
        self._parser = httptools.HttpResponseParser(self)

    def feed(self, data: bytes) -> None:
        if not data:
            raise ConnectionResetError("the connection ended before the answer")
        self._size += len(data)
        if self._size > MAX_ANSWER_BYTES:
            raise ConnectionAbortedError("the answer is too large")
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            raise ConnectionAbortedError("the answer is no HTTP") from None

    def on_header(self, name: bytes, value: bytes) -> None:
        self.answer.headers[name.lower()] = value

    def on_body(self, chunk: bytes) -> None:
        self._chunks.append(chunk)

    def on_message_complete(self) -> None:
        self.answer.status = self._parser.get_status_code()
        self.answer.body = b"".join(self._chunks)
        self.keeps_alive = self._parser.should_keep_alive()
        self.complete = True


def _slices(parts: Parts) -> Iterator[bytes | memoryview]:
    for part in parts:
        for start in range(0, len(part), SLICE_BYTES):
            yield part[start : start + SLICE_BYTES]
