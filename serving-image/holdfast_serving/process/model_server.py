"""A serving process: loads the model beside its transports, drains on SIGTERM, exits."""

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import uvloop

from holdfast.settings import ServerSettings
from holdfast_serving.inference.data_plane import DataPlane
from holdfast_serving.process.crew import WorkerState
from holdfast_serving.process.lifecycle import Lifecycle

logger = logging.getLogger(__name__)

STOPPING_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)


class Transport(Protocol):
    """A way for requests to come in."""

    async def start(self) -> None:
        """Take requests."""
        ...

    def drain(self) -> None:
        """Answer on, but ask clients to go elsewhere."""
        ...

    async def stop(self, grace_seconds: float) -> None:
        """Take no more requests, and finish those in flight within the grace period."""
        ...


class ModelServer:
    """Answers by its transports; inference, once ``load`` has given a data plane.

    A server that is alone takes requests from the start, to say that it lives and is not ready. So does a
    worker when nobody else could; one that starts beside ready ones waits until it is ready itself.
    """

    def __init__(
        self,
        lifecycle: Lifecycle,
        transports: Sequence[Transport],
        load: Callable[[], DataPlane],
        settings: ServerSettings,
    ) -> None:
        self._lifecycle = lifecycle
        self._transports = transports
        self._load = load
        self._drain_seconds = settings.drain_seconds
        # As long as any request may take: none that was accepted is cut off.
        self._stop_seconds = settings.request_timeout_seconds
        self._stopping = asyncio.Event()

    def run(self, lifeline: int | None = None) -> None:
        """Serve until SIGTERM or SIGINT, or until the file descriptor LIFELINE closes.

        Raises:
            ModelError: the model cannot be served.
            OSError: a port cannot be listened on.
        """
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(self._serve(lifeline))

    async def _serve(self, lifeline: int | None) -> None:
        self._listen_to_signals(lifeline)
        late = self._lifecycle.crew.any_ready
        if not late:
            self._lifecycle.crew.tell(WorkerState.OPEN)
            await self._start_transports()
        work = asyncio.create_task(self._become_ready(late=late))
        await self._stopping.wait()
        await asyncio.gather(*(transport.stop(self._stop_seconds) for transport in self._transports))
        work.cancel()
        for result in await asyncio.gather(work, return_exceptions=True):
            if isinstance(result, Exception):
                raise result

    def _listen_to_signals(self, lifeline: int | None) -> None:
        loop = asyncio.get_running_loop()
        for each in STOPPING_SIGNALS:
            loop.add_signal_handler(each, self._begin_drain)
        # A supervisor blocks them until now: none that came earlier is lost.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, (*STOPPING_SIGNALS, signal.SIGCHLD))
        if lifeline is not None:
            loop.add_reader(lifeline, self._stop_alone)

    def _begin_drain(self) -> None:
        """Begin to drain; a second signal ends the drain at once."""
        if self._lifecycle.draining or self._lifecycle.plane is None:
            self._stopping.set()
            return
        self._lifecycle.draining = True
        for transport in self._transports:
            transport.drain()
        logger.info("draining for %s s: not ready, still answering", self._drain_seconds)
        asyncio.get_running_loop().call_later(self._drain_seconds, self._stopping.set)

    def _stop_alone(self) -> None:
        logger.error("the supervisor has ended")
        self._stopping.set()

    async def _start_transports(self) -> None:
        for transport in self._transports:
            await transport.start()

    async def _become_ready(self, *, late: bool) -> None:
        try:
            plane = await asyncio.to_thread(self._load)
            # What was loaded stays: the collector need not look at it again with every request.
            gc.collect()
            gc.freeze()
            self._lifecycle.plane = plane
            if late:
                await self._start_transports()
        except Exception:
            self._stopping.set()
            raise
        self._lifecycle.crew.tell(WorkerState.READY)
        logger.info("ready")
        await plane.run_background()
