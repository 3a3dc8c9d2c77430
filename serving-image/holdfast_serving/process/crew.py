"""What the workers of a pod know of each other: who takes requests, who answers, and their connections."""

from enum import IntEnum
from typing import Final

from holdfast_serving.telemetry.metric_memory import CONNECTIONS, STATE, MetricMemory


class WorkerState(IntEnum):
    """Where a worker is between its start and its end."""

    ABSENT = 0
    """There is none, or it takes no requests yet."""
    OPEN = 1
    """It is not ready, but takes requests: somebody must say so to whoever asks."""
    READY = 2


class Crew:
    """The workers in the slots of the shared memory; each tells of itself and reads the others."""

    def __init__(self, memory: MetricMemory) -> None:
        self._words = memory.words
        self._own = memory.own
        self._others: Final = [start for start in memory.slots if start != memory.own]
        self._slots: Final = list(memory.slots)

    def expect_all(self) -> None:
        """Say, before any worker has started, that the pod is not ready until all are."""
        for start in self._slots:
            self._words[start + STATE] = WorkerState.OPEN

    def tell(self, state: WorkerState) -> None:
        """Say where this worker is."""
        self._words[self._own + STATE] = state

    def is_ready(self, number: int) -> bool:
        """Whether the worker in the slot of that number answers requests."""
        return self._words[self._slots[number] + STATE] == WorkerState.READY

    @property
    def any_ready(self) -> bool:
        """Whether any worker answers requests."""
        return any(map(self.is_ready, range(len(self._slots))))

    @property
    def all_open_are_ready(self) -> bool:
        """Whether a new connection can only get to a worker that is ready."""
        return all(self._words[start + STATE] != WorkerState.OPEN for start in self._slots)

    def tell_connections(self, count: int) -> None:
        """Say how many connections this worker has."""
        self._words[self._own + CONNECTIONS] = count

    def has_more_than_others(self, connections: int) -> bool:
        """Return whether a ready worker has fewer connections than so many."""
        words = self._words
        return any(
            words[start + CONNECTIONS] < connections
            for start in self._others
            if words[start + STATE] == WorkerState.READY
        )

    @property
    def connections(self) -> int:
        """How many connections all workers have."""
        return sum([self._words[start + CONNECTIONS] for start in self._slots])
