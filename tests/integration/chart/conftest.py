"""Rendering the chart with the real Helm, and a real API server with our CRDs."""

import json
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cluster.control_plane import ControlPlane
from tests.cluster.programs import client_program
from tests.integration.chart.values import WATCHED, Objects

CHECKOUT = Path(__file__).parents[3]
CHART = CHECKOUT / "charts" / "holdfast"
RELEASE, NAMESPACE = "hf", "chart-release"

Render = Callable[..., Objects]


def helm(*words: str | Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run Helm without a cluster; the caller looks at the exit code."""
    command = [client_program("helm"), *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def template(values: Mapping[str, Any]) -> subprocess.CompletedProcess[str]:
    """Render the chart with VALUES, once for all tests."""
    return _template(json.dumps(values, sort_keys=True))


@cache
def _template(values: str) -> subprocess.CompletedProcess[str]:
    return helm("template", RELEASE, CHART, "--namespace", NAMESPACE, "--values", "-", stdin=values)


@pytest.fixture(scope="session")
def render() -> Render:
    """Return a function from values to the rendered objects."""

    def rendered(**values: Any) -> Objects:
        done = template(values)
        assert done.returncode == 0, done.stderr
        return [each for each in yaml.safe_load_all(done.stdout) if each]

    return rendered


@pytest.fixture(scope="session")
def chart_server(api_server: ControlPlane) -> ControlPlane:
    """A real API server with our three kinds, and namespaces under Pod Security restricted."""
    kubectl(api_server, "apply", "--server-side", "--force-conflicts", "--filename", str(CHECKOUT / "crds"))
    kubectl(api_server, "wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    for namespace in (NAMESPACE, *WATCHED):
        kubectl(api_server, "create", "namespace", namespace)
        kubectl(api_server, "label", "namespace", namespace, "pod-security.kubernetes.io/enforce=restricted")
        # No controller manager does it.
        kubectl(api_server, "create", "serviceaccount", "default", "--namespace", namespace)
    return api_server


def kubectl(server: ControlPlane, *words: str, stdin: str = "") -> str:
    """Run kubectl as the administrator.

    Raises:
        AssertionError: it failed; the message is kubectl's.
    """
    command: list[str | Path] = [client_program("kubectl"), f"--kubeconfig={server.kubeconfig}", *words]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
