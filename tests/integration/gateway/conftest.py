"""An API server with the Gateway API, and one real Gateway; apart from the one that all other tests share."""

import uuid
from collections.abc import AsyncIterator, Iterator

import pytest

from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from tests.cluster.control_plane import ControlPlane, control_plane
from tests.integration.gateway.proxy import GatewayProxy, gateway_proxy
from tests.integration.operator.conftest import CRDS, closed_client, kubectl, start_operator

__all__ = ["start_operator"]  # a fixture


@pytest.fixture(scope="package")
def plane() -> Iterator[ControlPlane]:
    """Start an API server of its own: elsewhere the kinds of the Gateway API must be missing."""
    with control_plane() as running:
        kubectl(running, "apply", "--server-side", f"--filename={CRDS}")
        yield running


@pytest.fixture(scope="package")
def proxy(plane: ControlPlane) -> Iterator[GatewayProxy]:
    """Start Contour and Envoy."""
    with gateway_proxy(plane) as running:
        yield running


@pytest.fixture
def namespace(plane: ControlPlane) -> str:
    """Make a namespace that the Gateway lets in."""
    name = f"test-{uuid.uuid4().hex[:8]}"
    kubectl(plane, "create", "namespace", name)
    kubectl(plane, "label", "namespace", name, "gateway=public")
    return name


@pytest.fixture
async def cluster(plane: ControlPlane, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[KubernetesCluster]:
    """Return the operator's own client."""
    monkeypatch.setenv("KUBECONFIG", str(plane.kubeconfig))
    async with closed_client() as client:
        yield KubernetesCluster(client)
