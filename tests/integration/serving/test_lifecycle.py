"""Start, drain and stop of a real server process: no client notices that a pod goes."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from holdfast.results import EXIT_MODEL_REFUSED
from holdfast.settings import ServerSettings
from tests.integration.serving.server_process import (
    DEADLINE_SECONDS,
    ServerProcess,
    free_port,
    running_server,
)
from tests.unit.serving import greedy_models
from tests.unit.serving.trained_models import wine_model

pytestmark = pytest.mark.integration

CLIENTS = 4
DRAIN_SECONDS = 3.0
BODY = json.dumps(
    {
        "inputs": [
            {
                "name": "X",
                "datatype": "FP32",
                "shape": [1, 13],
                "data": wine_model().rows["X"][0].tolist(),
            }
        ]
    }
).encode()


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wine_model().package(tmp_path_factory.mktemp("package") / "wine").folder


def settings(folder: Path, revision: str = "wine-1", workers: int = 1) -> ServerSettings:
    return ServerSettings(
        model_name="wine",
        model_revision=revision,
        model_dir=str(folder),
        port=free_port(),
        drain_seconds=DRAIN_SECONDS,
        workers=workers,
    )


class Client(threading.Thread):
    """Sends one request after the other on a connection that it keeps as long as the server lets it.

    A new connection goes where ``endpoint`` says at that moment. Nothing is tried twice.
    """

    def __init__(self, endpoint: Callable[[], str], stop: threading.Event) -> None:
        super().__init__()
        self.answers: list[str] = []
        self.failures: list[str] = []
        self._endpoint = endpoint
        self._stop_event = stop

    def run(self) -> None:
        connection: http.client.HTTPConnection | None = None
        while not self._stop_event.is_set():
            connection = connection or http.client.HTTPConnection(self._endpoint(), timeout=DEADLINE_SECONDS)
            try:
                kept = self._ask(connection)
            except (OSError, http.client.HTTPException) as error:
                self.failures.append(repr(error))
                kept = False
            if not kept:
                connection.close()
                connection = None
        if connection is not None:
            connection.close()

    def _ask(self, connection: http.client.HTTPConnection) -> bool:
        connection.request("POST", "/v2/models/wine/infer", BODY)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            self.failures.append(f"status {response.status}")
        self.answers.append(str(response.headers["holdfast-revision"]))
        return response.headers["connection"] != "close"


def address(server: ServerProcess) -> str:
    return server.url.removeprefix("http://")


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


def refuses_connections(server: ServerProcess) -> bool:
    host, port = address(server).split(":")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except ConnectionRefusedError:
        return True
    return False


@pytest.mark.parametrize("workers", [1, 2])
def test_pod_that_goes_fails_no_request(package: Path, tmp_path: Path, workers: int) -> None:
    """Clients keep connections; SIGTERM comes under load; the endpoint moves later, as in a cluster."""
    with (
        running_server(settings(package, "old", workers), tmp_path / "old.log") as old,
        running_server(settings(package, "new"), tmp_path / "new.log") as new,
    ):
        old.wait_until_ready()
        new.wait_until_ready()
        serving, stop = [old], threading.Event()
        clients = [Client(lambda: address(serving[0]), stop) for _ in range(CLIENTS)]
        for client in clients:
            client.start()
        wait_until(lambda: all(len(client.answers) > 50 for client in clients))
        old.terminate()
        wait_until(lambda: httpx.get(f"{old.url}/v2/health/ready").status_code == 503)
        answered = [len(client.answers) for client in clients]
        wait_until(lambda: all(len(c.answers) > n + 10 for c, n in zip(clients, answered, strict=True)))
        serving[0] = new
        assert old.exit_code() == 0
        wait_until(lambda: all(client.answers[-1] == "new" for client in clients))
        stop.set()
        for client in clients:
            client.join()
    assert [failure for client in clients for failure in client.failures] == []
    assert {answer for client in clients for answer in client.answers} == {"old", "new"}


def test_draining_server_says_so_and_still_answers_new_connections(package: Path, tmp_path: Path) -> None:
    with running_server(settings(package), tmp_path / "log") as server:
        server.wait_until_ready()
        server.terminate()
        wait_until(lambda: httpx.get(f"{server.url}/v2/health/ready").status_code == 503)
        ready = httpx.get(f"{server.url}/v2/models/wine/ready")
        answer = httpx.post(f"{server.url}/v2/models/wine/infer", content=BODY)
        assert httpx.get(f"{server.url}/v2/health/live").status_code == 200
        assert (ready.status_code, ready.json()) == (503, {"name": "wine", "ready": False})
        assert (answer.status_code, answer.headers["connection"]) == (200, "close")
        assert server.exit_code() == 0


def test_request_in_flight_when_the_drain_ends_is_still_answered(package: Path, tmp_path: Path) -> None:
    with running_server(settings(package), tmp_path / "log") as server:
        server.wait_until_ready()
        host, port = address(server).split(":")
        with socket.create_connection((host, int(port)), timeout=DEADLINE_SECONDS) as connection:
            head = f"POST /v2/models/wine/infer HTTP/1.1\r\nhost: x\r\ncontent-length: {len(BODY)}\r\n\r\n"
            connection.sendall(head.encode() + BODY[:10])
            server.terminate()
            wait_until(lambda: refuses_connections(server))
            connection.sendall(BODY[10:])
            response = http.client.HTTPResponse(connection)
            response.begin()
            assert response.status == 200
        assert server.exit_code() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_second_signal_ends_the_drain(package: Path, tmp_path: Path, workers: int) -> None:
    patient = settings(package, workers=workers).model_copy(update={"drain_seconds": 300.0})
    with running_server(patient, tmp_path / "log") as server:
        server.wait_until_ready()
        server.terminate()
        wait_until(lambda: httpx.get(f"{server.url}/v2/health/ready").status_code == 503)
        server.terminate()
        assert server.exit_code() == 0


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"not a model", "NotONNX", id="not-onnx"),
        pytest.param(None, "ModelNotFound", id="absent"),
    ],
)
@pytest.mark.parametrize("workers", [1, 2])
def test_model_that_cannot_be_loaded_ends_the_server_with_its_reason(
    tmp_path: Path, content: bytes | None, reason: str, workers: int
) -> None:
    folder = tmp_path / "package"
    folder.mkdir()
    if content is not None:
        (folder / "model.onnx").write_bytes(content)
    with running_server(settings(folder, workers=workers), tmp_path / "log") as server:
        assert server.exit_code() == (EXIT_MODEL_REFUSED if content else 21)
    assert reason in (tmp_path / "log").read_text()


def test_wrong_setting_is_named(package: Path, tmp_path: Path) -> None:
    wrong = settings(package).model_copy(update={"drain_seconds": -1.0, "port": 99999})
    with running_server(wrong, tmp_path / "log") as server:
        assert server.exit_code() == 2
    log = (tmp_path / "log").read_text()
    assert "HOLDFAST_PORT: " in log
    assert "HOLDFAST_DRAIN_SECONDS: " in log


@pytest.mark.parametrize("workers", [1, 2])
def test_taken_port_is_named(package: Path, tmp_path: Path, workers: int) -> None:
    wanted = settings(package, workers=workers)
    with (
        socket.create_server(("127.0.0.1", wanted.port)),
        running_server(wanted, tmp_path / "log") as server,
    ):
        assert server.exit_code() == 1
    assert "Address already in use" in (tmp_path / "log").read_text()


IN_A_POD = (
    "unshare",
    "--mount",
    "sh",
    "-ec",
    'mount --bind "$HOLDFAST_MODEL_DIR" /mnt\n'
    "mount -t tmpfs -o mode=1777 tmpfs /media\n"
    "mount -o remount,ro,bind /\n"
    "! touch /read-only 2>/dev/null\n"
    "export HOLDFAST_MODEL_DIR=/mnt HOME=/nonexistent TMPDIR=/media\n"
    'exec setpriv --reuid=54321 --regid=54321 --clear-groups --no-new-privs --bounding-set=-all "$@"',
    "sh",
)


@pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("unshare") or not shutil.which("setpriv"),
    reason="needs root, unshare and setpriv to set up what a pod under 'restricted' is given",
)
def test_any_user_on_a_read_only_root_file_system_can_serve(package: Path, tmp_path: Path) -> None:
    probe = [*IN_A_POD, sys.executable, "-c", "import holdfast_serving"]
    environment = {**os.environ, "HOLDFAST_MODEL_DIR": str(package)}
    if subprocess.run(probe, env=environment, capture_output=True, check=False).returncode != 0:
        pytest.skip("another user cannot read this checkout; the end-to-end tests do the same in a pod")
    with running_server(settings(package), tmp_path / "log", IN_A_POD) as server:
        server.wait_until_ready()
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        assert "Uid:\t54321\t54321\t54321\t54321" in status
        assert httpx.post(f"{server.url}/v2/models/wine/infer", content=BODY).status_code == 200
        server.terminate()
        assert server.exit_code() == 0


@pytest.mark.parametrize("workers", [1, 2])
def test_model_that_was_not_inspected_is_checked_first_if_asked_for(tmp_path: Path, workers: int) -> None:
    """A model that never answers would otherwise keep the process loading for ever."""
    (tmp_path / "model.onnx").write_bytes(greedy_models.endless_loop())
    careful = settings(tmp_path, workers=workers).model_copy(update={"check_timeout_seconds": 5})
    with running_server(careful, tmp_path / "log") as server:
        assert server.exit_code() == EXIT_MODEL_REFUSED
    assert "CheckFailed" in (tmp_path / "log").read_text()


def test_model_that_passes_the_check_is_served(package: Path, tmp_path: Path) -> None:
    careful = settings(package).model_copy(update={"check_timeout_seconds": 60})
    with running_server(careful, tmp_path / "log") as server:
        server.wait_until_ready()
