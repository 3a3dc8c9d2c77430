"""Memory that the workers of a pod share for their metrics: a slot each, which outlives the worker in it.

A slot is written by one worker only, so nothing is locked. It is addressed in words of 8 bytes, which
processors store whole: a worker that dies leaves no word half written.
"""

import mmap
import os
from hashlib import blake2b
from typing import Final, Self

SLOT_WORDS: Final = 512 * 1024
"""Room for any model that Holdfast accepts. Pages that nobody touches cost nothing."""
_WORD_BYTES: Final = 8
_HEADER_WORDS: Final = 8
"""What workers must know of each other begins a slot."""
PROCESS_ID: Final = 0
"""Word of the header: the slot's worker, 0 when there is none."""
STATE: Final = 1
"""Word of the header: whether it takes and answers requests."""
CONNECTIONS: Final = 2
"""Word of the header: how many connections it has."""


class MetricMemory:
    """The slots of all workers, as the worker of one of them sees them, or their supervisor.

    ``words`` are all slots as signed integers, ``floats`` the same memory as doubles.
    """

    def __init__(self, mapping: mmap.mmap, slot: int) -> None:
        self._mapping = mapping
        self.words: Final = memoryview(mapping).cast("q")
        self.floats: Final = memoryview(mapping).cast("d")
        self.slots: Final = range(0, len(self.words), SLOT_WORDS)
        """Where each slot begins."""
        self.own: Final = self.slots[slot]
        self._claimed = _HEADER_WORDS

    @classmethod
    def alone(cls) -> Self:
        """Return the memory of a process that shares it with no other."""
        memory = cls(mmap.mmap(-1, SLOT_WORDS * _WORD_BYTES), 0)
        memory.occupy()
        return memory

    @classmethod
    def create(cls, slots: int) -> tuple[Self, int]:
        """Return new memory for ``slots`` workers, and the file descriptor by which they open it.

        Raises:
            OSError: the kernel gives none.
        """
        descriptor = os.memfd_create("holdfast-metrics")
        os.ftruncate(descriptor, slots * SLOT_WORDS * _WORD_BYTES)
        return cls(mmap.mmap(descriptor, 0), 0), descriptor

    @classmethod
    def open(cls, descriptor: int, slot: int) -> Self:
        """Return the memory behind an inherited file descriptor, and move into the slot of that number."""
        memory = cls(mmap.mmap(descriptor, 0), slot)
        memory.occupy()
        return memory

    def occupy(self) -> None:
        """Say that this process is the worker of its slot."""
        self.words[self.own + PROCESS_ID] = os.getpid()

    def vacate(self, slot: int) -> None:
        """Say that the worker of a slot has ended; its counts stay."""
        start = self.slots[slot]
        for word in (PROCESS_ID, STATE, CONNECTIONS):
            self.words[start + word] = 0

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers that run."""
        return [pid for start in self.slots if (pid := self.words[start + PROCESS_ID])]

    def claim(self, identity: str, words: int) -> "Block":
        """Return the next ``words`` of every slot: new ones, or those that this worker's predecessor filled.

        Workers claim the same blocks in the same order; ``identity`` is what tells if they did not.

        Raises:
            RuntimeError: the predecessor had claimed something else here, or the slot is full.
        """
        mark = int.from_bytes(blake2b(identity.encode(), digest_size=7).digest()) + 1
        block = Block(self, self._claimed + 1)
        if block.offset + words > SLOT_WORDS:
            raise RuntimeError("there are more metrics than a slot of the shared memory holds")
        if self.words[block.own - 1] not in (0, mark):
            raise RuntimeError(f"the worker before this one had other metrics: {identity}")
        self.words[block.own - 1] = mark
        self._claimed = block.offset + words
        return block


class Block:
    """The same words of every slot; they are zero in one whose worker has not claimed them yet."""

    def __init__(self, memory: MetricMemory, offset: int) -> None:
        self.memory: Final = memory
        self.offset: Final = offset
        self.everywhere: Final = [start + offset for start in memory.slots]
        """Index in ``memory.words`` of the block's first word in each slot."""
        self.own: Final = memory.own + offset
        """The same in this worker's slot."""

    @property
    def alive(self) -> list[int]:
        """Such indices for the slots whose worker runs."""
        words = self.memory.words
        return [index for index in self.everywhere if words[index - self.offset + PROCESS_ID]]
