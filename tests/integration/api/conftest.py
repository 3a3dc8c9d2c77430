"""The CRDs on the API server, and a namespace for each test."""

import itertools
from pathlib import Path

import pytest

from tests.cluster.control_plane import ControlPlane
from tests.cluster.processes import wait_until
from tests.integration.api.kubectl import Kubectl

CRDS = Path(__file__).parents[3] / "crds"
_PLURALS = ("modeldeployments", "retrainpolicies", "retrainruns")
_NUMBERS = itertools.count()


@pytest.fixture(scope="session")
def served(api_server: ControlPlane) -> Kubectl:
    """Kubectl against the API server once it serves the three kinds."""
    kubectl = Kubectl(api_server.kubeconfig)
    kubectl.ok("apply", "--server-side", f"--filename={CRDS}")
    kubectl.ok("wait", "--for=condition=Established", "--timeout=60s", f"--filename={CRDS}")
    for plural in _PLURALS:
        wait_until(lambda plural=plural: kubectl.run("get", plural).returncode == 0, plural, [], 60)  # type: ignore[misc] # mypy cannot infer a lambda with a default
    return kubectl


@pytest.fixture
def kubectl(served: Kubectl) -> Kubectl:
    """Kubectl in an empty namespace."""
    namespace = f"test-{next(_NUMBERS)}"
    served.ok("create", "namespace", namespace)
    return Kubectl(served.kubeconfig, namespace)
