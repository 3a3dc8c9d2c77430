"""Paced load of one process: every request is answered in full with 200, or remembered as a failure."""

import asyncio
import threading
import time
from array import array
from collections import Counter
from types import TracebackType
from typing import Any, Final, Self, cast
from urllib.parse import urlsplit

import httptools
import uvloop

SHORT_LIVED: Final = 50
"""Every other connection is closed after so many requests, as those of clients without a pool are."""
ANSWER_SECONDS: Final = 30.0
PAUSE_AFTER_FAILURE_SECONDS: Final = 0.1
MAX_DESCRIBED: Final = 20
REVISION: Final = b"holdfast-revision"


class Counts:
    """What came of the requests: answers by revision, seconds of each, failures in words (the first few)."""

    def __init__(self) -> None:
        self.answers: Counter[str] = Counter()
        self.seconds = array("d")
        self.failed = 0
        self.failures: list[str] = []
        self.connections = 0

    def fail(self, reason: str) -> None:
        self.failed += 1
        if len(self.failures) < MAX_DESCRIBED:
            self.failures.append(f"{time.strftime('%H:%M:%S')} {reason}")


class Exchange(asyncio.Protocol):
    """A connection that sends one request at a time; also what httptools' parser calls."""

    def __init__(self) -> None:
        self.reusable = True
        self.revision = ""
        self._parser: Any = httptools.HttpResponseParser(self)
        self._answered: asyncio.Future[int] | None = None
        self._loop = asyncio.get_running_loop()

    async def ask(self, request: bytes) -> int:
        """Return the status of the answer.

        Raises:
            ConnectionError: the connection ended before the answer did.
            TimeoutError: the answer did not come in time.
        """
        self._answered = self._loop.create_future()
        self._transport.write(request)
        async with asyncio.timeout(ANSWER_SECONDS):
            return await self._answered

    def close(self) -> None:
        self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError as error:
            self._end(ConnectionError(f"not HTTP: {error}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        self._end(ConnectionError(f"ended before its answer: {exc}"))

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == REVISION:
            self.revision = value.decode()

    def on_message_complete(self) -> None:
        self.reusable = self.reusable and self._parser.should_keep_alive()
        if self._answered is not None and not self._answered.done():
            self._answered.set_result(self._parser.get_status_code())

    def _end(self, error: Exception) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error)


class PacedLoad:
    """Sends ``requests`` in turn, ``rate`` a second over all connections, in a thread until it is left."""

    def __init__(self, url: str, requests: list[bytes], connections: int, rate: float) -> None:
        address = urlsplit(url)
        self._host, self._port = str(address.hostname), address.port or 80
        self._requests = requests
        self._connections = connections
        self._interval = connections / rate
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.counts = Counts()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    @property
    def sent(self) -> int:
        """How many requests are over, one way or the other."""
        return len(self.counts.seconds) + self.counts.failed

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._clients())

    async def _clients(self) -> None:
        clients = (self._client(index) for index in range(self._connections))
        await asyncio.gather(*clients)

    async def _client(self, index: int) -> None:
        due = time.perf_counter() + self._interval * index / self._connections
        lifetime = SHORT_LIVED if index % 2 else 0
        exchange: Exchange | None = None
        number = index
        while not self._stop.is_set():
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            # Whoever is late does not catch up: the load must not come in bursts.
            due = max(due, time.perf_counter() - self._interval) + self._interval
            number += 1
            exchange = await self._ask(exchange, self._requests[number % len(self._requests)])
            if exchange is not None and lifetime and number % lifetime == 0:
                exchange.close()
                exchange = None
        if exchange is not None:
            exchange.close()

    async def _ask(self, exchange: Exchange | None, request: bytes) -> Exchange | None:
        """Ask once, on the connection if it can be used again; return the connection if it still can."""
        try:
            if exchange is None or not exchange.reusable:
                exchange = await self._connect()
            started = time.perf_counter()
            status = await exchange.ask(request)
        except (OSError, TimeoutError) as error:
            self.counts.fail(f"{type(error).__name__}: {error}")
            await asyncio.sleep(PAUSE_AFTER_FAILURE_SECONDS)
            status = 0
        if status == 200 and exchange is not None:
            self.counts.seconds.append(time.perf_counter() - started)
            self.counts.answers[exchange.revision] += 1
        elif status:
            self.counts.fail(f"status {status}")
        if exchange is not None and (status == 0 or not exchange.reusable):
            exchange.close()
            return None
        return exchange

    async def _connect(self) -> Exchange:
        self.counts.connections += 1
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(ANSWER_SECONDS):
            _, exchange = await loop.create_connection(Exchange, self._host, self._port)
        return exchange
