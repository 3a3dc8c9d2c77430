"""A namespace of a real API server with our three kinds, as the commands find it: by KUBECONFIG."""

import uuid

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.integration.api.conftest import CRDS
from tests.integration.api.kubectl import Kubectl
from tests.unit.cli.invocation import Run, runner


@pytest.fixture(scope="session")
def cli_server(api_server: ControlPlane) -> Kubectl:
    """Kubectl against the API server once it serves the three kinds."""
    kubectl = Kubectl(api_server.kubeconfig)
    kubectl.ok("apply", "--server-side", f"--filename={CRDS}")
    kubectl.ok("wait", "--for=condition=Established", "--timeout=60s", f"--filename={CRDS}")
    return kubectl


@pytest.fixture
def namespace(cli_server: Kubectl, monkeypatch: pytest.MonkeyPatch) -> Kubectl:
    """Kubectl in a new namespace; KUBECONFIG leads to its API server."""
    name = f"cli-{uuid.uuid4().hex[:8]}"
    cli_server.ok("create", "namespace", name)
    monkeypatch.setenv("KUBECONFIG", str(cli_server.kubeconfig))
    return Kubectl(cli_server.kubeconfig, name)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line with these words."""
    return runner(monkeypatch, capsys)
