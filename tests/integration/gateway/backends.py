"""Real servers of two revisions, and the EndpointSlices by which a Gateway finds them."""

import socket
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from holdfast.settings import ServerSettings
from holdfast_operator.manifests.metadata import Manifest
from tests.integration.serving.server_process import free_port, running_server
from tests.unit.serving.trained_models import wine_model

Ports = Mapping[str, Mapping[str, int]]
"""By revision: the port of each name, such as http."""


@contextmanager
def revisions(model: str, names: list[str], folder: Path) -> Iterator[Ports]:
    """Serve the same model as every revision of NAMES; each answer says by which."""
    package = wine_model().package(folder / "package")
    ports = {name: {"http": free_port(), "grpc": free_port()} for name in names}
    with ExitStack() as stack:
        servers = [
            stack.enter_context(
                running_server(_settings(model, name, package.folder, ports[name]), folder / name)
            )
            for name in names
        ]
        for server in servers:
            server.wait_until_ready()
        yield ports


def _settings(model: str, revision: str, package: Path, ports: Mapping[str, int]) -> ServerSettings:
    return ServerSettings(
        model_name=model,
        model_revision=revision,
        model_dir=str(package),
        port=ports["http"],
        grpc_port=ports["grpc"],
        feedback_key="0123456789abcdef",
    )


def endpoint_slice(service: Manifest, ports: Mapping[str, int]) -> dict[str, Any]:
    """Return what the EndpointSlice controller makes of a Service whose only pod listens at this machine."""
    name = service["metadata"]["name"]
    return {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {
            "name": f"{name}-1",
            "namespace": service["metadata"]["namespace"],
            "labels": {**service["metadata"]["labels"], "kubernetes.io/service-name": name},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": [own_address()], "conditions": {"ready": True}}],
        "ports": [
            {"name": port["name"], "port": ports[port["name"]], "protocol": "TCP"}
            for port in service["spec"]["ports"]
        ],
    }


def own_address() -> str:
    """Return an address of this machine other than loopback, which an EndpointSlice may not hold.

    Raises:
        OSError: the machine has none.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect(("192.0.2.1", 9))  # TEST-NET-1; nothing is sent.
        address: str = probe.getsockname()[0]
        return address
