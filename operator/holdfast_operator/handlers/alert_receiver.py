"""The webhook that Alertmanager posts to: authenticated, bounded, and answered only for what is recorded."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from aiohttp import web

from holdfast_operator.cluster.alert_notification import MalformedNotificationError, read_notification
from holdfast_operator.cluster.alert_recorder import AlertRecorder
from holdfast_operator.cluster.api import ApiError
from holdfast_operator.core.alerts import Alert
from holdfast_operator.handlers.bearer_tokens import TokenFile, TokenFileError
from holdfast_operator.handlers.bounded_connections import (
    DEFAULT_LIMITS,
    BoundedConnections,
    ConnectionLimits,
)
from holdfast_operator.handlers.server_certificate import ServerCertificate
from holdfast_operator.metrics import ALERT_REQUESTS

logger = logging.getLogger(__name__)

PATH: Final = "/alertmanager"
MAX_BYTES: Final = 1024 * 1024
MAX_NAMESPACES: Final = 100
MAX_AT_ONCE: Final = 8
TOTAL_SECONDS: Final = 10.0
"""For reading, recording and answering one notification."""
_HANDSHAKE_SECONDS: Final = 5.0


class AlertReceiver:
    """Answers notifications: with 5xx whatever has to be sent again, and with 2xx what will not get lost."""

    def __init__(
        self, recorder: AlertRecorder, tokens: TokenFile, total_seconds: float = TOTAL_SECONDS
    ) -> None:
        self._recorder = recorder
        self._tokens = tokens
        self._total_seconds = total_seconds
        self.active = 0
        """Notifications that are being recorded."""

    async def answer(self, request: web.Request) -> web.Response:
        """Answer one notification."""
        response = await self._judge(request)
        response.force_close()
        ALERT_REQUESTS.labels(str(response.status)).inc()
        return response

    async def _judge(self, request: web.Request) -> web.Response:
        refusal = self._authenticate(request)
        if refusal is not None:
            return refusal
        if request.headers.get("Content-Encoding", "identity") != "identity":
            return _answer(415, "send the notification without a Content-Encoding")
        if self.active >= MAX_AT_ONCE:
            return _later("too many notifications at once")
        self.active += 1
        try:
            async with asyncio.timeout(self._total_seconds):
                return await self._record(request)
        except TimeoutError:
            return _later(f"not recorded within {self._total_seconds:g} s")
        finally:
            self.active -= 1

    def _authenticate(self, request: web.Request) -> web.Response | None:
        try:
            if self._tokens.accepts(request.headers.get("Authorization", "")):
                return None
        except TokenFileError as error:
            logger.error("alerts are refused: %s", error)
            return _later("the operator has no token to compare with")
        response = _answer(401, "the bearer token is missing or wrong")
        response.headers["WWW-Authenticate"] = "Bearer"
        return response

    async def _record(self, request: web.Request) -> web.Response:
        try:
            alerts = read_notification(await request.read())
        except web.HTTPRequestEntityTooLarge:
            return _answer(413, f"a notification may have {MAX_BYTES} bytes: set max_alerts")
        except MalformedNotificationError as error:
            return _answer(400, str(error))
        if len(_namespaces(alerts)) > MAX_NAMESPACES:
            return _answer(413, f"alerts of more than {MAX_NAMESPACES} namespaces: group by namespace")
        try:
            outcomes = await self._recorder.record(alerts)
        except ApiError as error:
            logger.warning("alerts are not recorded and have to be sent again: %s", error)
            return _later("the API server does not accept the record")
        return web.json_response({outcome.value: count for outcome, count in sorted(outcomes.items())})


@asynccontextmanager
async def serve_alerts(
    answer: Callable[[web.Request], Awaitable[web.Response]],
    port: int,
    certificate: ServerCertificate | None = None,
    limits: ConnectionLimits = DEFAULT_LIMITS,
) -> AsyncIterator[int]:
    """Take notifications while in the block, over TLS if there is a certificate; yields the port."""
    application = web.Application(client_max_size=MAX_BYTES)
    application.router.add_post(PATH, answer)
    # A compressed notification could be small on the wire and huge in memory.
    runner = web.AppRunner(
        application, access_log=None, shutdown_timeout=1.0, lingering_time=1.0, auto_decompress=False
    )
    async with AsyncExitStack() as stack:
        await runner.setup()
        stack.push_async_callback(runner.cleanup)
        server = await _listen(runner, port, certificate, limits)
        stack.callback(server.close)
        yield int(server.sockets[0].getsockname()[1])


async def _listen(
    runner: web.AppRunner, port: int, certificate: ServerCertificate | None, limits: ConnectionLimits
) -> asyncio.Server:
    loop, make_protocol = asyncio.get_running_loop(), runner.server
    if make_protocol is None:
        raise RuntimeError("set the runner up first")
    if certificate is None:
        return await loop.create_server(BoundedConnections(make_protocol, limits), port=port)
    connections = BoundedConnections(make_protocol, limits, certificate.refresh)
    return await loop.create_server(
        connections, port=port, ssl=certificate.context, ssl_handshake_timeout=_HANDSHAKE_SECONDS
    )


def _namespaces(alerts: Sequence[Alert]) -> set[str]:
    return {alert.labels.get("namespace", "") for alert in alerts}


def _answer(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{text}\n")


def _later(text: str) -> web.Response:
    response = _answer(503, text)
    response.headers["Retry-After"] = "5"
    return response
