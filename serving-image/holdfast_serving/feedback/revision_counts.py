"""Places in the memory that workers share, each for the label counts of one revision.

Which other revisions labels will come for is not known when metrics are declared. So a place also holds the
name of the revision that it is used for, and can be given to another one.
"""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from holdfast_serving.feedback.label_scores import BINS
from holdfast_serving.feedback.prediction_ids import Kind, Origin
from holdfast_serving.telemetry.metric_memory import Block

MAX_REVISION_BYTES: Final = 256
"""As many as an id has room for."""

_FIELDS: Final = 3
"""Length of the revision's name (0: the place is free), whether it predicts classes, and the error scale."""
_NAME_WORDS: Final = MAX_REVISION_BYTES // 8
_SUMS: Final = 3
"""Of errors above, of errors below, of squares."""


@dataclass
class RevisionCounts:
    """What is counted of one revision.

    ``rows`` and ``correct`` of shape [groups], ``bins`` of shape [directions, bins], ``sums`` of shape
    [3, groups]: absolute errors of predictions at or above the label, of those below, squared errors.
    """

    revision: str
    is_class: bool
    scale: float
    rows: NDArray[np.int64]
    correct: NDArray[np.int64]
    bins: NDArray[np.int64]
    sums: NDArray[np.float64]

    def add(self, other: "RevisionCounts") -> None:
        """Add what another worker has counted of the same revision."""
        self.rows += other.rows
        self.correct += other.correct
        self.bins += other.bins
        self.sums += other.sums


class Place:
    """Room for one revision: this worker writes its own, and reads those of all workers."""

    def __init__(self, block: Block, groups: int) -> None:
        self._block = block
        self._groups = groups
        self._words: NDArray[np.int64] = np.frombuffer(block.memory.words, dtype=np.int64)
        self._floats: NDArray[np.float64] = np.frombuffer(block.memory.words, dtype=np.float64)

    @staticmethod
    def words(groups: int) -> int:
        """Return the words that a place takes in a slot."""
        return _FIELDS + _NAME_WORDS + (2 + _SUMS) * groups + 2 * BINS

    @property
    def revision(self) -> str:
        """The revision that this worker uses the place for; empty when it is free."""
        return self._revision(self._block.own)

    def assign(self, origin: Origin) -> None:
        """Use the place for another revision, from zero."""
        at, name = self._block.own, origin.revision.encode()
        # Whoever reads meanwhile finds no name, and leaves the place out.
        self._words[at] = 0
        self._words[at + 1 : at + self.words(self._groups)] = 0
        self._words[at + 1] = origin.kind is Kind.CLASS
        self._floats[at + 2] = origin.scale
        padded = name.ljust(MAX_REVISION_BYTES, b"\0")
        self._words[at + _FIELDS : at + _FIELDS + _NAME_WORDS] = np.frombuffer(padded, dtype=np.int64)
        self._words[at] = len(name)

    def own(self) -> RevisionCounts:
        """Return this worker's counts, to be changed in place."""
        return self._counts(self._block.own)

    def everywhere(self) -> Iterator[RevisionCounts]:
        """Yield copies of the counts of every worker that uses the place, those that have ended too."""
        for at in self._block.everywhere:
            if self._words[at]:
                yield deepcopy(self._counts(at))

    def _revision(self, at: int) -> str:
        name = self._words[at + _FIELDS : at + _FIELDS + _NAME_WORDS].tobytes()
        return name[: int(self._words[at])].decode(errors="replace")

    def _counts(self, at: int) -> RevisionCounts:
        start, groups = at + _FIELDS + _NAME_WORDS, self._groups
        whole = self._words[start : start + 2 * groups].reshape(2, groups)
        bins = self._words[start + 2 * groups : start + 2 * groups + 2 * BINS].reshape(2, BINS)
        sums = self._floats[start + 2 * groups + 2 * BINS :][: _SUMS * groups].reshape(_SUMS, groups)
        is_class, scale = bool(self._words[at + 1]), float(self._floats[at + 2])
        return RevisionCounts(self._revision(at), is_class, scale, whole[0], whole[1], bins, sums)
