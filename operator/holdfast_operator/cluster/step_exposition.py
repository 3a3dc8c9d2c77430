"""What a server has counted about its requests and their copies, out of the samples of a scrape."""

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import Final

from prometheus_client.samples import Sample

from holdfast.metrics import (
    REQUEST_SECONDS,
    REQUESTS,
    SHADOW_DIFFERENCE,
    SHADOW_DISAGREEING_ROWS,
    SHADOW_ROWS,
)

StepSeries = tuple[str, ...]
"""``("requests", code)``, ``("latency", le)``, ``("copied" | "unequal" | "close" | "compared", output)``."""
STEP_METRICS: Final = (REQUESTS, REQUEST_SECONDS, SHADOW_ROWS, SHADOW_DISAGREEING_ROWS, SHADOW_DIFFERENCE)
"""What is asked for where a rollout is judged."""
LARGEST_DIFFERENCE: Final = 0.05
"""Numbers further apart than this share of the output's range in the profile disagree."""
MAX_SERIES: Final = 4096
"""Of a scrape; a server of ours has a hundred, and some more for each output."""
_BUCKET: Final = f"{REQUEST_SECONDS.name}_bucket"
_DIFFERENCES: Final = f"{SHADOW_DIFFERENCE.name}_bucket"


class StepSamples:
    """Collects the samples about requests of one scrape, by revision."""

    def __init__(self) -> None:
        self._found: defaultdict[str, dict[StepSeries, float]] = defaultdict(dict)
        self._left = MAX_SERIES

    def take(self, sample: Sample) -> bool:
        """Take a sample of the model; return whether it is about requests.

        Raises:
            ValueError: a figure that is not a number of requests or rows.
        """
        series = _series(sample)
        if series is None:
            return False
        if not 0 <= sample.value < math.inf:
            raise ValueError(f"{sample.name} is {sample.value}, which is not a number of requests or rows")
        found = self._found[sample.labels.get("revision", "")]
        if series in found or self._left > 0:
            self._left -= series not in found
            # Differences in both directions are two series.
            found[series] = found.get(series, 0.0) + float(sample.value)
        return True

    def by_revision(self) -> Mapping[str, Mapping[StepSeries, float]]:
        """Return what was found."""
        return dict(self._found)


def _series(sample: Sample) -> StepSeries | None:
    labels = sample.labels
    if sample.name == REQUESTS.name:
        return "requests", labels.get("code", "")
    if sample.name == _BUCKET:
        return "latency", labels.get("le", "")
    if sample.name == SHADOW_ROWS.name:
        return "copied", labels.get("output", "")
    if sample.name == SHADOW_DISAGREEING_ROWS.name:
        return "unequal", labels.get("output", "")
    if sample.name == _DIFFERENCES and labels.get("le") in _BOUNDS:
        kind = "compared" if labels["le"] == "+Inf" else "close"
        return kind, labels.get("output", "")
    return None


_BOUNDS: Final = frozenset({str(LARGEST_DIFFERENCE), "+Inf"})
