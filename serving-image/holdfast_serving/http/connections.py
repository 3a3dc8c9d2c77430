"""All HTTP connections of a worker: what they share, how many there may be, and which take too long."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Final, Protocol, Self

from holdfast.settings import ServerSettings
from holdfast_serving.http.answer_heads import AnswerHeads
from holdfast_serving.http.messages import Handler, Headers

logger = logging.getLogger(__name__)

MAX_HEADER_BYTES: Final = 32 * 1024
"""Request line and header fields together; some identity providers' tokens take 16 KiB."""
IDLE_SECONDS: Final = 75.0
"""Longer than what load balancers and clients usually keep idle connections, so that they close first."""
UNREAD_SECONDS: Final = 30.0
"""A client that has read nothing of its answer for so long is cut off."""
LINGER_SECONDS: Final = 2.0
"""A refused client may still be sending; the answer is lost if the connection is closed while it does."""
SWEEP_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Sizes in bytes and times in seconds that a connection must keep to."""

    max_connections: int = 4096
    max_header_bytes: int = MAX_HEADER_BYTES
    max_body_bytes: int = 16 * 1024**2
    header_seconds: float = 10
    body_seconds: float = 30
    idle_seconds: float = IDLE_SECONDS
    unread_seconds: float = UNREAD_SECONDS
    linger_seconds: float = LINGER_SECONDS

    @classmethod
    def of(cls, settings: ServerSettings) -> Self:
        """Return the limits that the settings ask for."""
        return cls(
            max_connections=settings.max_connections,
            max_body_bytes=settings.max_body_bytes,
            header_seconds=settings.header_timeout_seconds,
            body_seconds=settings.body_timeout_seconds,
        )


class Connection(Protocol):
    """What the worker asks of a connection."""

    def check_time(self, now: float) -> None:
        """End the connection if it has taken longer than it may; ``now`` as ``monotonic``."""
        ...

    def close_if_idle(self) -> None:
        """Close the connection unless a request has begun."""
        ...

    def abort(self) -> None:
        """Close the connection whatever happens on it."""
        ...


class Connections:
    """What the connections of a worker share; their requests are answered by ``handler``."""

    def __init__(
        self,
        handler: Handler,
        limits: ConnectionLimits,
        headers: Headers = (),
        on_change: Callable[[int], None] = lambda _: None,
    ) -> None:
        """Answer by HANDLER, with HEADERS in every answer; tell ON_CHANGE how many connections there are."""
        self.handler: Final = handler
        self.limits: Final = limits
        self.heads: Final = AnswerHeads(headers)
        self.heads.renew()
        self.draining = False
        """Whether answers ask clients to come back on a new connection."""
        self._open: set[Connection] = set()
        self._on_change = on_change
        self._all_closed = asyncio.Event()
        self._all_closed.set()

    @property
    def open(self) -> int:
        """How many connections there are."""
        return len(self._open)

    def admit(self, connection: Connection) -> bool:
        """Count a new connection; False when there are too many."""
        if len(self._open) >= self.limits.max_connections:
            return False
        self._open.add(connection)
        self._all_closed.clear()
        self._on_change(len(self._open))
        return True

    def remove(self, connection: Connection) -> None:
        """Forget a closed connection."""
        self._open.discard(connection)
        self._on_change(len(self._open))
        if not self._open:
            self._all_closed.set()

    def sweep(self, now: float) -> None:
        """End connections that have taken too long, with ``now`` as ``monotonic``; about 0.1 us for each.

        One look at all of them now and then stands for a timer with every request.
        """
        self.heads.renew()
        for connection in self._snapshot():
            connection.check_time(now)

    async def run(self) -> None:
        """Sweep for ever."""
        limits = self.limits
        pause = min(SWEEP_SECONDS, limits.header_seconds / 4, limits.body_seconds / 4)
        while True:
            await asyncio.sleep(pause)
            try:
                self.sweep(monotonic())
            except Exception:  # without it no deadline would hold any more
                logger.exception("a look at the connections failed")

    async def close(self, seconds: float) -> None:
        """Close idle connections now, others after their answer, and in ``seconds`` whatever is left."""
        self.draining = True
        for connection in self._snapshot():
            connection.close_if_idle()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._all_closed.wait()
        for connection in self._snapshot():
            connection.abort()

    def _snapshot(self) -> Iterator[Connection]:
        return iter(list(self._open))
