"""Calls of gRPC: reading their one message in time, and what becomes of errors.

Methods are served as if their requests were streams: on the wire it is the same, but a handler then begins
before the message has arrived, and a client that never sends it can be let go.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn

import grpc
from google.protobuf.message import Message

from holdfast_serving.inference.errors import RequestError

logger = logging.getLogger(__name__)

Context = grpc.aio.ServicerContext[bytes, bytes]
Metadata = tuple[tuple[str, str], ...]
Answer = Callable[[bytes], Awaitable[Message]]
"""Answers the bytes of a request message; raises RequestError."""

REVISION: Final = "holdfast-revision"
RETRY_AFTER: Final[Metadata] = (("grpc-retry-pushback-ms", "1000"),)
MAX_DETAILS: Final = 500
"""Characters of an error; names in it are the client's own. Each takes up to 12 bytes on the wire, where
clients refuse more than 8 KiB."""

_CODES: Final = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    404: grpc.StatusCode.NOT_FOUND,
    408: grpc.StatusCode.DEADLINE_EXCEEDED,
    413: grpc.StatusCode.RESOURCE_EXHAUSTED,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
    504: grpc.StatusCode.DEADLINE_EXCEEDED,
}


def status_code(status: int) -> grpc.StatusCode:
    """Return the code of gRPC that means what the HTTP status means."""
    return _CODES.get(status, grpc.StatusCode.UNKNOWN)


class Calls:
    """Makes handlers of methods; ``message_seconds`` is how long a request's message may take to arrive."""

    def __init__(self, revision: str, message_seconds: float) -> None:
        self._metadata: Final[Metadata] = ((REVISION, revision),)
        self._seconds = message_seconds

    def handler(self, answer: Answer) -> "grpc.RpcMethodHandler[Any, Any]":
        """Return the handler of a method with one request and one answer."""

        async def handle(_requests: object, context: Context) -> bytes:
            context.set_trailing_metadata(self._metadata)
            try:
                return (await answer(await self._read(context))).SerializeToString()
            except RequestError as error:
                await self._refuse(context, error)
            except Exception:  # the client must get an answer, and it must not show what broke
                logger.exception("a call failed")
                await self._refuse(context, RequestError("internal error", 500))

        return grpc.stream_unary_rpc_method_handler(handle)

    async def _read(self, context: Context) -> bytes:
        try:
            async with asyncio.timeout(self._seconds):
                message = await context.read()
        except TimeoutError:
            raise RequestError("the message did not arrive in time", 408) from None
        if not isinstance(message, bytes):
            raise RequestError("the call ended without a message")
        return message

    async def _refuse(self, context: Context, error: RequestError) -> NoReturn:
        metadata = self._metadata + RETRY_AFTER if error.status == 503 else self._metadata
        await context.abort(status_code(error.status), error.message[:MAX_DETAILS], metadata)
