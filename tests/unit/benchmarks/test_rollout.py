"""The load of the rollout benchmark: what it counts as answered and what as failed."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import cast

import pytest

from tests.benchmarks.rollout.__main__ import MODEL, Rollouts, http_requests, options_of
from tests.benchmarks.rollout.load import PacedLoad
from tests.integration.serving.server_process import free_port

Answer = Callable[[int], bytes]
GOOD = b"HTTP/1.1 200 OK\r\nHoldfast-Revision: r1\r\nContent-Length: 2\r\n"


class Handler(socketserver.BaseRequestHandler):
    """Gives the server's answer to each request; an empty one, or one that says so, closes the connection."""

    def handle(self) -> None:
        self.request.settimeout(20)
        server = cast(Server, self.server)
        while self.request.recv(1000):
            content = server.answer(next(server.numbers))
            self.request.sendall(content)
            if not content or b"close" in content:
                break


class Server(socketserver.ThreadingTCPServer):
    """A server that gives ``answer`` to the nth request."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.answer = answer
        self.numbers = iter(range(10**9))


@contextmanager
def answering(answer: Answer) -> Iterator[str]:
    with Server(answer) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def loaded(url: str, requests: int, connections: int = 4) -> PacedLoad:
    with PacedLoad(url, [b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"], connections, 1e6) as load:
        while load.sent < requests:
            threading.Event().wait(0.001)
    return load


def test_whole_answers_are_counted_by_revision() -> None:
    with answering(lambda _: GOOD + b"\r\n{}") as url:
        load = loaded(url, 300)
    assert load.counts.failed == 0
    assert set(load.counts.answers) == {"r1"}
    assert load.counts.answers["r1"] == len(load.counts.seconds) >= 300
    assert load.counts.connections > 4, "every other connection lives shortly"


def test_a_connection_that_the_server_announces_to_close_is_no_failure() -> None:
    with answering(lambda _: GOOD + b"Connection: close\r\n\r\n{}") as url:
        load = loaded(url, 20)
    assert load.counts.failed == 0
    assert load.counts.connections >= 20


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        pytest.param(b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "status 503", id="status"),
        pytest.param(b"", "ended before its answer", id="nothing"),
        pytest.param(GOOD + b"X: close\r\n\r\n{", "ended before its answer", id="half"),
        pytest.param(b"SMTP close\r\n\r\n", "not HTTP", id="not-http"),
    ],
)
def test_anything_else_is_a_failure(answer: bytes, reason: str) -> None:
    with answering(lambda number: answer if number == 1 else GOOD + b"\r\n{}") as url:
        load = loaded(url, 50)
    assert load.counts.failed == 1
    assert reason in load.counts.failures[0]


def test_a_refused_connection_is_a_failure() -> None:
    load = loaded(f"http://127.0.0.1:{free_port()}", 1, connections=1)
    assert load.counts.failed >= 1
    assert "Connect" in load.counts.failures[0]


def test_the_requests_are_those_of_the_data_set() -> None:
    requests = http_requests("host")
    assert all(each.startswith(b"POST /v2/models/" + MODEL.encode()) for each in requests)
    assert len(requests) > 50


def test_the_report_has_rate_rollouts_and_failures() -> None:
    load = PacedLoad("http://a", [b""], 1, 1)
    load.counts.seconds.extend([0.001] * 99)
    load.counts.answers["r1"] = 99
    load.counts.fail("status 500")
    text = Rollouts(load, ["r1", "r2"], 2.0).report()
    for expected in (
        "100 requests over 1 rollouts in 2 s (50/s)",
        "99 answered by r1",
        "1 failed",
        "status 500",
    ):
        assert expected in text
    assert options_of([]).requests == 1_000_000
