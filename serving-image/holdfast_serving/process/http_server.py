"""The HTTP server process: listen, load the model beside, drain on SIGTERM, exit."""

import asyncio
import errno
import gc
import logging
import socket
from collections.abc import Callable
from contextlib import suppress
from types import FrameType
from typing import Final

import uvicorn
import uvloop

from holdfast.settings import ServerSettings
from holdfast_serving.http.asgi import asgi_application
from holdfast_serving.http.endpoints import Application
from holdfast_serving.inference.data_plane import DataPlane
from holdfast_serving.process.lifecycle import Lifecycle

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS: Final = 75
"""Idle connections: longer than what load balancers and clients usually keep, so that they close first."""
STOP_SECONDS: Final = 20
"""After the drain: how long requests in flight may still take."""
BACKLOG: Final = 2048


class DrainingServer(uvicorn.Server):
    """uvicorn that keeps answering for a while after SIGTERM, until no client is sent here any more."""

    def __init__(self, config: uvicorn.Config, lifecycle: Lifecycle, drain_seconds: float) -> None:
        super().__init__(config)
        self._lifecycle = lifecycle
        self._drain_seconds = drain_seconds
        self._loop = asyncio.get_running_loop()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002 - uvicorn's signature
        """Begin to drain; a second signal ends the drain at once."""
        self._loop.call_soon_threadsafe(self._begin_drain)

    def _begin_drain(self) -> None:
        if self._lifecycle.draining or self._lifecycle.plane is None:
            self.should_exit = True
            return
        self._lifecycle.draining = True
        logger.info("draining for %s s: not ready, still answering", self._drain_seconds)
        self._loop.call_later(self._drain_seconds, self._stop)

    def _stop(self) -> None:
        self.should_exit = True


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

    def run(self) -> None:
        """Serve until SIGTERM or SIGINT.

        Raises:
            ModelError: the model cannot be served.
            OSError: the port cannot be listened on.
        """
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        config = uvicorn.Config(
            asgi_application(self._application.handle, self._settings.max_body_bytes),
            http="httptools",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=STOP_SECONDS,
        )
        server = DrainingServer(config, self._lifecycle, self._settings.drain_seconds)
        listener = listen(self._settings.port)
        loading = asyncio.create_task(self._become_ready(server))
        await server.serve(sockets=[listener])
        loading.cancel()
        with suppress(asyncio.CancelledError):
            await loading

    async def _become_ready(self, server: DrainingServer) -> None:
        try:
            plane = await asyncio.to_thread(self._load)
        except Exception:
            server.should_exit = True
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
