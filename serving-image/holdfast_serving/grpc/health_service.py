"""The service ``grpc.health.v1.Health``: whether calls should be sent here, asked once or watched.

grpcio-health-checking's own servicer has no way to end its watches, and one open watch would hold up the stop
of a server for all of its grace. Source: grpc/grpc, doc/health-checking.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from contextlib import suppress
from typing import Any, Final

import grpc
from google.protobuf.message import DecodeError, Message
from grpc_health.v1 import health_pb2

from holdfast_serving.grpc.calls import Calls, Context
from holdfast_serving.inference.errors import RequestError

SERVICE: Final = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
LOOK_SECONDS: Final = 0.5
"""How often watchers look for themselves: other workers' states change without a word to this one."""
_STATUS: Final = health_pb2.HealthCheckResponse.ServingStatus


class HealthService:
    """The state that every name in ``names`` shares; "" stands for the whole server."""

    def __init__(self, names: Collection[str], is_serving: Callable[[], bool]) -> None:
        self._names = frozenset(names)
        self._is_serving = is_serving
        self._ended = False
        self._news = asyncio.Event()

    def announce(self) -> None:
        """Have watchers look at once whether calls should still be sent here."""
        self._news.set()
        self._news = asyncio.Event()

    def end_watches(self) -> None:
        """End every watch, now and from now on."""
        self._ended = True
        self.announce()

    def handlers(self, calls: Calls) -> "dict[str, grpc.RpcMethodHandler[Any, Any]]":
        """Return the handlers of the service's methods."""
        return {
            "Check": calls.handler(self._check),
            "Watch": grpc.unary_stream_rpc_method_handler(self._watch),
        }

    async def _check(self, message: bytes) -> Message:
        service = _service(message)
        if service not in self._names:
            raise RequestError("nothing of that name is served here", 404)
        return self._state(service)

    async def _watch(self, message: bytes, context: Context) -> None:
        try:
            service = _service(message)
        except RequestError as error:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
        await self._tell(service, context.write)
        await context.abort(grpc.StatusCode.UNAVAILABLE, "the server is stopping")

    async def _tell(self, service: str, write: Callable[[bytes], Awaitable[None]]) -> None:
        told: Message | None = None
        while not self._ended:
            news, state = self._news, self._state(service)
            if state != told:
                await write(state.SerializeToString())
                told = state
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await news.wait()

    def _state(self, service: str) -> Message:
        status = _STATUS.SERVING if self._is_serving() else _STATUS.NOT_SERVING
        known = service in self._names
        state: Message = health_pb2.HealthCheckResponse(status=status if known else _STATUS.SERVICE_UNKNOWN)
        return state


def _service(message: bytes) -> str:
    try:
        service: str = health_pb2.HealthCheckRequest.FromString(message).service
    except DecodeError:
        raise RequestError("the message is not a HealthCheckRequest") from None
    return service
