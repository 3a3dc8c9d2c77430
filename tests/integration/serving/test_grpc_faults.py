"""What gRPC's clients are told when something fails behind the service, and what is left of their calls."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import grpc
import numpy as np
import pytest

from holdfast.settings import ServerSettings
from holdfast_serving.grpc.grpc_server import GrpcServer
from holdfast_serving.inference.data_plane import DataPlane, InferenceRequest, InferenceResponse
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.process.lifecycle import Lifecycle
from holdfast_serving.telemetry.request_metrics import Telemetry
from tests.integration.serving.grpc_client import GrpcClient, grpc_client, infer_request, refusal
from tests.integration.serving.server_process import free_port

pytestmark = pytest.mark.integration

Code = grpc.StatusCode
REQUEST = infer_request(np.ones((1, 2), np.float32))


class FailingPlane:
    """Fails where it is told to, and waits for ever if it is told nothing."""

    def __init__(self, failure: Exception | None, *, full: bool = False) -> None:
        self._failure = failure
        self._full = full
        self.asked = asyncio.Semaphore(0)
        self.cancelled = asyncio.Event()

    def require_room(self) -> None:
        if self._full:
            raise RequestError("too many requests", 503)

    async def infer(self, request: InferenceRequest) -> InferenceResponse:
        assert list(request.inputs) == ["X"]
        self.asked.release()
        if self._failure is not None:
            raise self._failure
        try:
            return await asyncio.get_running_loop().create_future()  # type: ignore[no-any-return]  # never
        except asyncio.CancelledError:
            self.cancelled.set()
            raise


@asynccontextmanager
async def served(
    plane: FailingPlane, telemetry: Telemetry | None = None, **limits: int
) -> AsyncIterator[GrpcClient]:
    settings = ServerSettings.model_validate(
        {"model_name": "wine", "model_revision": "wine-1", "grpc_port": free_port(), **limits}
    )
    lifecycle = Lifecycle()
    lifecycle.plane = cast(DataPlane, plane)
    telemetry = telemetry or Telemetry("wine", "wine-1")
    server = GrpcServer(settings, lifecycle, telemetry, "0.1.0")
    await server.start()
    try:
        with grpc_client(settings.grpc_port or 0) as client:
            yield client
    finally:
        await server.stop(0)


async def refused(call: Callable[[], Any]) -> tuple[Code, str, dict[str, str]]:
    return await asyncio.to_thread(refusal, call)


@pytest.mark.parametrize(
    ("failure", "code", "details"),
    [
        pytest.param(RequestError("too many", 503), Code.UNAVAILABLE, "too many", id="shed"),
        pytest.param(RequestError("too late", 504), Code.DEADLINE_EXCEEDED, "too late", id="late"),
        pytest.param(RequestError("the model failed", 500), Code.INTERNAL, "the model failed", id="model"),
        pytest.param(RequestError("odd", 418), Code.UNKNOWN, "odd", id="odd"),
        pytest.param(KeyError("/secret/path"), Code.INTERNAL, "internal error", id="bug"),
    ],
)
async def test_failures_reach_the_client_as_codes(failure: Exception, code: Code, details: str) -> None:
    telemetry = Telemetry("wine", "wine-1")
    async with served(FailingPlane(failure), telemetry) as client:
        found = await refused(lambda: client.call("ModelInfer", REQUEST))
    assert found[:2] == (code, details)
    assert found[2]["holdfast-revision"] == "wine-1"
    assert ("grpc-retry-pushback-ms" in found[2]) == (code == Code.UNAVAILABLE)
    status = getattr(failure, "status", 500)
    label = "other" if status == 418 else str(status)
    assert f'code="{label}"}} 1' in telemetry.render().decode()


async def test_load_is_shed_before_the_message_is_read_into_tensors() -> None:
    async with served(FailingPlane(None, full=True)) as client:
        code, details, _ = await refused(lambda: client.bytes_method("ModelInfer")(b"\xff no message"))
    assert (code, details) == (Code.UNAVAILABLE, "too many requests")


async def test_call_whose_client_has_gone_is_cancelled_and_not_counted() -> None:
    plane, telemetry = FailingPlane(None), Telemetry("wine", "wine-1")
    async with served(plane, telemetry) as client:
        code, _, _ = await refused(lambda: client.call("ModelInfer", REQUEST, timeout=0.5))
        await asyncio.wait_for(plane.cancelled.wait(), 30)
    assert code == Code.DEADLINE_EXCEEDED
    counted = [line for line in telemetry.render().decode().splitlines() if "_requests_total{" in line]
    assert all(line.endswith(" 0") for line in counted)


async def test_calls_beyond_the_limit_of_the_server_are_refused() -> None:
    plane = FailingPlane(None)
    async with served(plane, max_connections=2) as client:
        waiting = [client.method("ModelInfer").future(REQUEST, timeout=60) for _ in range(2)]
        for _ in waiting:
            await plane.asked.acquire()
        code, _, _ = await refused(lambda: client.call("ModelInfer", REQUEST))
        for call in waiting:
            call.cancel()
    assert code == Code.RESOURCE_EXHAUSTED


async def test_calls_beyond_the_limit_of_a_connection_wait_in_the_client() -> None:
    plane = FailingPlane(None)
    async with served(plane, max_in_flight=1) as client:
        first = client.method("ModelInfer").future(REQUEST, timeout=60)
        await plane.asked.acquire()
        code, _, _ = await refused(lambda: client.call("ModelInfer", REQUEST, timeout=0.5))
        assert (code, plane.asked.locked()) == (Code.DEADLINE_EXCEEDED, True)
        first.cancel()
