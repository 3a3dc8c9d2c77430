"""A server's processes are shown as one: what the Prometheus client says of each, put together."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from prometheus_client import ProcessCollector
from prometheus_client.parser import text_string_to_metric_families

from holdfast_serving.telemetry.metric_memory import MetricMemory
from holdfast_serving.telemetry.metric_store import MetricStore
from holdfast_serving.telemetry.process_metrics import ProcessMetrics

START = "process_start_time_seconds"


def shown(memory: MetricMemory, supervisor: int | None) -> dict[str, float]:
    store = MetricStore(memory)
    ProcessMetrics(memory, supervisor).declare(store)
    families = text_string_to_metric_families(store.render().decode())
    return {sample.name: sample.value for family in families for sample in family.samples}


def expected(pid: int) -> dict[str, float]:
    families = ProcessCollector(pid=lambda: pid, registry=None).collect()
    return {sample.name: sample.value for family in families for sample in family.samples}


@contextmanager
def sleeping_process() -> Iterator[int]:
    program = "import sys; sys.stdout.write('up'); sys.stdout.flush(); sys.stdin.read()"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.read(2)
        try:
            yield process.pid
        finally:
            process.kill()


def test_single_process_shows_what_the_client_library_shows() -> None:
    found, library = shown(MetricMemory.alone(), None), expected(os.getpid())
    assert found.keys() == library.keys() | {"holdfast_workers"}
    for name in (START, "process_max_fds"):
        assert found[name] == library[name]
    for name in (
        "process_cpu_seconds_total",
        "process_resident_memory_bytes",
        "process_virtual_memory_bytes",
    ):
        assert found[name] == pytest.approx(library[name], rel=0.1)


def test_workers_and_their_supervisor_are_one_process() -> None:
    memory, descriptor = MetricMemory.create(3)
    with sleeping_process() as supervisor, sleeping_process() as worker:
        memory.words[memory.slots[0]] = worker
        memory.words[memory.slots[2]] = os.getpid()
        found = shown(memory, supervisor)
        assert found[START] == expected(supervisor)[START]
        assert found["holdfast_workers"] == 2
        assert found["process_open_fds"] == max(
            expected(pid)["process_open_fds"] for pid in (worker, os.getpid())
        )
        memory.words[memory.slots[2]] = 0
        for name in ("process_cpu_seconds_total", "process_resident_memory_bytes"):
            # What sleeps uses no more in between.
            assert shown(memory, supervisor)[name] == expected(supervisor)[name] + expected(worker)[name]
    os.close(descriptor)


def test_time_of_workers_that_have_ended_is_kept() -> None:
    memory, descriptor = MetricMemory.create(1)
    before = shown(memory, os.getpid())["process_cpu_seconds_total"]
    subprocess.run([sys.executable, "-c", "sum(range(3_000_000))"], check=True)
    assert shown(memory, os.getpid())["process_cpu_seconds_total"] > before
    os.close(descriptor)


def test_worker_that_ends_during_a_scrape_does_not_break_it() -> None:
    memory, descriptor = MetricMemory.create(1)
    memory.words[memory.slots[0]] = 2**22 + 1  # above any process id
    found = shown(memory, os.getpid())
    assert found["process_open_fds"] == 0
    os.close(descriptor)
