"""An API server with the definitions of all known engines, apart from the one that other tests share."""

import shutil
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from tests.cluster.control_plane import ControlPlane, control_plane, start_bound_to_us
from tests.cluster.processes import stop_recorded
from tests.cluster.programs import program
from tests.integration.engines.definitions import definitions
from tests.integration.operator.conftest import (
    CRDS,
    closed_client,
    kubectl,
    start_operator,
)

__all__ = ["start_operator"]  # a fixture


@pytest.fixture(scope="package")
def plane() -> Iterator[ControlPlane]:
    """Start an API server of its own: elsewhere the kinds of the engines must be missing."""
    with control_plane() as running:
        files = [f"--filename={path}" for path in (CRDS, *definitions())]
        kubectl(running, "apply", "--server-side", *files)
        kubectl(running, "wait", "--for=condition=Established", "--timeout=30s", *files)
        yield running


@pytest.fixture(scope="package")
def training_operator(plane: ControlPlane) -> Iterator[None]:
    """Run Kubeflow's training operator, with its controller of PyTorchJobs."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-training-operator-"))
    try:
        command: list[str | Path] = [program("training-operator"), f"--kubeconfig={plane.kubeconfig}"]
        start_bound_to_us("training-operator", command, folder)
        yield
    finally:
        stop_recorded(folder, grace_seconds=0)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def namespace(plane: ControlPlane) -> str:
    """Make a namespace."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kubectl(plane, "create", "namespace", name)
    return name


@pytest.fixture
async def cluster(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KubernetesCluster]:
    """Return the operator's own client."""
    monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig))
    async with closed_client() as client:
        yield KubernetesCluster(client)
