"""Sums of the last while over windows of many lengths, in bounded memory. Pure, vectorised.

Time is in buckets since the epoch, so that after a restart the same windows are looked at as before. A scale
is a window length; its windows are made of a few blocks and end with each block.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Counts = NDArray[np.int64]

LARGEST_SCALE: Final = 2048
"""Buckets of the longest dyadic window."""


@dataclass(frozen=True)
class Scale:
    """Windows of ``blocks`` blocks of ``stride`` buckets each; one ends every ``stride`` buckets."""

    stride: int
    blocks: int

    @property
    def length(self) -> int:
        """Buckets of a window."""
        return self.stride * self.blocks


@dataclass(frozen=True)
class FinishedWindow:
    """One window of a scale (its index), from bucket ``start`` to before bucket ``end``, with its counts."""

    scale: int
    start: int
    end: int
    counts: Counts


def dyadic_scales(longest: int) -> list[Scale]:
    """Return windows of 1, 2, 4… buckets that overlap by half, until one is at least ``longest`` buckets."""
    scales = [Scale(1, 1)]
    while scales[-1].length < min(longest, LARGEST_SCALE):
        scales.append(Scale(scales[-1].length, 2))
    return scales


class WindowSums:
    """Sums of counts over the windows of some scales; each finished window is given out once.

    It keeps a vector for each block that a window has: 30 features of 13 counts on 13 scales take 80 kB.
    """

    def __init__(self, scales: Sequence[Scale], size: int) -> None:
        """Add up vectors of SIZE integers."""
        self.scales: Final = tuple(scales)
        # First the blocks that grow, one of each scale, then the finished ones, newest first.
        self.sums = np.zeros((sum(scale.blocks for scale in scales), size), dtype=np.int64)
        starts = np.cumsum([len(scales), *(scale.blocks - 1 for scale in scales)])
        self._finished = [slice(start, end) for start, end in pairwise(starts.tolist())]
        self.bucket: int | None = None
        """The bucket that is being filled; None before the first."""

    def add(self, counts: Counts) -> None:
        """Add counts to the bucket that is being filled."""
        self.sums[: len(self.scales)] += counts

    def running(self, index: int) -> Counts:
        """Return what the window of a scale has counted that is not over yet."""
        counts: Counts = self.sums[index] + self.sums[self._finished[index]].sum(axis=0)
        return counts

    def advance(self, bucket: int) -> Iterator[FinishedWindow]:
        """Fill another bucket from now on, unless it is earlier; yield the windows that this finishes.

        Windows in which nothing was counted are left out.
        """
        before = bucket if self.bucket is None else self.bucket
        self.bucket = max(before, bucket)
        for index, scale in enumerate(self.scales):
            block, target = before // scale.stride, self.bucket // scale.stride
            for finished in range(block, min(target, block + scale.blocks)):
                yield from self._finish(index, finished + 1)

    def _finish(self, index: int, end: int) -> Iterator[FinishedWindow]:
        """Give out the window that ends with the block that grows, and begin the next block."""
        scale, past = self.scales[index], self._finished[index]
        block, finished = self.sums[index], self.sums[past]
        counts = block + finished.sum(axis=0)
        if counts.any():
            yield FinishedWindow(index, (end - scale.blocks) * scale.stride, end * scale.stride, counts)
        finished[1:] = finished[:-1].copy()
        finished[:1] = block
        block[:] = 0
