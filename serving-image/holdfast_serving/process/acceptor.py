"""Takes connections from the socket that all workers share, so that each worker gets about as many.

A socket of its own for each worker (SO_REUSEPORT) would spread connections by chance, and would let a worker
that dies or hangs take its queue with it. See docs/decisions/0006-workers-and-metrics.md.
"""

import asyncio
import logging
import os
import socket
from collections.abc import Callable
from time import monotonic
from typing import Final

from holdfast_serving.http.connections import Connections
from holdfast_serving.process.crew import Crew

logger = logging.getLogger(__name__)

YIELD_SECONDS: Final = 0.002
"""How long a worker leaves a connection to one that has fewer."""
RETRY_SECONDS: Final = 1.0
"""Pause when there are no file descriptors left."""


class Acceptor:
    """Accepts for one worker; ``protocol`` makes what serves a connection."""

    def __init__(
        self,
        listener: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        connections: Connections,
        crew: Crew,
    ) -> None:
        self._listener = listener
        self._protocol = protocol
        self._connections = connections
        self._crew = crew
        self._loop = asyncio.get_running_loop()
        self._beginning: set[asyncio.Task[object]] = set()
        self._left_since: float | None = None
        self._closed = False

    def start(self) -> None:
        """Accept from now on."""
        if not self._closed:
            self._loop.add_reader(self._listener, self._on_connection)

    def close(self) -> None:
        """Accept no more."""
        if self._closed:
            return
        self._closed = True
        self._loop.remove_reader(self._listener)
        self._listener.close()

    def _on_connection(self) -> None:
        """Accept one, or leave it for a moment to a worker with fewer: it was woken, too."""
        if (
            self._crew.has_more_than_others(self._connections.open + len(self._beginning))
            and self._may_wait()
        ):
            os.sched_yield()
            return
        self._left_since = None
        try:
            connection, _ = self._listener.accept()
        except (BlockingIOError, ConnectionAbortedError):  # another was faster, or the client has gone
            return
        except OSError as error:
            logger.error("cannot accept a connection: %s", error)
            self._loop.remove_reader(self._listener)
            self._loop.call_later(RETRY_SECONDS, self.start)
            return
        self._begin(connection)

    def _may_wait(self) -> bool:
        now = monotonic()
        if self._left_since is None:
            self._left_since = now
        return now - self._left_since < YIELD_SECONDS

    def _begin(self, connection: socket.socket) -> None:
        connection.setblocking(False)
        task: asyncio.Task[object] = self._loop.create_task(
            self._loop.connect_accepted_socket(self._protocol, connection)
        )
        self._beginning.add(task)
        task.add_done_callback(self._beginning.discard)
