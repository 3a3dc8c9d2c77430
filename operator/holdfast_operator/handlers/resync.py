"""Lists everything now and then, because a watch can lose events, above all deletions after a 410."""

import asyncio
import logging
import random
from collections.abc import Sequence
from typing import Final

from holdfast_operator.cluster.api import ApiError, Cluster
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RESOURCES
from holdfast_operator.handlers.missed_events import MissedEvents
from holdfast_operator.handlers.references import References
from holdfast_operator.handlers.work_queue import WorkQueue

logger = logging.getLogger(__name__)

JITTER: Final = 0.2


class Resync:
    """Has every object looked at, and those that have vanished forgotten."""

    def __init__(
        self,
        cluster: Cluster,
        queue: WorkQueue[Key],
        references: References,
        missed: MissedEvents,
        namespaces: Sequence[str | None],
    ) -> None:
        """List in NAMESPACES; None stands for all of them."""
        self._cluster = cluster
        self._queue = queue
        self._references = references
        self._missed = missed
        self._namespaces = namespaces

    async def run(self, period_seconds: float) -> None:
        """List at intervals that vary by ±20 %, until cancelled."""
        while True:
            # Not for secrets: operators that started together should not list together.
            await asyncio.sleep(period_seconds * random.uniform(1 - JITTER, 1 + JITTER))  # noqa: S311
            try:
                await self.list_all()
            except ApiError as error:
                logger.warning("cannot list everything: %s", error)

    async def list_all(self) -> None:
        """Add every listed object to the queue, and every one that is no longer listed."""
        before = set(self._references.known)
        listed: set[Key] = set()
        for kind in RESOURCES:
            for namespace in self._namespaces:
                for resource in await self._cluster.list(kind, namespace):
                    key = self._references.learn(resource)
                    self._missed.on_listed(key, resource)
                    listed.add(key)
        # Those made since the listing began are not in BEFORE, and so are not taken for gone.
        for key in before - listed:
            self._references.forget(key)
            self._missed.forget(key)
        for key in before | listed:
            self._queue.add(key)
