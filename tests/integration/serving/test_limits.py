"""What a real server does with clients that send too much, too slowly, too many or do not read."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest

from holdfast.package import ModelPackage
from holdfast.settings import ServerSettings
from tests.integration.serving.server_process import (
    DEADLINE_SECONDS,
    ServerProcess,
    free_port,
    running_server,
)
from tests.unit.serving.slow_model import slow_model

pytestmark = pytest.mark.integration

INFER = "/v2/models/slow/infer"
CONNECTIONS = 8
HEAD = f"POST {INFER} HTTP/1.1\r\nhost: x\r\n".encode()
LONG = 1e9
"""Iterations: minutes."""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ModelPackage.write(
        tmp_path_factory.mktemp("package") / "slow", {"model.onnx": slow_model()}
    ).folder


@contextmanager
def serving(package: Path, log: Path, **settings: object) -> Iterator[ServerProcess]:
    server = ServerSettings.model_validate(
        {
            "model_name": "slow",
            "model_revision": "slow-1",
            "model_dir": str(package),
            "port": free_port(),
            "threads": 1,
            "feature_monitoring": False,
            **settings,
        }
    )
    with running_server(server, log) as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="module")
def strict_server(package: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    limits = {
        "max_body_bytes": 10_000,
        "max_connections": CONNECTIONS,
        "header_timeout_seconds": 0.2,
        "body_timeout_seconds": 0.2,
    }
    with serving(package, tmp_path_factory.mktemp("log") / "log", **limits) as server:
        yield server


def connect(server: ServerProcess) -> socket.socket:
    host, port = server.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=DEADLINE_SECONDS)


def ended(connection: socket.socket) -> bool:
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


def answer(connection: socket.socket) -> tuple[int, bytes]:
    response = HTTPResponse(connection)
    response.begin()
    return response.status, response.read()


def request(iterations: float = 0, identifier: str = "") -> bytes:
    tensor = {"name": "x", "datatype": "FP32", "shape": [1], "data": [iterations]}
    return json.dumps({"id": identifier, "inputs": [tensor]}).encode()


def message(body: bytes) -> bytes:
    return HEAD + f"content-length: {len(body)}\r\n\r\n".encode() + body


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(HEAD + b"content-length: 10001\r\n\r\n", 413, id="announced"),
        pytest.param(HEAD + b"content-length: 10000000\r\n\r\n" + b" " * 5_000_000, 413, id="still-sending"),
        pytest.param(HEAD + b"transfer-encoding: chunked\r\n\r\n" + b"1\r\n \r\n" * 10_001, 413, id="chunks"),
        pytest.param(HEAD + b"x: " + b"y" * 40_000 + b"\r\n\r\n", 431, id="header"),
        pytest.param(HEAD + b"content-length: 1\r\ntransfer-encoding: chunked\r\n\r\n", 400, id="smuggling"),
        pytest.param(b"GET /", 408, id="header-never-ends"),
        pytest.param(HEAD + b"content-length: 10\r\n\r\n123", 408, id="body-never-ends"),
    ],
)
def test_request_beyond_a_limit_is_told_which_and_the_connection_ends(
    strict_server: ServerProcess, sent: bytes, status: int
) -> None:
    with connect(strict_server) as connection:
        connection.sendall(sent)
        found, body = answer(connection)
        assert found == status
        assert json.loads(body)["error"]
        assert connection.recv(1) == b""


def test_connection_that_says_nothing_is_closed(strict_server: ServerProcess) -> None:
    with connect(strict_server) as connection:
        assert connection.recv(1) == b""


def test_further_connections_are_closed_and_those_before_them_go_on(strict_server: ServerProcess) -> None:
    kept = [connect(strict_server) for _ in range(CONNECTIONS)]
    for connection in kept:
        connection.sendall(b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert answer(connection)[0] == 200
    with connect(strict_server) as further:
        assert ended(further)
    for connection in kept:
        connection.sendall(b"GET /v2 HTTP/1.1\r\nhost: x\r\n\r\n")
        assert answer(connection)[0] == 200
        connection.close()


def test_pipelined_requests_are_answered_in_order(package: Path, tmp_path: Path) -> None:
    with serving(package, tmp_path / "log") as server, connect(server) as connection:
        slow_first = [request(40_000 - number * 10_000, str(number)) for number in range(5)]
        connection.sendall(b"".join(map(message, slow_first)))
        stream = connection.makefile("rb")
        found = []
        for _ in slow_first:
            head = b""
            while not head.endswith(b"\r\n\r\n"):
                head += stream.readline()
            length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
            found.append(json.loads(stream.read(length))["id"])
    assert found == ["0", "1", "2", "3", "4"]


def test_load_is_shed_at_once_when_too_many_wait_and_others_are_not_hurt(
    package: Path, tmp_path: Path
) -> None:
    with (
        serving(package, tmp_path / "log", max_in_flight=1) as server,
        connect(server) as busy,
        httpx.Client(base_url=server.url) as client,
    ):
        busy.sendall(message(request(LONG)))
        shed = client.post(INFER, content=request())
        while shed.status_code == 200:
            shed = client.post(INFER, content=request())
        assert (shed.status_code, shed.headers["retry-after"]) == (503, "1")
        assert client.get("/v2/health/ready").status_code == 200


def test_inference_that_takes_too_long_is_answered_504(package: Path, tmp_path: Path) -> None:
    with serving(package, tmp_path / "log", request_timeout_seconds=0.2) as server:
        late = httpx.post(f"{server.url}{INFER}", content=request(LONG), timeout=DEADLINE_SECONDS)
        assert (late.status_code, late.json()) == (504, {"error": "the model did not answer in time"})
        assert httpx.get(f"{server.url}/v2/health/ready").status_code == 200


def resident_bytes(server: ServerProcess) -> int:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(status.partition("VmRSS:")[2].split()[0]) * 1024


def test_client_that_does_not_read_costs_no_memory(package: Path, tmp_path: Path) -> None:
    """It asks for some hundred MB of metrics on one connection, and goes on asking."""
    with serving(package, tmp_path / "log") as server, connect(server) as connection:
        before = resident_bytes(server)
        asking = threading.Thread(target=send_until_closed, args=(connection,))
        asking.start()
        for _ in range(50):
            assert httpx.get(f"{server.url}/v2/health/ready").status_code == 200
        assert resident_bytes(server) - before < 32 * 1024**2
        with suppress(OSError):  # the server may have cut it off already
            connection.shutdown(socket.SHUT_RDWR)
        asking.join()


def send_until_closed(connection: socket.socket) -> None:
    try:
        for _ in range(10_000):
            connection.sendall(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n" * 100)
    except OSError:
        return
    raise AssertionError("the server took a million requests without an answer being read")
