"""Metrics of all workers of a pod, counted in shared memory and rendered as those of one process.

What was counted stays when a worker dies, and its successor counts on, so totals only grow. Every metric is
declared before serving starts, in the same order in every worker. Texts are prepared then: a scrape costs a
join, and asks no other worker.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from holdfast.metrics import Metric
from holdfast_serving.telemetry.instruments import Counter, CounterGroup, Gauge, Histogram, Merge
from holdfast_serving.telemetry.metric_memory import MetricMemory

Labels: TypeAlias = Mapping[str, str]
_Scrape: TypeAlias = "dict[CounterGroup, NDArray[np.int64]]"
"""What one scrape has read of each group: its metrics show the same moment."""
_Samples: TypeAlias = Callable[[_Scrape], str]

HISTOGRAM_SUFFIXES: Final = ("_bucket", "_count", "_sum")


class MetricStore:
    """Declares metrics and renders them."""

    def __init__(self, memory: MetricMemory | None = None) -> None:
        """Keep the metrics in shared MEMORY, or in some of this process's own."""
        self.memory: Final = memory or MetricMemory.alone()
        self._families: dict[str, _Family] = {}

    def counter(self, metric: Metric, labels: Labels) -> Counter:
        """Declare a counter.

        Raises:
            RuntimeError: a worker before this one had other metrics, or there are too many.
        """
        prefix = sample_prefix(metric.name, metric, labels)
        counter = Counter(self.memory.claim(prefix, 1))
        self._add(metric, lambda _: f"{prefix} {counter.value()}\n")
        return counter

    def gauge(self, metric: Metric, labels: Labels, merge: Merge = "sum") -> Gauge:
        """Declare a gauge, which is the sum or the largest of the running workers' values.

        Raises:
            RuntimeError: as ``counter``.
        """
        prefix = sample_prefix(metric.name, metric, labels)
        gauge = Gauge(self.memory.claim(prefix, 1), merge)
        self._add(metric, lambda _: f"{prefix} {gauge.value()!r}\n")
        return gauge

    def histogram(self, metric: Metric, labels: Labels, bounds: Sequence[float]) -> Histogram:
        """Declare a histogram with ascending upper bounds; the last bucket, +Inf, is not among them.

        Raises:
            RuntimeError: as ``counter``.
        """
        prefixes = _bucket_prefixes(metric, labels, bounds)
        histogram = Histogram(self.memory.claim("".join(prefixes), 2 + len(bounds)), bounds)
        self._add(metric, lambda _: _histogram_text(prefixes, histogram))
        return histogram

    def counters(self, metric: Metric, labels: Iterable[Labels]) -> CounterGroup:
        """Declare counters of one metric that grow together.

        Raises:
            RuntimeError: as ``counter``.
        """
        return self.counter_group([(metric, labels)])

    def counter_group(self, parts: Iterable[tuple[Metric, Iterable[Labels]]]) -> CounterGroup:
        """Declare counters of several metrics that grow together.

        Raises:
            RuntimeError: as ``counter``.
        """
        prefixes = [(metric, _prefixes(metric, labels)) for metric, labels in parts]
        size = sum(len(each) for _, each in prefixes)
        identity = "".join(prefix for _, each in prefixes for prefix in each)
        group = CounterGroup(self.memory.claim(identity, CounterGroup.words(size)), size)
        start = 0
        for metric, each in prefixes:
            self._add(metric, _GroupSamples(group, each, start))
            start += len(each)
        return group

    def reading(self, metric: Metric, labels: Labels, read: Callable[[], float]) -> None:
        """Add a value that is read when it is asked for, and means all workers."""
        prefix = sample_prefix(metric.name, metric, labels)
        self._add(metric, lambda _: f"{prefix} {read()!r}\n")

    def collect(self, metric: Metric, samples: Callable[[], str]) -> None:
        """Render what ``samples`` returns, lines of the metric that are counted in ``memory`` by others."""
        self._add(metric, lambda _: samples())

    def render(self, names: Iterable[str] = ()) -> bytes:
        """Return Prometheus text (0.0.4) of the metrics, or of those with one of ``names`` if any are given.

        A histogram goes by its own name and by those of its samples.
        """
        wanted = frozenset(names)
        scrape: _Scrape = {}
        families = list(self._families.values())
        return "".join(
            [family.text(scrape) for family in families if not wanted or family.names & wanted]
        ).encode()

    def _add(self, metric: Metric, samples: _Samples) -> None:
        self._families.setdefault(metric.name, _Family(metric)).samples.append(samples)


class _Family:
    """All samples of one metric, under its help and type."""

    def __init__(self, metric: Metric) -> None:
        self.names = {metric.name}
        if metric.kind == "histogram":
            self.names |= {f"{metric.name}{suffix}" for suffix in HISTOGRAM_SUFFIXES}
        self.samples: list[_Samples] = []
        self._head = f"# HELP {metric.name} {metric.help}\n# TYPE {metric.name} {metric.kind}\n"

    def text(self, scrape: _Scrape) -> str:
        return self._head + "".join([samples(scrape) for samples in self.samples])


class _GroupSamples:
    """One metric's samples of a group."""

    def __init__(self, group: CounterGroup, prefixes: Sequence[str], start: int) -> None:
        self._group = group
        self._prefixes = prefixes
        self._range = slice(start, start + len(prefixes))

    def __call__(self, scrape: _Scrape) -> str:
        if self._group not in scrape:
            scrape[self._group] = self._group.value()
        values = scrape[self._group][self._range].tolist()
        return "".join([f"{prefix} {value}\n" for prefix, value in zip(self._prefixes, values, strict=True)])


def sample_prefix(name: str, metric: Metric, labels: Labels, extra: str = "") -> str:
    """Return a sample's text up to its value.

    Raises:
        ValueError: the labels are not those of the metric's definition.
    """
    if set(labels) != set(metric.labels):
        raise ValueError(f"{metric.name} has the labels {metric.labels}, not {tuple(labels)}")
    pairs = [f'{each}="{_escaped(labels[each])}"' for each in metric.labels]
    text = ",".join([*pairs, extra] if extra else pairs)
    return f"{name}{{{text}}}" if text else name


def _prefixes(metric: Metric, labels: Iterable[Labels]) -> list[str]:
    return [sample_prefix(metric.name, metric, each) for each in labels]


def _bucket_prefixes(metric: Metric, labels: Labels, bounds: Sequence[float]) -> list[str]:
    """Return the prefixes of the buckets, the count and the sum."""
    edges = [*(repr(float(bound)) for bound in bounds), "+Inf"]
    buckets = [sample_prefix(f"{metric.name}_bucket", metric, labels, f'le="{edge}"') for edge in edges]
    return [*buckets, *(sample_prefix(f"{metric.name}_{each}", metric, labels) for each in ("count", "sum"))]


def _histogram_text(prefixes: Sequence[str], histogram: Histogram) -> str:
    counts, total = histogram.value()
    values = [*counts, counts[-1], repr(float(total))]
    return "".join([f"{prefix} {value}\n" for prefix, value in zip(prefixes, values, strict=True)])


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
