"""When drift and labels are looked at: at fixed moments; for drift, so that the number of looks is known."""

import math
from datetime import UTC, datetime, timedelta

BUCKETS_PER_WINDOW = 48
LOOKS_PER_WINDOW = 4
LONGEST_LABEL_STRIDE = 60.0
"""Seconds between two looks at labels; their test may look as often as it likes."""


def bucket_seconds(window_seconds: int) -> float:
    """Return the width of the buckets that counters are kept in."""
    return max(1.0, window_seconds / BUCKETS_PER_WINDOW)


def stride_seconds(window_seconds: int) -> float:
    """Return the time between two looks: a quarter of the window, in whole buckets."""
    bucket = bucket_seconds(window_seconds)
    return bucket * math.ceil(round(window_seconds / LOOKS_PER_WINDOW / bucket, 9))


def last_look(now: datetime, window_seconds: int) -> datetime:
    """Return the last multiple of the stride since the epoch; the end of the window to look at."""
    return _last_multiple(now, stride_seconds(window_seconds))


def looks_per_30_days(window_seconds: int) -> float:
    """Return how often the same window length is looked at in 30 days."""
    return 30 * 86400 / stride_seconds(window_seconds)


def label_look(now: datetime, window_seconds: int) -> datetime:
    """Return the last moment at which labels are looked at: every minute, in short windows more often."""
    return _last_multiple(now, min(bucket_seconds(window_seconds), LONGEST_LABEL_STRIDE))


def _last_multiple(now: datetime, stride: float) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=math.floor(now.timestamp() / stride) * stride)
