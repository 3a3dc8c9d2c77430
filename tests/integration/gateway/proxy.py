"""Contour and Envoy as processes beside an API server: one Gateway, on loopback."""

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.cluster.control_plane import ControlPlane, free_ports, start_bound_to_us
from tests.cluster.processes import Daemon, stop_recorded, wait_until
from tests.cluster.programs import program
from tests.cluster.progress import run_logged
from tests.integration.api.kubectl import Kubectl
from tests.integration.gateway.programs import envoy, gateway_crds

GATEWAY_NAMESPACE = "gateways"
GATEWAY = "public"
CONTROLLER = "projectcontour.io/gateway-controller"
READY_SECONDS = 60.0
_LISTENER_SHIFT = 8000
"""Contour has Envoy listen on another port than the Gateway's listener says, higher by this."""


@dataclass(frozen=True)
class GatewayProxy:
    """A Gateway and where it takes requests in."""

    url: str
    listener_port: int
    logs: Sequence[Path]


@contextmanager
def gateway_proxy(plane: ControlPlane) -> Iterator[GatewayProxy]:
    """Install the CRDs, start Contour and Envoy for one Gateway, and stop them afterwards.

    Raises:
        ClusterError: a program could not be built or fetched, or did not become ready.
    """
    folder = Path(tempfile.mkdtemp(prefix="holdfast-gateway-"))
    try:
        yield _start(plane, folder)
    finally:
        stop_recorded(folder, grace_seconds=0)
        shutil.rmtree(folder, ignore_errors=True)


def _start(plane: ControlPlane, folder: Path) -> GatewayProxy:
    xds, envoy_http, envoy_stats, health, debug = free_ports(5)
    proxy = GatewayProxy(
        f"http://127.0.0.1:{envoy_http}",
        envoy_http - _LISTENER_SHIFT,
        (folder / "contour.log", folder / "envoy.log"),
    )
    kubectl = Kubectl(plane.kubeconfig, GATEWAY_NAMESPACE)
    _install(kubectl, proxy)
    contour = _start_contour(
        plane, folder, {"xds": xds, "stats": envoy_stats, "http": health, "debug": debug}
    )
    started = [contour, _start_envoy(folder, xds)]
    # Envoy listens from the first route on.
    wait_until(lambda: _is_programmed(kubectl), "the Gateway", started, READY_SECONDS)
    return proxy


def _install(kubectl: Kubectl, proxy: GatewayProxy) -> None:
    kubectl.ok("apply", "--server-side", f"--filename={gateway_crds()}")
    kubectl.ok("wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    kubectl.ok("create", "namespace", GATEWAY_NAMESPACE)
    for manifest in _gateway(proxy.listener_port):
        kubectl.apply(manifest)


def _gateway(port: int) -> Iterator[dict[str, Any]]:
    api_version = "gateway.networking.k8s.io/v1"
    yield {
        "apiVersion": api_version,
        "kind": "GatewayClass",
        "metadata": {"name": "contour"},
        "spec": {"controllerName": CONTROLLER},
    }
    # Namespaces are let in by label, so that a test can be one that is not.
    allowed = {"from": "Selector", "selector": {"matchLabels": {"gateway": "public"}}}
    yield {
        "apiVersion": api_version,
        "kind": "Gateway",
        "metadata": {"name": GATEWAY, "namespace": GATEWAY_NAMESPACE},
        "spec": {
            "gatewayClassName": "contour",
            "listeners": [
                {
                    "name": "http",
                    "port": port,
                    "protocol": "HTTP",
                    "allowedRoutes": {"namespaces": allowed},
                }
            ],
        },
    }


def _start_contour(plane: ControlPlane, folder: Path, ports: dict[str, int]) -> Daemon:
    configuration = folder / "contour.yaml"
    gateway = {"gatewayRef": {"namespace": GATEWAY_NAMESPACE, "name": GATEWAY}}
    configuration.write_text(yaml.safe_dump({"gateway": gateway}))
    command: list[str | Path] = [
        program("contour"),
        "serve",
        f"--kubeconfig={plane.kubeconfig}",
        f"--config-path={configuration}",
        "--insecure",
        "--disable-leader-election",
        "--xds-address=127.0.0.1",
        f"--xds-port={ports['xds']}",
        "--stats-address=127.0.0.1",
        f"--stats-port={ports['stats']}",
        "--http-address=127.0.0.1",
        f"--http-port={ports['http']}",
        "--health-address=127.0.0.1",
        f"--health-port={ports['http']}",
        f"--debug-http-port={ports['debug']}",
        "--envoy-service-http-address=127.0.0.1",
        "--envoy-http-access-log=/dev/null",
        # Kinds of the experimental channel, which is not installed.
        *(f"--disable-feature={kind}" for kind in ("tlsroutes", "tcproutes", "backendtlspolicies")),
    ]
    return start_bound_to_us("contour", command, folder)


def _start_envoy(folder: Path, xds_port: int) -> Daemon:
    bootstrap, admin = folder / "bootstrap.json", folder / "admin.sock"
    options = [f"--admin-address={admin}", "--xds-address=127.0.0.1", f"--xds-port={xds_port}"]
    run_logged([program("contour"), "bootstrap", bootstrap, *options], folder / "bootstrap.log")
    command: list[str | Path] = [envoy(), "--config-path", bootstrap, "--log-level", "warn"]
    command += ["--service-cluster", "gateways", "--service-node", "envoy"]
    return start_bound_to_us("envoy", [*command, "--concurrency", "1", "--disable-hot-restart"], folder)


def _is_programmed(kubectl: Kubectl) -> bool:
    conditions = kubectl.read("gateway", GATEWAY).get("status", {}).get("conditions", [])
    return any((each["type"], each["status"]) == ("Programmed", "True") for each in conditions)
