"""Start, drain and stop of a real server process as gRPC's clients see them."""

import asyncio
import threading
from pathlib import Path

import grpc
import httpx
import pytest

from holdfast.settings import ServerSettings
from holdfast_serving.grpc import open_inference_grpc_pb2 as messages
from holdfast_serving.grpc.grpc_server import GrpcServer
from holdfast_serving.process.lifecycle import Lifecycle
from holdfast_serving.telemetry.request_metrics import Telemetry
from tests.integration.serving.grpc_client import GrpcClient, grpc_client, infer_request, refusal
from tests.integration.serving.server_process import free_port, running_server
from tests.unit.serving.trained_models import wine_model

pytestmark = pytest.mark.integration

DRAIN_SECONDS = 2.0
X = wine_model().rows["X"]


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return wine_model().package(tmp_path_factory.mktemp("package") / "wine").folder


def settings(folder: Path, **fields: float) -> ServerSettings:
    return ServerSettings.model_validate(
        {
            "model_name": "wine",
            "model_revision": "wine-1",
            "model_dir": str(folder),
            "port": free_port(),
            "grpc_port": free_port(),
            "drain_seconds": DRAIN_SECONDS,
            **fields,
        }
    )


def test_watcher_is_told_of_the_drain_and_let_go_at_the_stop(package: Path, tmp_path: Path) -> None:
    wanted = settings(package)
    with running_server(wanted, tmp_path / "log") as server, grpc_client(wanted.grpc_port or 0) as client:
        server.wait_until_ready()
        states = client.watch("wine")
        first = next(states)
        server.terminate()
        second = next(states)
        answer = client.call("ModelInfer", infer_request(X[:1]))
        ready = client.call("ServerReady", messages.ServerReadyRequest()).ready
        asked = client.health()
        code, details, _ = refusal(lambda: next(states))
        assert server.exit_code() == 0
    assert (first, second, asked, ready) == ("SERVING", "NOT_SERVING", "NOT_SERVING", False)
    assert len(answer.outputs) == 2
    assert (code, details) == (grpc.StatusCode.UNAVAILABLE, "the server is stopping")


class Caller(threading.Thread):
    """Infers on one channel until it is told to stop, and keeps what went wrong."""

    def __init__(self, client: GrpcClient, stop: threading.Event) -> None:
        super().__init__(daemon=True)
        self._client = client
        self._stop_asked = stop
        self.answered = 0
        self.failures: list[str] = []

    def run(self) -> None:
        infer = self._client.method("ModelInfer")
        while not self._stop_asked.is_set():
            try:
                infer(infer_request(X[:1]), timeout=60)
                self.answered += 1
            except grpc.RpcError as error:
                self.failures.append(str(error))
                return


def test_no_call_fails_while_the_server_drains(package: Path, tmp_path: Path) -> None:
    wanted = settings(package)
    with running_server(wanted, tmp_path / "log") as server, grpc_client(wanted.grpc_port or 0) as client:
        server.wait_until_ready()
        stop = threading.Event()
        callers = [Caller(client, stop) for _ in range(4)]
        for caller in callers:
            caller.start()
        states = client.watch()
        assert next(states) == "SERVING"
        server.terminate()
        assert next(states) == "NOT_SERVING"
        before = [caller.answered for caller in callers]
        while not all(now.answered > then + 5 for now, then in zip(callers, before, strict=True)):
            assert all(caller.is_alive() for caller in callers), [caller.failures for caller in callers]
        stop.set()
        for caller in callers:
            caller.join()
        assert server.exit_code() == 0
    assert [failure for caller in callers for failure in caller.failures] == []


def test_server_without_a_grpc_port_does_not_load_grpc(package: Path, tmp_path: Path) -> None:
    wanted = settings(package).model_copy(update={"grpc_port": None})
    with running_server(wanted, tmp_path / "log") as server:
        server.wait_until_ready()
        mapped = Path(f"/proc/{server.process.pid}/maps").read_text()
    assert "onnxruntime" in mapped
    assert "cygrpc" not in mapped


async def test_model_that_is_being_loaded_is_not_served_yet(package: Path) -> None:
    wanted = settings(package)
    server = GrpcServer(wanted, Lifecycle(), Telemetry("wine", "wine-1"), "0.1.0")
    await server.start()
    try:
        with grpc_client(wanted.grpc_port or 0) as client:
            health = await asyncio.to_thread(client.health, "wine")
            ready = await asyncio.to_thread(
                client.call, "ModelReady", messages.ModelReadyRequest(name="wine")
            )
            code, details, trailing = await asyncio.to_thread(
                refusal, lambda: client.call("ModelInfer", infer_request(X[:1]))
            )
    finally:
        await server.stop(0)
    assert (health, ready.ready) == ("NOT_SERVING", False)
    assert (code, details) == (grpc.StatusCode.UNAVAILABLE, "the model is still being loaded")
    assert trailing["grpc-retry-pushback-ms"] == "1000"


def test_port_is_shared_by_workers(package: Path, tmp_path: Path) -> None:
    wanted = settings(package, workers=2)
    with running_server(wanted, tmp_path / "log") as server:
        server.wait_until_ready()
        for _ in range(8):
            with grpc_client(wanted.grpc_port or 0) as client:
                assert len(client.call("ModelInfer", infer_request(X[:1])).outputs) == 2
        counted = httpx.get(f"{server.url}/metrics?name[]=holdfast_requests_total").text
        server.terminate()
        assert server.exit_code() == 0
    assert 'code="200"} 8' in counted
