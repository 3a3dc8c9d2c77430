"""Connections of clients that are not trusted yet: few at once, and none for long."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class ConnectionLimits:
    """What one server bears."""

    most: int = 64
    """Connections at once."""
    seconds: float = 15.0
    """How long a connection lives at most, handshake, slow headers and all."""


DEFAULT_LIMITS: Final = ConnectionLimits()


class BoundedConnections:
    """Makes the protocol of each connection, as asyncio asks a server for it."""

    def __init__(
        self,
        make_protocol: Callable[[], asyncio.Protocol],
        limits: ConnectionLimits = DEFAULT_LIMITS,
        on_accept: Callable[[], None] = lambda: None,
    ) -> None:
        """ON_ACCEPT is called before each handshake."""
        self._make_protocol = make_protocol
        self._on_accept = on_accept
        self._limits = limits
        self._open: set[_Connection] = set()

    def __call__(self) -> asyncio.Protocol:
        """Return the protocol of a new connection; beyond the limit one that hangs up."""
        if len(self._open) >= self._limits.most:
            return _HangUp()
        self._on_accept()
        connection = _Connection(self._make_protocol(), self._limits.seconds, self._open.discard)
        self._open.add(connection)
        return connection


class _HangUp(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.close()


class _Connection(asyncio.Protocol):
    """Passes everything on, until time is up."""

    def __init__(
        self, inner: asyncio.Protocol, seconds: float, on_end: Callable[["_Connection"], None]
    ) -> None:
        self._inner = inner
        self._on_end = on_end
        self._transport: asyncio.BaseTransport | None = None
        self._timer = asyncio.get_running_loop().call_later(seconds, self._cut)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._inner.connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._timer.cancel()
        self._on_end(self)
        self._inner.connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        self._inner.data_received(data)

    def eof_received(self) -> bool | None:
        return self._inner.eof_received()

    def pause_writing(self) -> None:
        self._inner.pause_writing()

    def resume_writing(self) -> None:
        self._inner.resume_writing()

    def _cut(self) -> None:
        self._on_end(self)
        if isinstance(self._transport, asyncio.WriteTransport):
            self._transport.abort()  # Closing would wait for a client that does not read.
