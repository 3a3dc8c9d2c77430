"""When drift and labels are looked at: at fixed moments; for drift, so that the number of looks is known."""

import math
from datetime import UTC, datetime, timedelta

from holdfast.drift_settings import DriftSettings

LABEL_LOOKS_PER_WINDOW = 48
SHORTEST_LABEL_STRIDE = 1.0
LONGEST_LABEL_STRIDE = 60.0
"""Seconds between two looks at labels; their test may look as often as it likes."""


def last_look(now: datetime, settings: DriftSettings) -> datetime:
    """Return the last moment at which a window of the policy ended: a multiple of a quarter of it."""
    return datetime.fromtimestamp(settings.moment(settings.last_end(now.timestamp())), UTC)


def label_look(now: datetime, window_seconds: int) -> datetime:
    """Return the last moment at which labels are looked at: every minute, in short windows more often."""
    stride = max(SHORTEST_LABEL_STRIDE, window_seconds / LABEL_LOOKS_PER_WINDOW)
    return _last_multiple(now, min(stride, LONGEST_LABEL_STRIDE))


def _last_multiple(now: datetime, stride: float) -> datetime:
    return datetime.fromtimestamp(0, UTC) + timedelta(seconds=math.floor(now.timestamp() / stride) * stride)
