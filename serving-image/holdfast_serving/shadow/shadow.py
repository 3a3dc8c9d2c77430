"""Copies of answered requests for another revision: sampled, bounded, and never in the way of an answer."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Final, TypeVar

from holdfast.metrics import SHADOW_REQUESTS
from holdfast.settings import ServerSettings
from holdfast_serving.inference.data_plane import InferenceRequest
from holdfast_serving.inference.tensors import Tensor
from holdfast_serving.shadow.comparison import Comparison
from holdfast_serving.shadow.connection import Connection
from holdfast_serving.shadow.copies import CopyFormat, decode_answer
from holdfast_serving.telemetry.metric_store import Labels, MetricStore

logger = logging.getLogger(__name__)

SENDERS: Final = 8
"""Connections of a worker; each has one copy under way."""
ANSWER_SECONDS: Final = 10.0
MAX_PENDING_BYTES: Final = 32 * 1024**2
"""Tensors that wait for their copy; those of further requests are dropped."""
LARGE_BYTES: Final = 256 * 1024
"""Larger requests are encoded and compared in a thread; smaller ones hold the loop for less than 1 ms."""
FIRST_PAUSE_SECONDS: Final = 0.1
MAX_PAUSE_SECONDS: Final = 5.0
T = TypeVar("T")
OUTCOMES: Final = ("answered", "refused", "failed", "incomparable", "dropped")


@dataclass(slots=True)
class _Copy:
    inputs: Mapping[str, Tensor]
    outputs: Mapping[str, Tensor]
    size: int


class Shadow:
    """An observer of the data plane; ``run`` sends what it has recorded."""

    def __init__(
        self,
        settings: ServerSettings,
        datatypes: Mapping[str, str],
        comparison: Comparison,
        store: MetricStore,
    ) -> None:
        """Copy as SETTINGS say, which have a ``shadow_url``; DATATYPES are those of the inputs by name."""
        url = (settings.shadow_url or "").rstrip("/")
        labels: Labels = {"model": settings.model_name, "revision": settings.model_revision}
        self._counts = {
            outcome: store.counter(SHADOW_REQUESTS, {**labels, "outcome": outcome}) for outcome in OUTCOMES
        }
        self._percent = settings.shadow_percent
        self._max_in_flight = settings.shadow_max_in_flight
        self._comparison = comparison
        self._connect: Callable[[], Connection] = lambda: Connection(url)
        path = f"{url.partition('://')[2].partition('/')[2]}/v2/models/{settings.model_name}/infer"
        self._format = CopyFormat("/" + path.lstrip("/"), Connection(url).host_header, datatypes)
        self._queue: asyncio.Queue[_Copy] = asyncio.Queue()
        self._due = 0
        self.waiting = 0
        """Copies that have no answer yet."""
        self._bytes = 0

    def record(self, request: InferenceRequest, outputs: Mapping[str, Tensor]) -> None:
        """Remember every so-manieth request, unless too many wait; copies are never copied."""
        if request.is_copy:
            return
        self._due += self._percent
        if self._due < 100:
            return
        self._due -= 100
        size = sum(tensor.nbytes for tensor in chain(request.inputs.values(), outputs.values()))
        if self.waiting >= self._max_in_flight or self._bytes + size > MAX_PENDING_BYTES:
            self._counts["dropped"].add()
            return
        self.waiting += 1
        self._bytes += size
        self._queue.put_nowait(_Copy(request.inputs, outputs, size))

    async def run(self) -> None:
        """Send copies for as long as the server runs."""
        async with asyncio.TaskGroup() as group:
            for _ in range(min(SENDERS, self._max_in_flight)):
                group.create_task(self._send_for_ever())

    async def _send_for_ever(self) -> None:
        connection, failures = self._connect(), 0
        try:
            while True:
                copy = await self._queue.get()
                outcome = await self._outcome(connection, copy)
                self.waiting -= 1
                self._bytes -= copy.size
                self._counts[outcome].add()
                failures = failures + 1 if outcome == "failed" else 0
                if failures:
                    # Meanwhile copies are dropped: a server that is not there costs next to nothing.
                    await asyncio.sleep(min(FIRST_PAUSE_SECONDS * 2**failures, MAX_PAUSE_SECONDS))
        finally:
            connection.close()

    async def _outcome(self, connection: Connection, copy: _Copy) -> str:
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                parts = await self._run(copy, lambda: self._format.encode(copy.inputs))
                answer = await connection.exchange(parts)
            if answer.status != 200:
                return "refused"
            measured = await self._run(
                copy, lambda: self._comparison.measure(copy.outputs, decode_answer(answer))
            )
        except (OSError, TimeoutError) as error:
            logger.debug("no answer to a copy: %s", error)
            return "failed"
        except ValueError as error:
            logger.debug("an answer to a copy cannot be compared: %s", error)
            return "incomparable"
        except Exception:  # it must not end the other senders, nor what else runs beside the requests
            logger.exception("a copy failed")
            return "failed"
        self._comparison.publish(measured)
        return "answered"

    async def _run(self, copy: _Copy, work: Callable[[], T]) -> T:
        await asyncio.sleep(0)  # real requests first
        return await asyncio.to_thread(work) if copy.size > LARGE_BYTES else work()
