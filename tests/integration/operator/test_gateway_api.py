"""Routes that cannot be made are said to be so, and what serves goes on serving."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.manifests.metadata import Manifest
from tests.cluster.control_plane import ControlPlane
from tests.integration.operator.conftest import DEADLINE_SECONDS, StartOperator, kubectl
from tests.integration.operator.test_convergence import served
from tests.integration.operator.test_kubernetes_cluster import model_deployment
from tests.simulated_node import simulated_node

pytestmark = pytest.mark.integration

WITH_GATEWAY = '{"spec":{"rollout":{"traffic":{"gateway":{"parentRefs":[{"name":"public"}]}}}}}'


@pytest.fixture(autouse=True)
async def node(cluster: KubernetesCluster, namespace: str) -> AsyncIterator[None]:
    async with simulated_node(cluster, namespace):
        yield


@pytest.mark.parametrize(
    ("allowed", "reason"),
    [
        pytest.param(False, "GatewayApiOff", id="not-allowed"),
        pytest.param(True, "GatewayApiMissing", id="not-installed"),
    ],
)
async def test_missing_gateway_api_is_stalled_and_the_model_serves_on(
    start_operator: StartOperator,
    plane: ControlPlane,
    cluster: KubernetesCluster,
    namespace: str,
    allowed: bool,
    reason: str,
) -> None:
    operator = start_operator(gateway_api=allowed)
    await cluster.create(model_deployment(namespace))
    await served(cluster, namespace)
    patch = ("patch", "mdep", "credit", "--namespace", namespace, "--type=merge", "--patch", WITH_GATEWAY)
    await asyncio.to_thread(kubectl, plane, *patch)
    live = await stalled(cluster, namespace)
    conditions = {each["type"]: each for each in live["status"]["conditions"]}
    assert conditions["Stalled"]["reason"] == reason
    assert conditions["Ready"]["status"] == "True"
    assert operator.process.poll() is None
    assert {line["severity"] for line in operator.messages()} <= {"info", "warn", "warning"}


async def stalled(cluster: KubernetesCluster, namespace: str) -> Manifest:
    """Wait until the ModelDeployment says that it needs an edit."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        live = await cluster.get(MODEL_DEPLOYMENT, namespace, "credit")
        assert live is not None
        conditions = (live.get("status") or {}).get("conditions") or ()
        if any((each["type"], each["status"]) == ("Stalled", "True") for each in conditions):
            return live
        assert time.monotonic() < deadline, live.get("status")
        await asyncio.sleep(0.1)
