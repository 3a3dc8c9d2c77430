"""Counts of features and predictions in the bins of the profile: what drift is seen by.

The request path only keeps a reference to its tensors; a background task counts them, a column at a time, and
publishes whole blocks. So a scrape never sees a single row, nor a block half counted.
"""

import asyncio
import logging
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from typing import Final

import numpy as np

from holdfast.binning import Array as Tensor
from holdfast.binning import ColumnCounts, count_rows
from holdfast.metrics import ANOMALOUS_ROWS, DISTRIBUTION_ROWS, ROWS
from holdfast.profile import CategoricalColumn, NumericColumn, Profile
from holdfast_serving.telemetry.metric_store import MetricStore

logger = logging.getLogger(__name__)

FLUSH_ROWS: Final = 1024
"""Pending rows that wake the background task at once."""
FLUSH_SECONDS: Final = 0.5
"""Otherwise it looks that often."""
MAX_PENDING_ROWS: Final = 8 * FLUSH_ROWS
MAX_PENDING_BYTES: Final = 32 * 1024**2
"""Beyond either, a request helps to count before it is answered: memory stays bounded and no row is lost."""

Column = NumericColumn | CategoricalColumn


class FeatureCounters:
    """Monotone counters of one profile; replicas add up."""

    def __init__(
        self, profile: Profile, labels: Mapping[str, str], block_rows: int, store: MetricStore
    ) -> None:
        """Declare the counters of PROFILE in STORE, with the LABELS ``model`` and ``revision``."""
        self.store: Final = store
        self._profile = profile
        self._block_rows = block_rows
        self._input_names = _tensors(profile, "feature")
        self._output_names = _tensors(profile, "output")
        self._pending: list[tuple[list[Tensor], list[Tensor]]] = []
        self._pending_rows = 0
        self._pending_bytes = 0
        self._wake = asyncio.Event()
        labels = {**labels, "profile": profile.hash}
        self._counters = store.counter_group(
            [
                (ROWS, [labels]),
                (DISTRIBUTION_ROWS, _bin_labels(profile, labels)),
                (ANOMALOUS_ROWS, _anomaly_labels(profile, labels)),
            ]
        )

    @property
    def is_full(self) -> bool:
        """Whether so much waits to be counted that the next request should help."""
        return self._pending_rows > MAX_PENDING_ROWS or self._pending_bytes > MAX_PENDING_BYTES

    def record(self, inputs: Mapping[str, Tensor], outputs: Mapping[str, Tensor]) -> None:
        """Remember the tensors of an answered request; they must not be changed afterwards."""
        kept = [inputs[name] for name in self._input_names], [outputs[name] for name in self._output_names]
        first = (kept[0] or kept[1])[0]
        self._pending.append(kept)
        self._pending_rows += len(first)
        self._pending_bytes += sum(tensor.nbytes for tensor in chain(*kept))
        if self._pending_rows >= FLUSH_ROWS:
            self._wake.set()

    async def run(self) -> None:
        """Count what was recorded, for ever."""
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(FLUSH_SECONDS):
                    await self._wake.wait()
            self._wake.clear()
            await self.flush()

    async def flush(self) -> None:
        """Count and publish what is pending, if it is a whole block; other tasks run between two columns."""
        if self._pending_rows < self._block_rows:
            return
        rows, inputs, outputs = self._take()
        counted: list[ColumnCounts] = []
        try:
            for _, counts in count_rows(self._profile, inputs, outputs):
                counted.append(counts)
                await asyncio.sleep(0)
        except ValueError:
            logger.exception("%d rows do not have the form that the profile was made from; not counted", rows)
        else:
            self._publish(rows, counted)

    def _take(self) -> tuple[int, dict[str, Tensor], dict[str, Tensor]]:
        pending, rows = self._pending, self._pending_rows
        self._pending, self._pending_rows, self._pending_bytes = [], 0, 0
        inputs = _joined(self._input_names, (kept[0] for kept in pending))
        outputs = _joined(self._output_names, (kept[1] for kept in pending))
        return rows, inputs, outputs

    def _publish(self, rows: int, counted: Sequence[ColumnCounts]) -> None:
        pairs = zip(self._profile.columns, counted, strict=True)
        anomalies = [getattr(counts, each) for column, counts in pairs for each in _anomalies(column)]
        self._counters.add([rows], *(counts.bins for counts in counted), anomalies)


def _tensors(profile: Profile, kind: str) -> list[str]:
    return list(dict.fromkeys(column.tensor for column in profile.columns if column.kind == kind))


def _joined(names: list[str], blocks: Iterable[list[Tensor]]) -> dict[str, Tensor]:
    columns = zip(*blocks, strict=True)
    return {name: np.concatenate(tensors) for name, tensors in zip(names, columns, strict=False)}


def _bin_labels(profile: Profile, labels: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for column in profile.columns:
        for index in range(len(column.counts)):
            yield {**labels, "kind": column.kind, "name": column.name, "bin": str(index)}


def _anomaly_labels(profile: Profile, labels: Mapping[str, str]) -> Iterator[dict[str, str]]:
    for column in profile.columns:
        for anomaly in _anomalies(column):
            yield {**labels, "kind": column.kind, "name": column.name, "anomaly": anomaly}


def _anomalies(column: Column) -> tuple[str, ...]:
    return ("missing", "unseen") if isinstance(column, CategoricalColumn) else ("missing", "below", "above")
