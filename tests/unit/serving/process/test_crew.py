"""When a pod is ready, and which worker leaves a connection to another."""

import os
from collections.abc import Iterator, Sequence
from typing import cast

import pytest

from holdfast_serving.inference.data_plane import DataPlane
from holdfast_serving.process.crew import Crew, WorkerState
from holdfast_serving.process.lifecycle import Lifecycle
from holdfast_serving.telemetry.metric_memory import MetricMemory

ABSENT, OPEN, READY = WorkerState


@pytest.fixture
def memories() -> Iterator[list[MetricMemory]]:
    """The shared memory as seen by each of three workers."""
    supervisor, descriptor = MetricMemory.create(3)
    Crew(supervisor).expect_all()
    yield [MetricMemory.open(descriptor, number) for number in range(3)]
    os.close(descriptor)


@pytest.mark.parametrize(
    ("states", "ready"),
    [
        pytest.param([READY, READY, READY], True, id="all"),
        pytest.param([READY, OPEN, READY], False, id="one-takes-requests-that-it-cannot-answer"),
        pytest.param([READY, ABSENT, READY], True, id="one-died-or-takes-none-yet"),
        pytest.param([READY, ABSENT, ABSENT], True, id="one-is-left"),
    ],
)
def test_pod_is_ready_when_whoever_takes_requests_answers_them(
    memories: list[MetricMemory], states: Sequence[WorkerState], ready: bool
) -> None:
    crews = [Crew(memory) for memory in memories]
    for crew, state in zip(crews, states, strict=True):
        crew.tell(state)
    lifecycle = Lifecycle(crews[0])
    lifecycle.plane = cast(DataPlane, object())
    assert lifecycle.ready is ready
    lifecycle.draining = True
    assert not lifecycle.ready


def test_pod_is_not_ready_before_all_workers_have_been_at_its_start(memories: list[MetricMemory]) -> None:
    crews = [Crew(memory) for memory in memories]
    ready = []
    for crew in crews:
        crew.tell(READY)
        ready.append(crews[0].all_open_are_ready)
    assert ready == [False, False, True]


def test_dead_worker_is_not_counted_on(memories: list[MetricMemory]) -> None:
    crews = [Crew(memory) for memory in memories]
    crews[1].tell(READY)
    crews[1].tell_connections(7)
    before = crews[0].any_ready, crews[0].connections
    memories[0].vacate(1)
    assert before == (True, 7)
    assert (crews[0].any_ready, crews[0].connections) == (False, 0)


def test_connection_is_left_to_a_ready_worker_with_fewer(memories: list[MetricMemory]) -> None:
    crews = [Crew(memory) for memory in memories]
    crews[1].tell_connections(2)
    crews[2].tell_connections(0)
    crews[1].tell(READY)
    assert [crews[0].has_more_than_others(count) for count in (1, 2, 3)] == [False, False, True]
    crews[2].tell(READY)
    assert crews[0].has_more_than_others(1)


def test_lone_process_is_a_crew_of_its_own() -> None:
    lifecycle = Lifecycle()
    before = lifecycle.ready
    lifecycle.plane = cast(DataPlane, object())
    assert (before, lifecycle.ready) == (False, True)
