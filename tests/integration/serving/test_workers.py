"""Several workers are one server: one may die, and neither other clients nor the counts notice."""

import http.client
import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from holdfast.metrics import REQUEST_SECONDS, REQUESTS, ROWS, WORKERS
from holdfast.settings import ServerSettings
from tests.integration.serving.server_process import DEADLINE_SECONDS, ServerProcess, running_server
from tests.integration.serving.test_lifecycle import BODY, address, settings, wait_until
from tests.integration.serving.worker_processes import worker_of, workers
from tests.unit.serving.trained_models import wine_model

pytestmark = pytest.mark.integration

INFER = "/v2/models/wine/infer"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wine_model().package(tmp_path_factory.mktemp("package") / "wine").folder


@contextmanager
def two_workers(package: Path, log: Path, **changes: object) -> Iterator[ServerProcess]:
    wanted: ServerSettings = settings(package, workers=2).model_copy(update=changes)
    with running_server(wanted, log) as server:
        server.wait_until_ready()
        yield server


class Connection:
    """A kept connection and the worker at its other end."""

    def __init__(self, server: ServerProcess) -> None:
        self._http = http.client.HTTPConnection(address(server), timeout=DEADLINE_SECONDS)
        self.ask("GET", "/v2/health/live")
        self.worker = worker_of(server, self._http.sock.getsockname()[1])

    def ask(self, method: str, path: str, body: bytes | None = None) -> bytes:
        self._http.request(method, path, body)
        response = self._http.getresponse()
        content = response.read()
        if response.status != 200:
            raise AssertionError(f"status {response.status}: {content!r}")
        return content

    def close(self) -> None:
        self._http.close()


class SteadyClient(threading.Thread):
    """Asks on one connection until told to stop; after a failure on a new one."""

    def __init__(self, server: ServerProcess, connection: Connection, stop: threading.Event) -> None:
        super().__init__()
        self.answers = 0
        self.failures: list[str] = []
        self.first_worker = connection.worker
        self._server = server
        self._connection = connection
        self._stop_event = stop

    def run(self) -> None:
        while not self._stop_event.is_set():
            try:
                self._connection.ask("POST", INFER, BODY)
                self.answers += 1
            except (OSError, http.client.HTTPException, AssertionError) as error:
                self.failures.append(repr(error))
                self._connection.close()
                self._connection = Connection(self._server)
        self._connection.close()


@contextmanager
def connections_to_every_worker(server: ServerProcess, each: int) -> Iterator[list[Connection]]:
    """Connect until every worker has so many of the connections; close them at last."""
    found: dict[int, list[Connection]] = {pid: [] for pid in workers(server)}
    deadline = time.monotonic() + DEADLINE_SECONDS
    while any(len(connections) < each for connections in found.values()):
        assert time.monotonic() < deadline, "a worker takes no connections"
        connection = Connection(server)
        found.setdefault(connection.worker, []).append(connection)
    every = [connection for connections in found.values() for connection in connections]
    try:
        yield every
    finally:
        for connection in every:
            connection.close()


def counts(text: bytes) -> dict[str, float]:
    """Return what does not change by itself."""
    return {
        f"{sample.name} {sorted(sample.labels.items())}": sample.value
        for family in text_string_to_metric_families(text.decode())
        if not family.name.startswith("process_") or family.name == "process_start_time_seconds"
        for sample in family.samples
    }


def shown(connection: Connection) -> dict[str, float]:
    return counts(connection.ask("GET", "/metrics"))


def answered(server: ServerProcess) -> float:
    found = counts(httpx.get(f"{server.url}/metrics", params={"name[]": REQUESTS.name}).content)
    return sum(value for name, value in found.items() if "('code', '200')" in name)


def test_death_of_a_worker_is_noticed_on_its_own_connections_only(package: Path, tmp_path: Path) -> None:
    with (
        two_workers(package, tmp_path / "log") as server,
        connections_to_every_worker(server, each=2) as connections,
    ):
        stop = threading.Event()
        clients = [SteadyClient(server, connection, stop) for connection in connections]
        for client in clients:
            client.start()
        wait_until(lambda: all(client.answers > 20 for client in clients))
        before = workers(server)
        victim = clients[0].first_worker
        totals = [answered(server)]
        os.kill(victim, signal.SIGKILL)

        def replaced() -> bool:
            totals.append(answered(server))
            return len(workers(server) - before) == 1

        wait_until(replaced)
        with connections_to_every_worker(server, each=1) as later:
            for connection in later:
                connection.ask("GET", "/v2/health/ready")
        stop.set()
        for client in clients:
            client.join()
        totals.append(answered(server))
    lost = [client for client in clients if client.first_worker == victim]
    spared = [client for client in clients if client.first_worker != victim]
    assert [failure for client in spared for failure in client.failures] == []
    assert [len(client.failures) for client in lost] == [1] * len(lost)
    assert totals == sorted(totals)
    # What a worker has counted just before it died may not have reached its client.
    seen = sum(client.answers for client in clients)
    assert seen <= totals[-1] <= seen + len(lost)


def test_whichever_worker_is_asked_shows_the_same_counts(package: Path, tmp_path: Path) -> None:
    with (
        two_workers(package, tmp_path / "log", flush_block_rows=1) as server,
        connections_to_every_worker(server, each=1) as connections,
    ):
        for connection in connections:
            for _ in range(5):
                connection.ask("POST", INFER, BODY)
        asked = 5 * len(connections)
        wait_until(
            lambda: sum(v for k, v in shown(connections[0]).items() if k.startswith(ROWS.name)) == asked
        )
        first, second = (shown(connection) for connection in connections[:2])
        assert first == second
        assert first[f"{WORKERS.name} []"] == 2
        assert first[f"{REQUEST_SECONDS.name}_count [('model', 'wine'), ('revision', 'wine-1')]"] == asked


def test_workers_end_with_their_supervisor(package: Path, tmp_path: Path) -> None:
    with two_workers(package, tmp_path / "log") as server:
        pids = workers(server)
        server.process.kill()
        server.process.wait()
        wait_until(lambda: not any(Path(f"/proc/{pid}").exists() for pid in pids))


def test_pod_is_ready_when_both_workers_are(package: Path, tmp_path: Path) -> None:
    with two_workers(package, tmp_path / "log"):
        log = (tmp_path / "log").read_text()
    assert log.count('"message": "ready"') == 2


def test_worker_that_dies_while_it_drains_is_not_replaced(package: Path, tmp_path: Path) -> None:
    with two_workers(package, tmp_path / "log", drain_seconds=300.0) as server:
        victim, _ = workers(server)
        server.terminate()
        wait_until(lambda: httpx.get(f"{server.url}/v2/health/ready").status_code == 503)
        os.kill(victim, signal.SIGKILL)
        wait_until(lambda: len(workers(server)) == 1)
        server.terminate()
        assert server.exit_code() == 1
