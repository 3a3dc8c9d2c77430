"""The HTTP transport of a worker: its connections, and the socket that they come from."""

import asyncio
import socket

from holdfast.settings import ServerSettings
from holdfast_serving.http.connection import HttpConnection
from holdfast_serving.http.connections import ConnectionLimits, Connections
from holdfast_serving.http.endpoints import Application
from holdfast_serving.process.acceptor import Acceptor
from holdfast_serving.process.crew import Crew
from holdfast_serving.process.listener import BACKLOG


class HttpServer:
    """Serves ``application`` to whoever connects to ``listener``, its own or one ``shared`` with others."""

    def __init__(
        self,
        settings: ServerSettings,
        application: Application,
        listener: socket.socket,
        crew: Crew,
        *,
        shared: bool,
    ) -> None:
        limits = ConnectionLimits.of(settings)
        self._connections = Connections(
            application.handle, limits, application.headers, crew.tell_connections
        )
        self._listener = listener
        self._crew = crew
        self._shared = shared
        self._door: Acceptor | asyncio.Server | None = None
        self._sweep: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Take connections."""
        if self._shared:
            self._door = Acceptor(self._listener, self._connect, self._connections, self._crew)
            self._door.start()
        else:
            loop = asyncio.get_running_loop()
            self._door = await loop.create_server(self._connect, sock=self._listener, backlog=BACKLOG)
        self._sweep = asyncio.create_task(self._connections.run())

    def drain(self) -> None:
        """Answer on, but ask every client to come back on a new connection."""
        self._connections.draining = True

    async def stop(self, grace_seconds: float) -> None:
        """Take no more connections, and close each after its answer or at the end of the grace period."""
        if self._door is not None:
            self._door.close()
        await self._connections.close(grace_seconds)
        if self._sweep is not None:
            self._sweep.cancel()

    def _connect(self) -> HttpConnection:
        return HttpConnection(self._connections)
