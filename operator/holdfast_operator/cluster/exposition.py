"""Reads a server's counters out of the Prometheus text format, which may be hostile."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from io import StringIO
from typing import Final, TextIO

from prometheus_client.parser import text_fd_to_metric_families
from prometheus_client.samples import Sample

from holdfast.count_table import Series
from holdfast.expected_loss import ExpectedLoss
from holdfast.metrics import (
    ANOMALOUS_ROWS,
    DISTRIBUTION_ROWS,
    DRIFT_METRICS,
    EXPECTED_LOSS,
    MODEL_INFO,
    ROWS,
)
from holdfast_operator.cluster.expected_loss_exposition import ExpectedLossSamples
from holdfast_operator.cluster.label_exposition import LABEL_METRICS, LabelSamples, RevisionLabels
from holdfast_operator.cluster.step_exposition import STEP_METRICS, StepSamples, StepSeries

PROCESS_START: Final = "process_start_time_seconds"
METRIC_NAMES: Final = (
    *(metric.name for metric in (*DRIFT_METRICS, MODEL_INFO, EXPECTED_LOSS)),
    PROCESS_START,
)
"""What is asked for: ``/metrics?name[]=…``."""
LABEL_METRIC_NAMES: Final = tuple(metric.name for metric in LABEL_METRICS)
"""What is asked for beside them where labels are watched."""
STEP_METRIC_NAMES: Final = tuple(metric.name for metric in STEP_METRICS)
"""What is asked for beside all of them where a step of a rollout is judged."""
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
    steps: Mapping[str, Mapping[StepSeries, float]] = field(default_factory=dict)
    """Requests and copies of them, by revision."""
    expected: Mapping[str, ExpectedLoss] = field(default_factory=dict)
    """How wrong each revision is by what it predicts, where its package says so."""


def parse_counters(text: str, model: str) -> ServerCounters:
    """Return the counters of MODEL; those of other models are left out.

    Raises:
        MalformedMetricsError: not the text format, or as `collect_counters`.
    """
    return collect_counters(read_samples(StringIO(text)), model)


def collect_counters(samples: Iterable[Sample], model: str) -> ServerCounters:
    """Return the counters of MODEL among the samples of one process at one moment.

    Raises:
        MalformedMetricsError: no process start time, or a count that is not a number of rows (negative,
            infinite, fractional or NaN).
    """
    started: float | None = None
    counts: defaultdict[tuple[str, str], dict[Series, int]] = defaultdict(dict)
    labels, steps, expected = LabelSamples(), StepSamples(), ExpectedLossSamples()
    for sample in samples:
        if sample.name == PROCESS_START:
            started = sample.value
        elif sample.labels.get("model") == model and not _take_other(sample, labels, steps, expected):
            _take(sample, counts[sample.labels.get("revision", ""), sample.labels.get("profile", "")])
    if started is None or not math.isfinite(started):
        raise MalformedMetricsError(f"{PROCESS_START} is missing")
    return ServerCounters(
        started, dict(counts), labels.by_revision(), steps.by_revision(), expected.by_revision()
    )


def read_samples(lines: TextIO) -> Iterator[Sample]:
    """Yield the samples of the Prometheus text format.

    Raises:
        MalformedMetricsError: not the text format.
    """
    try:
        for family in text_fd_to_metric_families(lines):
            yield from family.samples
    except (ValueError, KeyError, IndexError) as error:  # what the parser is known to raise
        raise MalformedMetricsError(f"not the Prometheus text format: {str(error)[:200]}") from error


def _take_other(sample: Sample, *others: LabelSamples | StepSamples | ExpectedLossSamples) -> bool:
    try:
        return any(each.take(sample) for each in others)
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
