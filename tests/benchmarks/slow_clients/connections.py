"""Slow connections, in a process of its own: some send byte by byte, some in pieces, some hardly read.

    python -m tests.benchmarks.slow_clients.connections PORT COUNT INTERVAL

Prints a line once all are open and busy, and a line of JSON after standard input has ended. A connection
that the server ends is opened again, so that there are always as many.
"""

import asyncio
import json
import os
import random
import socket
import sys
from collections import Counter
from typing import Final, cast

import uvloop

from tests.benchmarks.serving.models import trees
from tests.benchmarks.serving.requests import infer_body

HOST: Final = "127.0.0.1"
OPENING: Final = 64
RECEIVE_BYTES: Final = 2048
PIECES: Final = 6
PIPELINED: Final = 8
SETTLING_INTERVALS: Final = 3
CHECK_SECONDS: Final = 0.25
NICENESS: Final = 10


def infer_request() -> bytes:
    body = infer_body(trees(), trees().rows[:1], binary=False).content
    head = f"POST /v2/models/trees/infer HTTP/1.1\r\nHost: slow\r\nContent-Length: {len(body)}\r\n\r\n"
    return head.encode() + body


LARGE_ANSWER: Final = b"GET /v2/models/trees/profile HTTP/1.1\r\nHost: slow\r\n\r\n"
"""The largest answer that costs the server no work of its own."""


class SlowConnection(asyncio.Protocol):
    """Sends ``request`` over and over, ``step`` bytes in each interval; or reads a little in each."""

    def __init__(self, request: bytes, step: int, interval: float, seen: Counter[str]) -> None:
        self.closed = asyncio.get_running_loop().create_future()
        self._request = request
        self._step = step
        self._interval = interval
        self._seen = seen
        self._sent = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        self._seen["open"] += 1
        self._loop = asyncio.get_running_loop()
        # Spread over the interval, as clients that know nothing of each other are.
        self._loop.call_later(random.random() * self._interval, self._go_on)  # noqa: S311 - no secret

    def data_received(self, data: bytes) -> None:
        self._seen[f"answers {data[9:12].decode()}" if data.startswith(b"HTTP/1.1 ") else "more"] += 1
        if self._step == 0:
            self._transport.pause_reading()

    def connection_lost(self, exc: Exception | None) -> None:
        self._seen["open"] -= 1
        self.closed.set_result(exc)

    def _go_on(self) -> None:
        if self._transport.is_closing():
            return
        if self._step == 0:
            self._read_a_little()
        else:
            self._transport.write(self._request[self._sent : self._sent + self._step])
            self._sent += self._step
            if self._sent >= len(self._request):
                self._sent = 0
        self._loop.call_later(self._interval, self._go_on)

    def _read_a_little(self) -> None:
        if self._sent == 0:
            self._sent = PIPELINED
            self._transport.write(self._request * PIPELINED)
        self._transport.resume_reading()


async def keep_open(
    port: int, index: int, interval: float, opening: asyncio.Semaphore, seen: Counter[str]
) -> None:
    """Keep one slow connection open for ever."""
    loop = asyncio.get_running_loop()
    request = infer_request()
    # In turn: a byte at a time, which no deadline allows; pieces, which are in time; and hardly reading.
    request, step = [(request, 1), (request, len(request) // PIECES + 1), (LARGE_ANSWER, 0)][index % 3]
    while True:
        async with opening:
            connection = await _connected(port)
            transport, slow = await loop.create_connection(
                lambda: SlowConnection(request, step, interval, seen), sock=connection
            )
        try:
            await slow.closed
        finally:
            transport.abort()
        seen["opened again"] += 1


async def _connected(port: int) -> socket.socket:
    connection = socket.socket()
    try:
        connection.setblocking(False)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BYTES)
        await asyncio.get_running_loop().sock_connect(connection, (HOST, port))
    except BaseException:
        connection.close()
        raise
    return connection


async def run(port: int, count: int, interval: float) -> None:
    """Hold the connections until standard input ends."""
    seen: Counter[str] = Counter()
    opening = asyncio.Semaphore(OPENING)
    tasks = [asyncio.create_task(keep_open(port, each, interval, opening, seen)) for each in range(count)]
    while seen["open"] < count:
        await asyncio.sleep(CHECK_SECONDS)
        for task in tasks:
            if task.done():
                task.result()
    await asyncio.sleep(SETTLING_INTERVALS * interval)  # that thousands connect at once is another matter
    print("open", flush=True)  # noqa: T201 - what the other process waits for
    waiting = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    fewest = count
    while not waiting.done():
        fewest = min(fewest, seen["open"])
        await asyncio.wait([waiting], timeout=CHECK_SECONDS)
    print(json.dumps({"fewest": fewest, **seen}), flush=True)  # noqa: T201 - what the other process waits for
    os._exit(0)  # to close thousands of connections politely would take seconds


def main() -> None:
    port, count, interval = sys.argv[1:]
    os.nice(NICENESS)  # they must not take the measuring client's time
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(int(port), int(count), float(interval)))


if __name__ == "__main__":
    main()
