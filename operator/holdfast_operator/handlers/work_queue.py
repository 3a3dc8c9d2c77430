"""A work queue of keys with client-go's semantics (k8s.io/client-go/util/workqueue).

A key that is added many times is processed once; a key that is added while it is processed is processed
once more afterwards; no key is processed by two workers at once.
"""

import asyncio
import random
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)


@dataclass(frozen=True)
class Backoff:
    """Pauses after failures in a row: doubling from ``first_seconds`` to ``cap_seconds``, each ±20 %."""

    first_seconds: float = 0.5
    cap_seconds: float = 300
    jitter: float = 0.2

    def pause_seconds(self, failures: int) -> float:
        """Return how long to wait after so many failures in a row, at least one."""
        # The exponent is bounded, since floats are.
        pause = min(self.first_seconds * 2.0 ** min(failures - 1, 32), self.cap_seconds)
        # Not for secrets: it keeps keys that failed together from being tried together.
        return pause * random.uniform(1 - self.jitter, 1 + self.jitter)  # noqa: S311


class WorkQueue(Generic[K]):
    """Keys that wait for a worker; used within one event loop."""

    def __init__(self, backoff: Backoff | None = None) -> None:
        self._backoff = backoff or Backoff()
        self._waiting: deque[K] = deque()
        self._dirty: set[K] = set()
        self._processing: set[K] = set()
        self._failures: dict[K, int] = {}
        self._timers: dict[K, asyncio.TimerHandle] = {}
        self._changed = asyncio.Event()
        self._closed = False

    def __len__(self) -> int:
        """Return how many keys wait for a worker now, without those that wait for a time."""
        return len(self._waiting)

    @property
    def processing(self) -> int:
        """How many keys are with a worker."""
        return len(self._processing)

    def add(self, key: K) -> None:
        """Have the key processed as soon as a worker is free."""
        if self._closed or key in self._dirty:
            return
        self._dirty.add(key)
        if key not in self._processing:
            self._waiting.append(key)
            self._changed.set()

    def add_after(self, key: K, seconds: float) -> None:
        """Have the key processed after a time; of several times the earliest counts."""
        if self._closed:
            return
        loop = asyncio.get_running_loop()
        due = loop.time() + max(seconds, 0)
        timer = self._timers.get(key)
        if timer is not None and timer.when() <= due:
            return
        if timer is not None:
            timer.cancel()
        self._timers[key] = loop.call_at(due, self._ring, key)

    def add_after_failure(self, key: K) -> float:
        """Have the key processed after its back-off; returns the seconds."""
        self._failures[key] = self._failures.get(key, 0) + 1
        pause = self._backoff.pause_seconds(self._failures[key])
        self.add_after(key, pause)
        return pause

    def forget(self, key: K) -> None:
        """Start the key's back-off anew, because it has succeeded."""
        self._failures.pop(key, None)

    async def get(self) -> K | None:
        """Wait for a key and take it; None after the queue was shut down. Each key must be given to done."""
        while not self._waiting:
            if self._closed:
                return None
            self._changed.clear()
            await self._changed.wait()
        key = self._waiting.popleft()
        self._dirty.discard(key)
        self._processing.add(key)
        return key

    def done(self, key: K) -> None:
        """Give a taken key back."""
        self._processing.discard(key)
        if key in self._dirty and not self._closed:
            self._waiting.append(key)
            self._changed.set()

    def shut_down(self) -> None:
        """Forget what waits; keys with workers stay with them until done."""
        self._closed = True
        self._waiting.clear()
        self._dirty.clear()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        self._changed.set()

    def _ring(self, key: K) -> None:
        self._timers.pop(key, None)
        self.add(key)
