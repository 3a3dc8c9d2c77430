"""Metrics in shared memory: many workers are counted as one, and no death loses or doubles anything."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from holdfast.metrics import Metric
from holdfast_serving.telemetry import metric_memory
from holdfast_serving.telemetry.instruments import Merge
from holdfast_serving.telemetry.metric_memory import MetricMemory
from holdfast_serving.telemetry.metric_store import MetricStore
from tests.unit.serving.telemetry.counting_worker import BINS, ROWS, bins

EVENTS = Metric("events_total", "counter", ("code",), "Events.")
SECONDS = Metric("seconds", "histogram", ("model",), "Times.")
LEVEL = Metric("level", "gauge", (), "A level.")
BOUNDS = (0.5, 1, 10)
MODEL = {"model": "m"}
Event = tuple[int, str, int]


class Workers:
    """Shared memory, and the stores that the workers of its slots would have."""

    def __init__(self, count: int) -> None:
        self.supervisor, self.descriptor = MetricMemory.create(count)

    def store(self, slot: int) -> MetricStore:
        return MetricStore(MetricMemory.open(self.descriptor, slot))

    def process(self, slot: int, how: str) -> "subprocess.Popen[bytes]":
        program = ["-m", "tests.unit.serving.telemetry.counting_worker", str(self.descriptor), str(slot), how]
        return subprocess.Popen([sys.executable, *program], pass_fds=[self.descriptor])

    def close(self) -> None:
        os.close(self.descriptor)


@pytest.fixture
def pair() -> Iterator[Workers]:
    with closing(Workers(2)) as workers:
        yield workers


def samples(store: MetricStore, *names: str) -> dict[str, float]:
    return {
        sample.name + "".join(f" {label}={value}" for label, value in sample.labels.items()): sample.value
        for family in text_string_to_metric_families(store.render(names).decode())
        for sample in family.samples
    }


def served(events: list[Event], workers: int) -> list[dict[str, float]]:
    """Return what a scrape of each worker shows once they have counted the events between them."""
    with closing(Workers(workers)) as shared:
        stores = [shared.store(slot) for slot in range(workers)]
        counters = [{code: store.counter(EVENTS, {"code": code}) for code in ("a", "b")} for store in stores]
        times = [store.histogram(SECONDS, MODEL, BOUNDS) for store in stores]
        groups = [bins(store) for store in stores]
        for number, code, quarters in events:
            slot = number % workers
            counters[slot][code].add(number)
            times[slot].observe(quarters / 4)
            groups[slot].add([1], np.eye(3, dtype=np.int64)[number % 3])
        return [samples(store) for store in stores]


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab"), st.integers(0, 100)), max_size=40),
    st.integers(2, 5),
)
def test_what_many_workers_count_is_what_one_would_have_counted(events: list[Event], workers: int) -> None:
    assert served(events, workers) == workers * served(events, 1)


def test_histogram_counts_a_bound_with_what_is_below_it() -> None:
    store = MetricStore()
    histogram = store.histogram(SECONDS, MODEL, BOUNDS)
    for seconds in (0.5, 0.25, 1, 10, 11):
        histogram.observe(seconds)
    assert samples(store) == {
        "seconds_bucket model=m le=0.5": 2,
        "seconds_bucket model=m le=1.0": 3,
        "seconds_bucket model=m le=10.0": 4,
        "seconds_bucket model=m le=+Inf": 5,
        "seconds_count model=m": 5,
        "seconds_sum model=m": 22.75,
    }


@pytest.mark.parametrize("name", ["seconds", "seconds_sum", "seconds_bucket"])
def test_only_what_is_asked_for_is_rendered(name: str) -> None:
    store = MetricStore()
    store.counter(EVENTS, {"code": "a"})
    store.histogram(SECONDS, MODEL, BOUNDS)
    assert {each.split()[0] for each in samples(store, name)} == {
        "seconds_bucket",
        "seconds_count",
        "seconds_sum",
    }


def test_every_metric_has_its_help_and_type_once() -> None:
    store = MetricStore()
    store.counter(EVENTS, {"code": "a"})
    store.gauge(LEVEL, {})
    store.counter(EVENTS, {"code": "b"})
    assert store.render().decode() == (
        "# HELP events_total Events.\n# TYPE events_total counter\n"
        'events_total{code="a"} 0\nevents_total{code="b"} 0\n'
        "# HELP level A level.\n# TYPE level gauge\nlevel 0.0\n"
    )


def test_labels_are_escaped_as_the_format_wants() -> None:
    store = MetricStore()
    store.counter(EVENTS, {"code": 'a "b"\\\n'})
    assert samples(store) == {'events_total code=a "b"\\\n': 0}


def test_labels_other_than_defined_are_refused() -> None:
    with pytest.raises(ValueError, match="events_total has the labels"):
        MetricStore().counter(EVENTS, {"kind": "a"})


@pytest.mark.parametrize(("merge", "merged"), [("sum", 5), ("max", 3)])
def test_gauge_is_that_of_the_workers_that_run(pair: Workers, merge: Merge, merged: float) -> None:
    first, second = pair.store(0), pair.store(1)
    first.gauge(LEVEL, {}, merge).set(2)
    second.gauge(LEVEL, {}, merge).set(3)
    assert samples(first) == samples(second) == {"level": merged}
    pair.supervisor.vacate(1)
    assert samples(first) == {"level": 2}
    second = pair.store(1)
    second.gauge(LEVEL, {}, merge)
    assert samples(second) == {"level": 2}


def test_counts_of_a_dead_worker_stay_and_its_successor_counts_on(pair: Workers) -> None:
    for slot in (0, 1):
        store = pair.store(slot)
        store.counter(EVENTS, {"code": "a"}).add(2)
        bins(store).add([3], [1, 1, 1])
    pair.supervisor.vacate(1)
    assert samples(store)["events_total code=a"] == 4
    successor = pair.store(1)
    successor.counter(EVENTS, {"code": "a"}).add()
    bins(successor).add([1], [0, 0, 1])
    assert samples(store) == samples(successor)
    assert samples(store)["events_total code=a"] == 5
    assert samples(store)["bins_total bin=2"] == 3


def test_worker_with_other_metrics_than_its_predecessor_does_not_start(pair: Workers) -> None:
    pair.store(0).counter(EVENTS, {"code": "a"})
    with pytest.raises(RuntimeError, match="had other metrics"):
        pair.store(0).counter(EVENTS, {"code": "b"})


def test_more_metrics_than_there_is_room_for_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric_memory, "SLOT_WORDS", 16)
    with pytest.raises(RuntimeError, match="more metrics"):
        MetricStore().counters(EVENTS, [{"code": str(code)} for code in range(16)])


def test_addition_that_its_process_did_not_live_to_finish_has_never_happened(pair: Workers) -> None:
    store = pair.store(0)
    bins(store).add([1], [1, 0, 0])
    before = samples(store)
    assert pair.process(0, "interrupted").wait() == 9
    assert samples(store) == before
    bins(pair.store(0)).add([1], [0, 0, 1])
    assert samples(store)[ROWS.name] == 2
    assert samples(store)[f"{BINS.name} bin=0"] == 1


def test_scrapes_of_a_counting_process_and_its_death_show_only_whole_additions(pair: Workers) -> None:
    store = pair.store(0)
    group = bins(store)
    process = pair.process(1, "endless")
    try:
        seen = [group.value().tolist()]
        while seen[-1][0] < 2000 and process.poll() is None:
            seen.append(group.value().tolist())
    finally:
        process.kill()
        process.wait()
    seen.append(group.value().tolist())
    assert seen[-1][0] >= 2000
    assert all(rows == sum(counts) for rows, *counts in seen)
    assert seen == sorted(seen)
