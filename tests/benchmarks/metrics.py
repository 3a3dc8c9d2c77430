"""What a scrape and a count cost: two workers, 30 features of 20 bins, beside the Prometheus client library.

``python -m tests.benchmarks.metrics`` prints the best of several times, and whether targets are met.
"""

import os
import sys
import timeit
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from holdfast.metrics import ANOMALOUS_ROWS, DISTRIBUTION_ROWS, ROWS
from holdfast_serving.telemetry.instruments import CounterGroup
from holdfast_serving.telemetry.metric_memory import MetricMemory
from holdfast_serving.telemetry.metric_store import MetricStore
from holdfast_serving.telemetry.process_metrics import ProcessMetrics
from holdfast_serving.telemetry.request_metrics import LATENCY_BUCKETS, Telemetry

FEATURES, BINS, WORKERS = 30, 20, 2
ANOMALIES = ("missing", "below", "above", "far")
LABELS = {"model": "credit", "revision": "credit-12"}
DRIFT = {**LABELS, "profile": "0123456789abcdef"}
RENDER_MICROSECONDS = 1000
MAX_BYTES = 50_000


def features() -> Iterator[Mapping[str, str]]:
    """Yield the labels of each feature."""
    for index in range(FEATURES):
        yield {**DRIFT, "kind": "feature", "name": f"feature{index}"}


def feature_counters(store: MetricStore) -> CounterGroup:
    """Declare rows, bins and anomalies of all features."""
    bins = [{**each, "bin": str(index)} for each in features() for index in range(BINS)]
    anomalies = [{**each, "anomaly": anomaly} for each in features() for anomaly in ANOMALIES]
    return store.counter_group([(ROWS, [DRIFT]), (DISTRIBUTION_ROWS, bins), (ANOMALOUS_ROWS, anomalies)])


def library() -> tuple[CollectorRegistry, Counter, Histogram]:
    """Return the same metrics as the Prometheus client keeps them, of one process."""
    registry = CollectorRegistry()
    bins = Counter("bins", "", ["kind", "name", "bin", *DRIFT], registry=registry)
    for each in features():
        for index in range(BINS):
            bins.labels(bin=str(index), **each).inc()
    requests = Counter("requests", "", registry=registry)
    return registry, requests, Histogram("seconds", "", buckets=LATENCY_BUCKETS, registry=registry)


@contextmanager
def worker_telemetry() -> Iterator[tuple[Telemetry, CounterGroup]]:
    """Give one of several workers that have all counted something."""
    supervisor, descriptor = MetricMemory.create(WORKERS)
    for number in range(WORKERS):
        memory = MetricMemory.open(descriptor, number)
        telemetry = Telemetry(**LABELS, store=MetricStore(memory))
        ProcessMetrics(memory, os.getppid()).declare(telemetry.store)
        group = feature_counters(telemetry.store)
        group.add([5 * 10**6], np.full(FEATURES * BINS, 250_000), np.zeros(FEATURES * len(ANOMALIES), int))
    yield telemetry, group
    del supervisor
    os.close(descriptor)


def microseconds(work: Callable[[], object], number: int) -> float:
    """Return the time of a call, the best of seven series."""
    return min(timeit.repeat(work, number=number, repeat=7)) / number * 1e6


def say(line: str) -> None:
    """Print a line."""
    sys.stdout.write(f"{line}\n")


def report(what: str, ours: float, theirs: float | None = None) -> None:
    """Print a line of the table."""
    beside = "" if theirs is None else f"   prometheus_client {theirs:8.2f}"
    say(f"{what:42}{ours:10.2f} us{beside}")


def main() -> None:
    """Measure and print."""
    registry, requests, seconds = library()
    with worker_telemetry() as (telemetry, group):
        counts = [1], np.ones(FEATURES * BINS, np.int64), np.zeros(FEATURES * len(ANOMALIES), np.int64)
        drift = [metric.name for metric in (ROWS, DISTRIBUTION_ROWS, ANOMALOUS_ROWS)]
        counter = telemetry._by_status[200]
        report("count an event", microseconds(counter.add, 20_000), microseconds(requests.inc, 20_000))
        observe = microseconds(lambda: telemetry.count_inference(0.003), 20_000)
        report("observe a time", observe, microseconds(lambda: seconds.observe(0.003), 20_000))
        report("publish a block of all features", microseconds(lambda: group.add(*counts), 2000))
        render = microseconds(telemetry.render, 200)
        report(f"render all, {WORKERS} workers", render, microseconds(lambda: generate_latest(registry), 10))
        report("render what the operator asks for", microseconds(lambda: telemetry.render(drift), 200))
        met = "met" if render <= RENDER_MICROSECONDS else "missed"
        say(f"target: /metrics <= {RENDER_MICROSECONDS} us of loop time: {met}")
        size = len(telemetry.render())
        say(f"target: /metrics <= {MAX_BYTES} bytes: {size}, {'met' if size <= MAX_BYTES else 'missed'}")


if __name__ == "__main__":
    main()
