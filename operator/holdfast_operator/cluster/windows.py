"""Rows of the last while, in buckets, so that windows of any end can be summed."""

import math
from array import array
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from holdfast_operator.cluster.counter_deltas import Series


class BucketedCounts:
    """Counts by series in buckets of equal width, aligned to the epoch; old buckets are dropped.

    60 features of 10 bins in 50 buckets take about 0.3 MB.
    """

    def __init__(self, bucket_seconds: float, keep_seconds: float, since: datetime) -> None:
        """Keep whole buckets that cover the last KEEP_SECONDS, from SINCE on."""
        self._bucket_seconds = bucket_seconds
        self._keep = math.ceil(keep_seconds / bucket_seconds) + 1
        self._since = since
        self._positions: dict[Series, int] = {}
        self._buckets: dict[int, array[int]] = {}

    def add(self, counts: Mapping[Series, int], moment: datetime) -> None:
        """Count rows that were seen at MOMENT."""
        index = self._index(moment)
        self._drop_before(index - self._keep)
        if not counts:
            return
        bucket = self._buckets.setdefault(index, array("q"))
        for series, count in counts.items():
            position = self._positions.setdefault(series, len(self._positions))
            if position >= len(bucket):
                bucket.extend([0] * (len(self._positions) - len(bucket)))
            bucket[position] += count

    def total(self, start: datetime, end: datetime) -> dict[Series, int]:
        """Return the rows by series of the buckets from START to END, which is not included."""
        first, last = self._index(start), self._index(end)
        chosen = [bucket for index, bucket in self._buckets.items() if first <= index < last]
        return {
            series: sum(bucket[position] for bucket in chosen if position < len(bucket))
            for series, position in self._positions.items()
        }

    def start_of_cover(self, moment: datetime) -> datetime:
        """Return MOMENT, or the start of the first bucket if that is later."""
        first = timedelta(seconds=self._index(self._since) * self._bucket_seconds)
        return max(moment, datetime.fromtimestamp(0, UTC) + first)

    def _index(self, moment: datetime) -> int:
        # Rounded, because boundaries are multiples of a width that may not be a binary fraction.
        return math.floor(round(moment.timestamp() / self._bucket_seconds, 6))

    def _drop_before(self, oldest: int) -> None:
        for index in [index for index in self._buckets if index < oldest]:
            del self._buckets[index]
