"""A real API server with the CRDs, a namespace per test, and operators as processes."""

import asyncio
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from kubernetes.aio.client import ApiClient

from holdfast_operator.cluster.connection import load_configuration, open_client
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from tests.cluster.control_plane import ControlPlane, control_plane, free_ports
from tests.cluster.programs import program

CRDS = Path(__file__).parents[3] / "crds"
DEADLINE_SECONDS = 60.0


@pytest.fixture(scope="module")
def plane(api_server: ControlPlane) -> ControlPlane:
    """Return the shared API server with the CRDs, whatever tests before have done to them."""
    kubectl(api_server, "apply", "--server-side", "--force-conflicts", f"--filename={CRDS}")
    kubectl(api_server, "wait", "--for=condition=Established", "--timeout=30s", f"--filename={CRDS}")
    return api_server


@pytest.fixture
def empty_plane() -> Iterator[ControlPlane]:
    """Start an API server without the CRDs."""
    with control_plane() as running:
        yield running


def kubectl(plane: ControlPlane, *words: str, stdin: str = "") -> str:
    command = [str(program("kubectl")), f"--kubeconfig={plane.kubeconfig}", *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def namespace(plane: ControlPlane) -> str:
    name = f"test-{uuid.uuid4().hex[:8]}"
    kubectl(plane, "create", "namespace", name)
    return name


@pytest.fixture
async def cluster(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KubernetesCluster]:
    monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig))
    async with closed_client() as client:
        yield KubernetesCluster(client, page_size=2)


@asynccontextmanager
async def closed_client() -> AsyncIterator[ApiClient]:
    """Give the operator's own client, all of whose connections are closed at the end of the block."""
    before = open_sockets()
    async with open_client(await load_configuration()) as client:
        yield client
    # TLS connections are closed a round trip later than they are let go, and the loop must live so long.
    await eventually(lambda: open_sockets() <= before, "connections are closed")


def open_sockets() -> int:
    count = 0
    for entry in list(Path("/proc/self/fd").iterdir()):
        with suppress(FileNotFoundError):  # the descriptor of the listing itself
            count += str(entry.readlink()).startswith("socket:")
    return count


async def eventually(check: Callable[[], object], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Poll until CHECK returns something true."""
    deadline = time.monotonic() + seconds
    while not check():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds:.0f} s: {what}")
        await asyncio.sleep(0.05)


@dataclass
class OperatorHandle:
    """A running operator process."""

    process: subprocess.Popen[bytes]
    health_port: int
    metrics_port: int
    log: Path

    def probe(self, path: str) -> int:
        """Return the status of a health request; 0 when nothing listens."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.health_port}{path}", timeout=2) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            error.close()
            return int(error.code)
        except OSError:
            return 0

    def metric(self, line_start: str) -> float | None:
        """Return the value of the first metric line that begins so."""
        url = f"http://127.0.0.1:{self.metrics_port}/metrics"
        with urllib.request.urlopen(url, timeout=5) as response:
            lines = response.read().decode().splitlines()
        return next((float(line.rpartition(" ")[2]) for line in lines if line.startswith(line_start)), None)

    def is_leading(self) -> bool:
        """Whether the process holds the Lease."""
        try:
            return self.metric("holdfast_operator_leader ") == 1
        except OSError:
            return False

    def messages(self) -> list[dict[str, str]]:
        """Return the log, a mapping per line."""
        return [json.loads(line) for line in self.log.read_text().splitlines()]


StartOperator = Callable[..., OperatorHandle]


@pytest.fixture
def start_operator(plane: ControlPlane, namespace: str, tmp_path: Path) -> Iterator[StartOperator]:
    """Start an operator that serves the test's namespace; settings are keyword arguments."""
    started: list[OperatorHandle] = []

    def start(kubeconfig: Path = plane.kubeconfig, **settings: object) -> OperatorHandle:
        health, metrics = free_ports(2)
        values: dict[str, object] = {
            "server_image": "server:test",
            "evaluator_image": "evaluator:test",
            "watch_namespaces": namespace,
            "lease_namespace": namespace,
            "lease_duration_seconds": 3,
            "lease_renew_deadline_seconds": 2,
            "lease_retry_seconds": 0.3,
            "identity": f"operator-{len(started)}",
            "health_port": health,
            "metrics_port": metrics,
            "watch_probe_seconds": 0.5,
            **settings,
        }
        environment = {f"HOLDFAST_OPERATOR_{name.upper()}": str(value) for name, value in values.items()}
        environment |= {"KUBECONFIG": str(kubeconfig), "PATH": os.environ["PATH"]}
        environment |= {name: value for name, value in os.environ.items() if name == "PYTHONPATH"}
        log = tmp_path / f"operator-{len(started)}.log"
        with log.open("wb") as output:
            command = [sys.executable, "-W", "error", "-m", "holdfast_operator"]
            process = subprocess.Popen(command, env=environment, stderr=output)
        started.append(OperatorHandle(process, health, metrics, log))
        return started[-1]

    yield start
    for handle in started:
        handle.process.kill()
        handle.process.wait()
