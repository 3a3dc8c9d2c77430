"""The gRPC server beside the HTTP server: start, drain, stop, and its limits."""

from typing import Any, Final

import grpc
from grpc_reflection.v1alpha import reflection

from holdfast.settings import ServerSettings
from holdfast_serving.grpc import health_service, inference_service
from holdfast_serving.grpc.calls import Calls
from holdfast_serving.grpc.health_service import HealthService
from holdfast_serving.grpc.inference_service import InferenceService
from holdfast_serving.process.lifecycle import Lifecycle
from holdfast_serving.telemetry.request_metrics import Telemetry

HANDSHAKE_MILLISECONDS: Final = 10_000
PING_MILLISECONDS: Final = 60_000
"""A connection that says nothing is asked for a sign of life so often."""
PING_TIMEOUT_MILLISECONDS: Final = 20_000
MIN_CLIENT_PING_MILLISECONDS: Final = 10_000
"""Clients' pings more often than this, the least that gRPC's clients may be set to, are held to be abuse."""
CONNECTION_AGE_MILLISECONDS: Final = 30 * 60_000
"""Older connections are asked to come back, so that clients spread over replicas and workers again."""
MAX_METADATA_BYTES: Final = 32 * 1024


class GrpcServer:
    """Serves gRPC on ``settings.grpc_port`` on the event loop that it is started on."""

    def __init__(
        self, settings: ServerSettings, lifecycle: Lifecycle, telemetry: Telemetry, version: str
    ) -> None:
        self._settings = settings
        self._inference = InferenceService(settings, lifecycle, telemetry, version)
        names = ("", inference_service.SERVICE, settings.model_name)
        self._health = HealthService(names, lambda: lifecycle.ready)
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        """Listen and answer.

        Raises:
            OSError: the port is taken or may not be used.
        """
        self._server = grpc.aio.server(
            options=_options(self._settings), maximum_concurrent_rpcs=self._settings.max_connections
        )
        self._add_services(self._server)
        _listen(self._server, self._settings.grpc_port)
        await self._server.start()

    def drain(self) -> None:
        """Answer on, but tell who watches the health that calls should go elsewhere."""
        self._health.announce()

    async def stop(self, grace_seconds: float) -> None:
        """Take no more calls, ask clients to leave, and finish those in flight within the grace period."""
        self._health.end_watches()
        if self._server is not None:
            await self._server.stop(grace_seconds)

    def _add_services(self, server: grpc.aio.Server) -> None:
        calls = Calls(self._settings.model_revision, self._settings.body_timeout_seconds)
        methods = {name: calls.handler(answer) for name, answer in self._inference.methods().items()}
        server.add_generic_rpc_handlers(
            (
                grpc.method_handlers_generic_handler(inference_service.SERVICE, methods),
                grpc.method_handlers_generic_handler(health_service.SERVICE, self._health.handlers(calls)),
            )
        )
        services = (inference_service.SERVICE, health_service.SERVICE, reflection.SERVICE_NAME)
        reflection.enable_server_reflection(services, server)


def _listen(server: grpc.aio.Server, port: int | None) -> None:
    for address in (f"[::]:{port}", f"0.0.0.0:{port}"):  # a node may have no IPv6
        try:
            server.add_insecure_port(address)
        except RuntimeError:
            continue
        return
    raise OSError(f"gRPC cannot listen on port {port}")


def _options(settings: ServerSettings) -> list[tuple[str, Any]]:
    return [
        ("grpc.max_receive_message_length", settings.max_body_bytes),
        ("grpc.max_send_message_length", -1),
        ("grpc.max_metadata_size", MAX_METADATA_BYTES),
        ("grpc.max_concurrent_streams", settings.max_in_flight),
        ("grpc.max_allowed_incoming_connections", settings.max_connections),
        ("grpc.server_handshake_timeout_ms", HANDSHAKE_MILLISECONDS),
        ("grpc.keepalive_time_ms", PING_MILLISECONDS),
        ("grpc.keepalive_timeout_ms", PING_TIMEOUT_MILLISECONDS),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.min_ping_interval_without_data_ms", MIN_CLIENT_PING_MILLISECONDS),
        ("grpc.max_connection_age_ms", CONNECTION_AGE_MILLISECONDS),
        ("grpc.max_connection_age_grace_ms", int(settings.request_timeout_seconds * 1000)),
        # Workers share the port; one alone must notice that somebody else has it.
        ("grpc.so_reuseport", int(settings.workers > 1)),
    ]
