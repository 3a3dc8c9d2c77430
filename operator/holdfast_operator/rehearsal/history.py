"""What servers have counted, as Prometheus recorded it: a dump in text format, or an answer of its API."""

import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Final

from prometheus_client.samples import Sample

from holdfast_operator.cluster.exposition import (
    PROCESS_START,
    MalformedMetricsError,
    ServerCounters,
    collect_counters,
    read_samples,
)
from holdfast_operator.cluster.prometheus_answer import read_answer, target_of

MAX_BYTES: Final = 2**30
"""Of a file; a month at one sample a minute of 30 features and one server is about 0.5 GB."""
_END_OF_OPENMETRICS: Final = b"# EOF"


class HistoryError(ValueError):
    """The recorded metrics cannot be replayed; the message says why, and what to do."""


@dataclass(frozen=True)
class Scrape:
    """What one server had counted."""

    target: str
    """Its pod or instance, as Prometheus calls it."""
    counters: ServerCounters


@dataclass(frozen=True)
class History:
    """Scrapes by time."""

    moments: tuple[tuple[datetime, tuple[Scrape, ...]], ...]
    """In order of time; at least one."""

    @property
    def start(self) -> datetime:
        """When the first scrape was."""
        return self.moments[0][0]

    @property
    def end(self) -> datetime:
        """When the last scrape was."""
        return self.moments[-1][0]

    @property
    def spacing_seconds(self) -> float:
        """The usual time between two scrapes: half of them are at most so far apart."""
        times = [moment.timestamp() for moment, _ in self.moments]
        gaps = sorted(later - earlier for earlier, later in itertools.pairwise(times))
        return gaps[len(gaps) // 2] if gaps else 0.0

    @property
    def profiles(self) -> set[str]:
        """The hashes of the profiles that were counted by."""
        return {
            profile
            for _, scrapes in self.moments
            for scrape in scrapes
            for _, profile in scrape.counters.by_profile
            if profile
        }


def read_history(path: Path, model: str) -> History:
    """Return what the servers of MODEL had counted.

    A file that begins with "{" is an answer of `/api/v1/query_range`; another is in text format with a time
    on every line: milliseconds, or seconds if its last line is "# EOF" (OpenMetrics, as of
    `promtool tsdb dump-openmetrics`).

    Raises:
        HistoryError: it cannot be read, is malformed, or has no counters of that model.
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise HistoryError(
                f"{path} is larger than {MAX_BYTES:,} bytes: record fewer points, or a shorter time"
            )
        by_moment = _group(_read(path), model)
        moments = [(moment, _scrapes(found, model)) for moment, found in sorted(by_moment.items())]
    except OSError as error:
        raise HistoryError(f"cannot read {path}: {error.strerror}") from error
    except (MalformedMetricsError, UnicodeDecodeError) as error:
        raise HistoryError(f"{path}: {error}") from error
    known = tuple((moment, scrapes) for moment, scrapes in moments if scrapes)
    if not known:
        raise HistoryError(
            f"{path} has no counters of {model}: record the metrics holdfast_rows_total, "
            "holdfast_distribution_rows_total and holdfast_anomalous_rows_total of its servers"
        )
    return History(known)


def _read(path: Path) -> Iterator[Sample]:
    content = path.read_bytes()
    if content.lstrip()[:1] == b"{":
        yield from read_answer(content)
        return
    # The parser takes all times for milliseconds.
    scale = 1000.0 if content.rstrip().endswith(_END_OF_OPENMETRICS) else 1.0
    shared: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}
    for sample in read_samples(StringIO(content.decode())):
        labels = shared.setdefault(tuple(sample.labels.items()), sample.labels)
        time = None if sample.timestamp is None else float(sample.timestamp) * scale
        yield Sample(sample.name, labels, sample.value, time)


def _group(samples: Iterable[Sample], model: str) -> dict[datetime, dict[str, list[Sample]]]:
    found: defaultdict[datetime, defaultdict[str, list[Sample]]] = defaultdict(lambda: defaultdict(list))
    for sample in samples:
        if sample.timestamp is None:
            raise MalformedMetricsError(f"{sample.name} has no time: record it with times")
        if sample.name == PROCESS_START or sample.labels.get("model") == model:
            moment = datetime.fromtimestamp(float(sample.timestamp), UTC)
            found[moment][target_of(sample)].append(sample)
    return {moment: dict(targets) for moment, targets in found.items()}


def _scrapes(found: dict[str, list[Sample]], model: str) -> tuple[Scrape, ...]:
    scrapes = (Scrape(target, _counters(samples, model)) for target, samples in found.items())
    return tuple(scrape for scrape in scrapes if scrape.counters.by_profile)


def _counters(samples: list[Sample], model: str) -> ServerCounters:
    # Not everyone records it. A process of unknown age counts from its first scrape on.
    if all(sample.name != PROCESS_START for sample in samples):
        samples = [*samples, Sample(PROCESS_START, {}, 0.0)]
    return collect_counters(samples, model)
