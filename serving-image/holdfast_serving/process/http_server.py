"""The HTTP server process: listen, load the model beside, drain on SIGTERM, exit."""

import asyncio
import errno
import gc
import logging
import signal
import socket
from collections.abc import Callable
from typing import Final

import uvloop

from holdfast.settings import ServerSettings
from holdfast_serving.http.connection import HttpConnection
from holdfast_serving.http.connections import ConnectionLimits, Connections
from holdfast_serving.http.endpoints import Application
from holdfast_serving.inference.data_plane import DataPlane
from holdfast_serving.process.lifecycle import Lifecycle

logger = logging.getLogger(__name__)

STOP_SECONDS: Final = 20
"""After the drain: how long requests in flight may still take."""
BACKLOG: Final = 2048


class ModelServer:
    """Serves ``application`` from the start; it answers inference once ``load`` has given a data plane."""

    def __init__(
        self,
        settings: ServerSettings,
        lifecycle: Lifecycle,
        application: Application,
        load: Callable[[], DataPlane],
    ) -> None:
        self._settings = settings
        self._lifecycle = lifecycle
        self._application = application
        self._load = load
        self._stopping = asyncio.Event()

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            ModelError: the model cannot be served.
            OSError: the port cannot be listened on.
        """
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        for each in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(each, self._begin_drain)
        limits = ConnectionLimits.of(self._settings)
        connections = Connections(self._application.handle, limits, self._application.headers)
        self._connections = connections
        server = await loop.create_server(
            lambda: HttpConnection(connections), sock=listen(self._settings.port), backlog=BACKLOG
        )
        work = [asyncio.create_task(connections.run()), asyncio.create_task(self._become_ready())]
        await self._stopping.wait()
        server.close()
        await connections.close(STOP_SECONDS)
        for task in work:
            task.cancel()
        for result in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    def _begin_drain(self) -> None:
        """Begin to drain; a second signal ends the drain at once."""
        if self._lifecycle.draining or self._lifecycle.plane is None:
            self._stopping.set()
            return
        self._lifecycle.draining = self._connections.draining = True
        logger.info("draining for %s s: not ready, still answering", self._settings.drain_seconds)
        asyncio.get_running_loop().call_later(self._settings.drain_seconds, self._stopping.set)

    async def _become_ready(self) -> None:
        try:
            plane = await asyncio.to_thread(self._load)
        except Exception:
            self._stopping.set()
            raise
        # What was loaded stays: the collector need not look at it again with every request.
        gc.collect()
        gc.freeze()
        self._lifecycle.plane = plane
        logger.info("ready")
        await plane.run_background()


def listen(port: int) -> socket.socket:
    """Return a socket that listens on every address, IPv4 and IPv6 where the node has them.

    Raises:
        OSError: the port is taken or may not be used.
    """
    try:
        return socket.create_server(
            ("::", port), family=socket.AF_INET6, dualstack_ipv6=True, backlog=BACKLOG
        )
    except OSError as error:
        if error.errno not in (errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL):
            raise
    return socket.create_server(("", port), backlog=BACKLOG)
