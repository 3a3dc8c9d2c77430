"""Workers that take keys from the queue; an object that fails waits longer and longer, and stops no other."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable

from holdfast_operator.cluster.api import ApiError, ConflictError
from holdfast_operator.cluster.key import Key
from holdfast_operator.handlers.work_queue import WorkQueue
from holdfast_operator.metrics import QUEUE_DEPTH, QUEUE_PROCESSING, RECONCILE_ERRORS, RECONCILE_SECONDS

logger = logging.getLogger(__name__)

Reconcile = Callable[[Key], Awaitable[float | None]]


class Workers:
    """A number of workers on one queue."""

    def __init__(self, queue: WorkQueue[Key], reconcile: Reconcile, count: int) -> None:
        self._queue = queue
        self._reconcile = reconcile
        self._count = count
        QUEUE_DEPTH.set_function(queue.__len__)
        QUEUE_PROCESSING.set_function(lambda: queue.processing)

    async def run(self) -> None:
        """Work until the queue is shut down; what has been taken is finished."""
        await asyncio.gather(*(self._work() for _ in range(self._count)))

    async def _work(self) -> None:
        while (key := await self._queue.get()) is not None:
            started = time.monotonic()
            try:
                await self._process(key)
            finally:
                self._queue.done(key)
                RECONCILE_SECONDS.labels(key.kind.kind).observe(time.monotonic() - started)

    async def _process(self, key: Key) -> None:
        try:
            requeue_after = await self._reconcile(key)
        except Exception as error:  # noqa: BLE001 - whatever is wrong with one object must not stop the others
            self._fail(key, error)
            return
        self._queue.forget(key)
        if requeue_after is not None:
            self._queue.add_after(key, requeue_after)

    def _fail(self, key: Key, error: Exception) -> None:
        reason = error.reason if isinstance(error, ApiError) else type(error).__name__
        RECONCILE_ERRORS.labels(key.kind.kind, reason).inc()
        pause = self._queue.add_after_failure(key)
        if isinstance(error, ConflictError):
            logger.info("%s has changed meanwhile, looking again in %.1f s: %s", key, pause, error)
        elif isinstance(error, ApiError):
            logger.warning("%s failed, trying again in %.1f s: %s", key, pause, error)
        else:
            logger.error("%s failed, trying again in %.1f s", key, pause, exc_info=error)
