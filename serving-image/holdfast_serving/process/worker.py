"""Puts a serving process together from its parts."""

import os
import socket

from holdfast.metrics import CONNECTIONS
from holdfast.release import VERSION
from holdfast.settings import ServerSettings
from holdfast_serving.http.endpoints import Application
from holdfast_serving.process.crew import Crew
from holdfast_serving.process.http_server import HttpServer
from holdfast_serving.process.lifecycle import Lifecycle
from holdfast_serving.process.listener import listen
from holdfast_serving.process.model_server import ModelServer, Transport
from holdfast_serving.process.observed_model import load_observed_model
from holdfast_serving.process.seat import Seat
from holdfast_serving.telemetry.metric_memory import MetricMemory
from holdfast_serving.telemetry.metric_store import MetricStore
from holdfast_serving.telemetry.process_metrics import ProcessMetrics
from holdfast_serving.telemetry.request_metrics import Telemetry


def serve_model(settings: ServerSettings, seat: Seat | None) -> None:
    """Serve until SIGTERM, alone or in the seat of a worker.

    Raises:
        ModelError: the model cannot be served.
        OSError: a port cannot be listened on.
    """
    memory = MetricMemory.alone() if seat is None else MetricMemory.open(seat.memory, seat.number)
    crew = Crew(memory)
    telemetry = Telemetry(settings.model_name, settings.model_revision, MetricStore(memory))
    ProcessMetrics(memory, None if seat is None else os.getppid()).declare(telemetry.store)
    telemetry.store.reading(CONNECTIONS, {}, lambda: crew.connections)
    lifecycle = Lifecycle(crew)
    server = ModelServer(
        lifecycle,
        _transports(settings, seat, lifecycle, telemetry),
        lambda: load_observed_model(settings, telemetry),
        settings,
    )
    server.run(None if seat is None else seat.lifeline)


def _transports(
    settings: ServerSettings, seat: Seat | None, lifecycle: Lifecycle, telemetry: Telemetry
) -> list[Transport]:
    listener = listen(settings.port) if seat is None else socket.socket(fileno=seat.listener)
    listener.setblocking(False)
    application = Application(settings, lifecycle, telemetry, VERSION)
    transports: list[Transport] = [
        HttpServer(settings, application, listener, lifecycle.crew, shared=seat is not None)
    ]
    if settings.grpc_port is not None:
        # Imported only where it is wanted: it costs 0.2 s at the start and memory for as long as it runs.
        from holdfast_serving.grpc.grpc_server import GrpcServer

        transports.append(GrpcServer(settings, lifecycle, telemetry, VERSION))
    return transports
