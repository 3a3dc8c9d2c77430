"""The operator and a real Gateway: a new revision takes over without a failed request, and a no is told."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from holdfast import labels
from holdfast_operator.cluster.kinds import HTTP_ROUTE, MODEL_DEPLOYMENT, SERVICE
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.manifests.metadata import Manifest
from tests.cluster.control_plane import ControlPlane
from tests.integration.api.kubectl import Kubectl
from tests.integration.gateway.asking import Client, SteadyRequests
from tests.integration.gateway.backends import Ports, endpoint_slice, revisions
from tests.integration.gateway.proxy import GATEWAY, GATEWAY_NAMESPACE, GatewayProxy
from tests.integration.operator.conftest import StartOperator
from tests.integration.operator.test_convergence import served
from tests.integration.operator.test_gateway_api import stalled
from tests.integration.operator.test_kubernetes_cluster import model_deployment
from tests.simulated_node import simulated_node

pytestmark = pytest.mark.integration

HOST = "operated.example.com"
SERVERS = ("first", "second")


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    with revisions("credit", list(SERVERS), tmp_path_factory.mktemp("servers")) as ports:
        yield ports


def routed(namespace: str) -> Manifest:
    parents = [{"name": GATEWAY, "namespace": GATEWAY_NAMESPACE}]
    gateway = {"parentRefs": parents, "hostnames": [HOST]}
    made = model_deployment(namespace)
    return {**made, "spec": {**made["spec"], "rollout": {"traffic": {"gateway": gateway}}}}


@asynccontextmanager
async def endpoints(cluster: KubernetesCluster, kubectl: Kubectl, servers: Ports) -> AsyncIterator[None]:
    """Play the EndpointSlice controller: each revision that comes is served by the next server."""
    given: dict[str, str] = {}

    async def run() -> None:
        while True:
            for service in await cluster.list(SERVICE, kubectl.namespace):
                name = service["metadata"]["name"]
                if service["spec"]["selector"].get(labels.REVISION) == name and name not in given:
                    given[name] = SERVERS[len(given)]
                    made = endpoint_slice(service, servers[given[name]])
                    await asyncio.to_thread(kubectl.apply, made)
            await asyncio.sleep(0.05)

    running = asyncio.create_task(run())
    try:
        yield
        assert not running.done(), running
    finally:
        running.cancel()
        await asyncio.wait([running])


@pytest.fixture
async def kubectl(
    plane: ControlPlane, cluster: KubernetesCluster, namespace: str, servers: Ports
) -> AsyncIterator[Kubectl]:
    kubectl = Kubectl(plane.kubeconfig, namespace)
    async with simulated_node(cluster, namespace), endpoints(cluster, kubectl, servers):
        yield kubectl
    kubectl.ok("delete", "httproute", "--all")


async def test_new_revision_takes_over_without_a_failed_request(
    start_operator: StartOperator,
    proxy: GatewayProxy,
    kubectl: Kubectl,
    cluster: KubernetesCluster,
    namespace: str,
) -> None:
    operator = start_operator(gateway_api=True)
    await cluster.create(routed(namespace))
    before = await served(cluster, namespace)
    conditions = {each["type"]: each["reason"] for each in before["status"]["conditions"]}
    assert conditions["RouteAccepted"] == "RouteAccepted"
    with Client(proxy.url, "credit", HOST) as client:
        await client.until_answered()
        with SteadyRequests(client):
            await client.until_answered_again(100)
            patch = '{"spec":{"server":{"threads":2}}}'
            await asyncio.to_thread(kubectl.ok, "patch", "mdep", "credit", "--type=merge", "--patch", patch)
            after = await served(cluster, namespace)
            await client.until_answered_again(200)
        assert not client.failures
        assert client.answers.keys() == set(SERVERS)
        client.answers.clear()
        await asyncio.to_thread(client.ask, 50)
        assert client.answers.keys() == {"second"}
    assert after["status"]["stableRevision"]["name"] != before["status"]["stableRevision"]["name"]
    assert {line["severity"] for line in operator.messages()} <= {"info"}


async def test_gateway_that_does_not_let_the_namespace_in_is_told(
    start_operator: StartOperator, kubectl: Kubectl, cluster: KubernetesCluster, namespace: str
) -> None:
    kubectl.ok("label", "namespace", namespace, "gateway-")
    start_operator(gateway_api=True)
    await cluster.create(routed(namespace))
    live = await stalled(cluster, namespace)
    conditions = {each["type"]: each for each in live["status"]["conditions"]}
    assert conditions["Stalled"]["reason"] == "RouteRefused"
    assert "NotAllowedByListeners" in conditions["Stalled"]["message"]
    assert conditions["Ready"]["status"] == "True"
    kubectl.ok("label", "namespace", namespace, "gateway=public")
    await served(cluster, namespace)
    assert await cluster.get(HTTP_ROUTE, namespace, "credit") is not None
    assert await cluster.get(MODEL_DEPLOYMENT, namespace, "credit") is not None
