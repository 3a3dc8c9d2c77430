"""What a supervisor does when a worker ends: when, how often, and with which status it gives up."""

import logging
import signal
import subprocess
from typing import Any

import pytest

from holdfast.settings import ServerSettings
from holdfast_serving.process import supervisor
from holdfast_serving.process.crew import Crew, WorkerState
from holdfast_serving.process.supervisor import SETTLED_SECONDS, Supervisor
from holdfast_serving.telemetry.metric_memory import MetricMemory


class FakeProcess:
    """A worker that ends when the test says so."""

    def __init__(self, *_: Any, **__: Any) -> None:
        self.code: int | None = None
        self.terminations = 0

    def poll(self) -> int | None:
        return self.code

    def terminate(self) -> None:
        self.terminations += 1


class Pod:
    """A supervisor of two fake workers and a clock."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.time = 1000.0
        self.started: list[FakeProcess] = []
        monkeypatch.setattr(subprocess, "Popen", self._start)
        monkeypatch.setattr(supervisor, "listen", lambda _port: _Listener())
        settings = ServerSettings(model_name="m", model_revision="r", workers=2)
        self.supervisor = Supervisor(settings, lambda: self.time)
        self.first, self.second = self.supervisor._places
        for place in self.supervisor._places:
            self.supervisor._start(place)

    def _start(self, *arguments: Any, **options: Any) -> FakeProcess:
        self.started.append(FakeProcess(*arguments, **options))
        return self.started[-1]

    def become_ready(self, number: int) -> None:
        Crew(MetricMemory.open(self.first.seat.memory, number)).tell(WorkerState.READY)

    def end(self, place: Any, code: int) -> None:
        place.process.code = code
        self.supervisor._on_signal(signal.SIGCHLD)

    def pause(self) -> float:
        """Return how long it is until the first worker's successor starts."""
        assert self.first.due is not None
        return self.first.due - self.time

    def pass_time(self, seconds: float) -> None:
        self.time += seconds
        self.supervisor._start_what_is_due()


class _Listener:
    def fileno(self) -> int:
        return 0

    def close(self) -> None:
        pass


@pytest.fixture
def pod(monkeypatch: pytest.MonkeyPatch) -> Pod:
    return Pod(monkeypatch)


@pytest.mark.parametrize(("code", "status"), [(20, 20), (21, 21), (1, 1), (0, 1), (-signal.SIGKILL, 1)])
def test_worker_that_ends_before_any_is_ready_ends_the_pod_with_its_status(
    pod: Pod, code: int, status: int
) -> None:
    pod.end(pod.first, code)
    assert [process.terminations for process in pod.started] == [0, 1]
    pod.end(pod.second, 0)
    assert pod.supervisor._exit_code == status


def test_worker_that_dies_is_replaced_at_once(pod: Pod, caplog: pytest.LogCaptureFixture) -> None:
    pod.become_ready(0)
    with caplog.at_level(logging.ERROR):
        pod.end(pod.first, -signal.SIGSEGV)
    assert caplog.messages == ["worker 0 ended (Segmentation fault); another starts in 0.0 s"]
    pod.pass_time(0)
    assert len(pod.started) == 3


def test_worker_that_cannot_load_beside_a_ready_one_is_tried_again(pod: Pod) -> None:
    pod.become_ready(1)
    pod.end(pod.first, 20)
    pod.pass_time(0)
    assert len(pod.started) == 3


def test_worker_that_dies_again_and_again_is_given_more_and_more_time(pod: Pod) -> None:
    pod.become_ready(1)
    pauses = []
    for _ in range(10):
        pod.end(pod.first, 1)
        pauses.append(pod.pause())
        pod.pass_time(pauses[-1])
    assert pauses == [0, 0.5, 1, 2, 4, 8, 16, 30, 30, 30]
    pod.pass_time(SETTLED_SECONDS + 1)
    pod.end(pod.first, 1)
    assert pod.pause() == 0


def test_signal_is_passed_on_each_time_and_nothing_is_started_any_more(pod: Pod) -> None:
    pod.become_ready(0)
    pod.become_ready(1)
    pod.end(pod.first, 1)
    pod.supervisor._on_signal(signal.SIGTERM)
    pod.pass_time(60)
    pod.supervisor._on_signal(signal.SIGINT)
    assert [process.terminations for process in pod.started] == [0, 2]
    pod.end(pod.second, 0)
    assert pod.supervisor._exit_code == 0
