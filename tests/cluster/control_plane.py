"""etcd and kube-apiserver alone, on loopback in a temporary folder: a real API server in a few seconds."""

import shutil
import socket
import ssl
import tempfile
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.api_server import ApiServerPlace, api_server_command, etcd_command
from tests.cluster.certificates import Identity, make_credentials
from tests.cluster.errors import ClusterError
from tests.cluster.processes import Daemon, start_daemon, stop_recorded, wait_until

READY_TIMEOUT_SECONDS = 60.0
_SERVICE_SUBNET = "10.0.0.0/24"
# kubeadm and kube-apiserver refuse a loopback address here. Nothing is ever sent to it: it only appears as
# the endpoint of the Service `kubernetes`, which no pod reads without a kubelet (TEST-NET-2, RFC 5737).
_ADVERTISE_ADDRESS = "198.51.100.1"


@dataclass(frozen=True)
class ControlPlane:
    """A running API server: the administrator's kubeconfig, its address, and one JSON line per request."""

    kubeconfig: Path
    url: str
    audit_log: Path
    folder: Path


@contextmanager
def control_plane() -> Iterator[ControlPlane]:
    """Start etcd and kube-apiserver, yield them when ready, and remove everything afterwards.

    There is no controller manager: nothing creates ServiceAccounts, collects garbage or finishes the
    deletion of a Namespace, so tests use a namespace each.

    Raises:
        ClusterError: a program could not be built, or did not become ready.
    """
    folder = Path(tempfile.mkdtemp(prefix="holdfast-control-plane-"))
    try:
        yield _start(folder)
    finally:
        # Nothing of it outlives the folder, so there is nothing to finish gracefully.
        stop_recorded(folder / "run", grace_seconds=0)
        shutil.rmtree(folder, ignore_errors=True)


def _start(folder: Path) -> ControlPlane:
    port, etcd_port, etcd_peer_port = free_ports(3)
    place = ApiServerPlace(
        folder, "127.0.0.1", _ADVERTISE_ADDRESS, port, etcd_port, etcd_peer_port, _SERVICE_SUBNET
    )
    identity = Identity(
        "control-plane", _ADVERTISE_ADDRESS, f"127.0.0.1:{port}", "10.0.1.0/24", _SERVICE_SUBNET
    )
    etcd = start_bound_to_us("etcd", etcd_command(place), folder / "run")
    credentials = make_credentials(identity, folder)
    server = start_bound_to_us("kube-apiserver", api_server_command(place, credentials), folder / "run")
    url = f"https://127.0.0.1:{port}"
    trusted = ssl.create_default_context(cafile=str(credentials.pki / "ca.crt"))
    wait_until(lambda: answers(url, trusted), "the API server", [etcd, server], READY_TIMEOUT_SECONDS)
    return ControlPlane(credentials.admin, url, place.audit_log, folder)


def start_bound_to_us(name: str, command: Sequence[str | Path], folder: Path) -> Daemon:
    """Start a program that the kernel ends when this process dies, so that a killed test run leaves none."""
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ClusterError("`setpriv` is missing: install the package util-linux")
    return start_daemon(name, [setpriv, "--pdeathsig", "KILL", "--", *command], folder)


def answers(url: str, trusted: ssl.SSLContext) -> bool:
    """Tell whether the API server at URL says that it is ready."""
    try:
        with urllib.request.urlopen(f"{url}/readyz", context=trusted, timeout=2) as response:  # noqa: S310 - https only
            return bool(response.status == 200)
    except (urllib.error.URLError, TimeoutError, ConnectionError, ssl.SSLError):
        return False


def free_ports(count: int) -> list[int]:
    """Return COUNT different TCP ports of 127.0.0.1 that were free a moment ago."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
