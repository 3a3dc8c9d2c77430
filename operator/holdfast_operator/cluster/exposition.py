"""Reads a server's counters out of the Prometheus text format, which may be hostile."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from holdfast.count_table import Series
from holdfast.metrics import ANOMALOUS_ROWS, DISTRIBUTION_ROWS, DRIFT_METRICS, MODEL_INFO, ROWS
from holdfast_operator.cluster.label_exposition import LABEL_METRICS, LabelSamples, RevisionLabels

PROCESS_START: Final = "process_start_time_seconds"
METRIC_NAMES: Final = (*(metric.name for metric in (*DRIFT_METRICS, MODEL_INFO)), PROCESS_START)
"""What is asked for: ``/metrics?name[]=…``."""
LABEL_METRIC_NAMES: Final = tuple(metric.name for metric in LABEL_METRICS)
"""What is asked for beside them where labels are watched."""
MAX_COUNT: Final = 2**53
"""Largest integer that the text format's floats hold exactly."""


class MalformedMetricsError(ValueError):
    """The text is not what a server of ours writes."""


@dataclass(frozen=True)
class ServerCounters:
    """One scrape: when the process started, and its counters by revision and profile hash."""

    started: float
    by_profile: Mapping[tuple[str, str], Mapping[Series, int]]
    """Has an entry for every revision and profile served, with an empty hash where there is no profile."""
    labels: Mapping[str, RevisionLabels] = field(default_factory=dict)
    """By revision: those of other revisions come back here, too."""


def parse_counters(text: str, model: str) -> ServerCounters:
    """Return the counters of MODEL; those of other models are left out.

    Raises:
        MalformedMetricsError: not the text format, no process start time, or a count that is not a number
            of rows (negative, infinite, fractional or NaN).
    """
    started: float | None = None
    counts: defaultdict[tuple[str, str], dict[Series, int]] = defaultdict(dict)
    labels = LabelSamples()
    for sample in _samples(text):
        if sample.name == PROCESS_START:
            started = sample.value
        elif sample.labels.get("model") == model and not _take_label(sample, labels):
            _take(sample, counts[sample.labels.get("revision", ""), sample.labels.get("profile", "")])
    if started is None or not math.isfinite(started):
        raise MalformedMetricsError(f"{PROCESS_START} is missing")
    return ServerCounters(started, dict(counts), labels.by_revision())


def _samples(text: str) -> Iterator[Sample]:
    try:
        families: Iterable[Iterable[Sample]] = (
            family.samples for family in text_string_to_metric_families(text)
        )
        for samples in families:
            yield from samples
    except (ValueError, KeyError, IndexError) as error:  # what the parser is known to raise
        raise MalformedMetricsError(f"not the Prometheus text format: {str(error)[:200]}") from error


def _take_label(sample: Sample, labels: LabelSamples) -> bool:
    try:
        return labels.take(sample)
    except ValueError as error:
        raise MalformedMetricsError(str(error)) from error


def _take(sample: Sample, counts: dict[Series, int]) -> None:
    labels = sample.labels
    series: Series
    if sample.name == ROWS.name:
        series = ("rows",)
    elif sample.name == DISTRIBUTION_ROWS.name:
        series = ("bin", labels.get("kind", ""), labels.get("name", ""), labels.get("bin", ""))
    elif sample.name == ANOMALOUS_ROWS.name:
        series = ("anomaly", labels.get("kind", ""), labels.get("name", ""), labels.get("anomaly", ""))
    else:
        return
    value = float(sample.value)  # The parser makes an int of some.
    if not (0 <= value <= MAX_COUNT and value.is_integer()):
        raise MalformedMetricsError(f"{sample.name} is {value}, which is not a number of rows")
    counts[series] = int(value)
