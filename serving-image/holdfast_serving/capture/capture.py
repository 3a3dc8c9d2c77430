"""Sampled requests and answers, kept in bounded memory and written away in a thread; off unless asked for."""

import asyncio
import logging
import secrets
import socket
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from itertools import chain
from typing import Final, TypeVar

from holdfast.metrics import CAPTURE_FAILURES, CAPTURED_ROWS
from holdfast.settings import ServerSettings
from holdfast_serving.capture.columns import Captured, ColumnNames, parquet_files
from holdfast_serving.capture.destination import Destination
from holdfast_serving.capture.retention import expired, file_name
from holdfast_serving.inference.data_plane import InferenceRequest
from holdfast_serving.inference.tensors import Tensor
from holdfast_serving.telemetry.metric_store import Labels, MetricStore

logger = logging.getLogger(__name__)

FLUSH_SECONDS: Final = 60.0
FLUSH_BYTES: Final = 8 * 1024**2
"""So much is written at once, so a file is about as large at most."""
MAX_HELD_BYTES: Final = 32 * 1024**2
"""Tensors that wait, and files that the store has not taken; beyond it rows are dropped."""
LAST_SECONDS: Final = 5.0
"""How long the last files may take when the server ends."""
FIRST_PAUSE_SECONDS: Final = 1.0
MAX_PAUSE_SECONDS: Final = 300.0
HOUR_SECONDS: Final = 3600.0
T = TypeVar("T")


class Capture:
    """An observer of the data plane; ``run`` writes what it has recorded."""

    def __init__(
        self, settings: ServerSettings, names: ColumnNames, destination: Destination, store: MetricStore
    ) -> None:
        labels: Labels = {"model": settings.model_name, "revision": settings.model_revision}
        self._written, self._dropped = (
            store.counter(CAPTURED_ROWS, {**labels, "outcome": outcome}) for outcome in ("written", "dropped")
        )
        self._failures = store.counter(CAPTURE_FAILURES, labels)
        self._settings = settings
        self._names = names
        self._destination = destination
        self._hourly_rows = max(1, settings.capture_max_rows_per_hour // settings.workers)
        self._hour, self._rows_of_hour = 0, 0
        self._due = 0
        self._pending: list[Captured] = []
        self._pending_bytes = 0
        self._files: deque[tuple[str, bytes, int]] = deque()
        self._wake = asyncio.Event()
        self._cleaned = 0.0

    def record(self, request: InferenceRequest, outputs: Mapping[str, Tensor]) -> None:
        """Remember every so-manieth request with what may be captured of it; copies never are."""
        if request.is_copy:
            return
        self._due += self._settings.capture_percent
        if self._due < 100:
            return
        self._due -= 100
        inputs, outputs = (
            {name: tensor for name, tensor in tensors.items() if self._names.has(name)}
            for tensors in (request.inputs, outputs)
        )
        captured = Captured(time.time(), request.id, inputs, outputs, request.prediction_id)
        size = sum(tensor.nbytes for tensor in chain(inputs.values(), outputs.values()))
        if not self._has_room(captured, size):
            self._dropped.add(captured.rows)
            return
        self._rows_of_hour += captured.rows
        self._pending.append(captured)
        self._pending_bytes += size
        if self._pending_bytes >= FLUSH_BYTES:
            self._wake.set()

    async def run(self) -> None:
        """Write what was recorded, for as long as the server runs, and the rest when it ends."""
        pause, flush = FLUSH_SECONDS, None
        try:
            while True:
                await self._clean()
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self._wake.wait()
                self._wake.clear()
                # A flush that has begun is not cut short when the server ends: its rows would be lost.
                flush = asyncio.ensure_future(self._flush())
                pause = FLUSH_SECONDS if await asyncio.shield(flush) else _longer(pause)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_SECONDS):
                    await self._finish(flush)

    async def _finish(self, flush: "asyncio.Future[bool] | None") -> None:
        if flush is not None and not flush.done():
            await flush
        await self._flush()

    def _has_room(self, captured: Captured, size: int) -> bool:
        hour = int(captured.time // HOUR_SECONDS)
        if hour != self._hour:
            self._hour, self._rows_of_hour = hour, 0
        held = self._pending_bytes + sum(len(content) for _, content, _ in self._files)
        fits = self._rows_of_hour + captured.rows <= self._hourly_rows
        return fits and held + size <= MAX_HELD_BYTES

    async def _flush(self) -> bool:
        """Write all that waits; return whether the store has taken it."""
        if self._pending:
            await self._encode()
        while self._files:
            name, content, rows = self._files[0]
            if not await self._attempt(partial(self._destination.write, name, content)):
                return False
            self._files.popleft()
            self._written.add(rows)
        return True

    async def _encode(self) -> None:
        pending, self._pending, self._pending_bytes = self._pending, [], 0
        revision = self._settings.model_revision
        try:
            made = await in_thread(lambda: parquet_files(pending, self._names, revision))
        except Exception:  # one odd request must not end the capture
            logger.exception("%d requests could not be captured", len(pending))
            self._dropped.add(sum(each.rows for each in pending))
        else:
            self._files.extend((self._new_name(), content, rows) for content, rows in made)

    async def _clean(self) -> None:
        """Remove old files, once an hour."""
        now = time.monotonic()
        if self._cleaned and now - self._cleaned < HOUR_SECONDS:
            return
        self._cleaned = now
        await self._attempt(self._remove_old)

    def _remove_old(self) -> None:
        today = datetime.now(UTC).date()
        for name in expired(self._destination.tree(), today, self._settings.capture_retention_days):
            self._destination.remove(name)

    async def _attempt(self, work: Callable[[], None]) -> bool:
        try:
            await in_thread(work)
        except Exception as error:  # noqa: BLE001 - whatever the store does, serving goes on
            logger.warning("captured requests: %s", error)
            self._failures.add()
            return False
        return True

    def _new_name(self) -> str:
        pod, now = socket.gethostname(), datetime.now(UTC)
        return file_name(self._settings.model_revision, pod, now, secrets.token_hex(4))


def _longer(pause: float) -> float:
    return FIRST_PAUSE_SECONDS if pause == FLUSH_SECONDS else min(2 * pause, MAX_PAUSE_SECONDS)


def in_thread(work: Callable[[], T]) -> "asyncio.Future[T]":
    """Run ``work`` in a thread that does not keep the process from ending, and return its future result."""
    outcome: Future[T] = Future()
    outcome.set_running_or_notify_cancel()

    def run() -> None:
        try:
            outcome.set_result(work())
        except Exception as error:  # noqa: BLE001 - it is passed on to who awaits
            outcome.set_exception(error)

    threading.Thread(target=run, name="capture", daemon=True).start()
    return asyncio.wrap_future(outcome)
