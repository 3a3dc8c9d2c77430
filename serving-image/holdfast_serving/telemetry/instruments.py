"""What a worker counts with: each writes this worker's slot of the shared memory and reads everyone's.

A worker counts on one thread, its event loop. Writing takes no lock; what is read of another worker is an
instant old at most.
"""

import threading
from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from holdfast_serving.telemetry.metric_memory import Block

Counts: TypeAlias = "NDArray[np.int64] | Sequence[int]"
Merge: TypeAlias = Literal["sum", "max"]


class Counter:
    """A number of events that only grows."""

    __slots__ = ("_at", "_block", "_words")

    def __init__(self, block: Block) -> None:
        self._block = block
        self._words = block.memory.words
        self._at = block.own

    def add(self, count: int = 1) -> None:
        """Add to what this worker has counted."""
        self._words[self._at] += count

    def value(self) -> int:
        """Return what all workers have counted, those that have ended too."""
        words = self._words
        return sum([words[index] for index in self._block.everywhere])


class Gauge:
    """A number that goes up and down; of all workers it is the sum, or the largest."""

    __slots__ = ("_at", "_block", "_floats", "_merge")

    def __init__(self, block: Block, merge: Merge) -> None:
        self._block = block
        self._floats = block.memory.floats
        self._at = block.own
        self._merge = merge
        self.set(0)  # What a predecessor held ended with it.

    def set(self, value: float) -> None:
        """Set this worker's value."""
        self._floats[self._at] = value

    def add(self, difference: float) -> None:
        """Change this worker's value."""
        self._floats[self._at] += difference

    def value(self) -> float:
        """Return the value of the workers that run."""
        values = [self._floats[index] for index in self._block.alive]
        return sum(values) if self._merge == "sum" else max(values, default=0.0)


class Histogram:
    """Observations by size, and their sum. Words: the sum, then a count for each bucket and the one above."""

    __slots__ = ("_at", "_block", "_bounds", "_floats", "_words")

    def __init__(self, block: Block, bounds: Sequence[float]) -> None:
        self._block = block
        self._bounds = list(bounds)
        self._words = block.memory.words
        self._floats = block.memory.floats
        self._at = block.own

    def observe(self, value: float) -> None:
        """Add an observation; it is in the bucket whose bound is not below it."""
        self._words[self._at + 1 + bisect_left(self._bounds, value)] += 1
        self._floats[self._at] += value

    def add(self, counts: Sequence[int], total: float) -> None:
        """Add many observations: how many in each bucket (the last: above all bounds), and their sum."""
        for index, count in enumerate(counts, start=self._at + 1):
            if count:
                self._words[index] += count
        self._floats[self._at] += total

    def value(self) -> tuple[list[int], float]:
        """Return how many are at or below each bound (the last: any), and the sum, of all workers."""
        starts = self._block.everywhere
        size = len(self._bounds) + 1
        slots = [self._words[start + 1 : start + 1 + size].tolist() for start in starts]
        counts = [sum(bucket) for bucket in zip(*slots, strict=True)]
        return list(accumulate(counts)), sum([self._floats[start] for start in starts])


class CounterGroup:
    """Many counters that grow together: nobody ever sees one of them ahead of another.

    A slot has two copies and the number of additions, whose parity says which copy counts. An addition writes
    the other copy and then the number, so one that its process did not live to finish has never happened.
    """

    def __init__(self, block: Block, size: int) -> None:
        self._block = block
        self._size = size
        self._array: NDArray[np.int64] = np.frombuffer(block.memory.words, dtype=np.int64)
        self._barrier = threading.Lock()

    @staticmethod
    def words(size: int) -> int:
        """Return the words that ``size`` counters take in a slot."""
        return 1 + 2 * size

    def add(self, *counts: Counts) -> None:
        """Add to all counters, given in one or several arrays in the order of their declaration."""
        at = self._block.own
        additions = self._block.memory.words[at]
        grown = self._copy(at, additions) + np.concatenate(counts)
        self._copy(at, additions + 1)[:] = grown
        # Processors may store out of order; not across a lock that is given back and taken.
        with self._barrier:
            pass
        self._block.memory.words[at] = additions + 1

    def value(self) -> NDArray[np.int64]:
        """Return the counts of all workers, each worker's of one moment."""
        total = np.zeros(self._size, dtype=np.int64)
        for at in self._block.everywhere:
            total += self._consistent(at)
        return total

    def _copy(self, at: int, additions: int) -> NDArray[np.int64]:
        start = at + 1 + (additions & 1) * self._size
        return self._array[start : start + self._size]

    def _consistent(self, at: int) -> NDArray[np.int64]:
        """Read a slot's counts; anew when its worker has added meanwhile, as the copy may be in use again."""
        words = self._block.memory.words
        while True:
            additions = words[at]
            counts = self._copy(at, additions).copy()
            with self._barrier:
                pass
            if words[at] == additions:
                return counts
