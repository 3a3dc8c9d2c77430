"""The route that the operator makes, at a real Gateway: exact shares, and no request lost at a change."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import pytest

from holdfast_operator.api.gateway import Gateway
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.cluster.kinds import HTTP_ROUTE
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.manifests.http_route import Backend, render_http_route
from holdfast_operator.manifests.metadata import Manifest
from holdfast_operator.manifests.service import render_routed_service
from tests.cluster.control_plane import ControlPlane
from tests.integration.api.kubectl import Kubectl
from tests.integration.gateway.asking import Client, SteadyRequests, is_share
from tests.integration.gateway.backends import Ports, endpoint_slice, revisions
from tests.integration.gateway.proxy import GATEWAY, GATEWAY_NAMESPACE, GatewayProxy
from tests.integration.operator.test_manifests import assert_accepted_strictly
from tests.unit.operator.manifests.samples import every_child

pytestmark = pytest.mark.integration

STABLE, CANDIDATE = "credit-stable", "credit-candidate"
HOST = "credit.example.com"
REQUESTS = 1500
ROUTES = {name: child for name, child in every_child().items() if child["kind"] == "HTTPRoute"}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ports]:
    with revisions("credit", [STABLE, CANDIDATE], tmp_path_factory.mktemp("servers")) as ports:
        yield ports


class RoutedModel:
    """A model with two revisions behind the Gateway."""

    def __init__(self, cluster: KubernetesCluster, namespace: str, hostnames: list[str]) -> None:
        self._cluster = cluster
        parent = {"name": GATEWAY, "namespace": GATEWAY_NAMESPACE}
        self._gateway = Gateway.model_validate({"parentRefs": [parent], "hostnames": hostnames})
        self._resource = ModelDeployment.model_validate(
            {
                "metadata": {"name": "credit", "namespace": namespace, "uid": "uid-of-credit"},
                "spec": {"model": {"uri": "configmap://credit"}},
            }
        )

    async def make_services(self, ports: Ports, kubectl: Kubectl) -> None:
        for revision, each in ports.items():
            service = await self._cluster.apply(render_routed_service(self._resource, revision))
            kubectl.apply(endpoint_slice(service, each))

    async def weigh(self, candidate: int) -> None:
        """Give the candidate its share, and wait until the Gateway has accepted it."""
        backends = [Backend(STABLE, 100 - candidate), Backend(CANDIDATE, candidate)]
        await self._cluster.apply(render_http_route(self._resource, self._gateway, backends))
        deadline = time.monotonic() + 30
        while not is_accepted(live := await self.route()):
            assert time.monotonic() < deadline, live
            await asyncio.sleep(0.02)

    async def route(self) -> Manifest:
        live = await self._cluster.get(HTTP_ROUTE, self._resource.metadata.namespace, "credit")
        assert live is not None
        return live


def is_accepted(route: Manifest) -> bool:
    said = {
        each["type"]: (each["status"], each["observedGeneration"])
        for parent in route.get("status", {}).get("parents", [])
        for each in parent["conditions"]
    }
    wanted = ("True", route["metadata"]["generation"])
    return (said.get("Accepted"), said.get("ResolvedRefs")) == (wanted, wanted)


@pytest.fixture
async def model(
    plane: ControlPlane, cluster: KubernetesCluster, namespace: str, served: Ports
) -> AsyncIterator[RoutedModel]:
    model = RoutedModel(cluster, namespace, [HOST])
    kubectl = Kubectl(plane.kubeconfig, namespace)
    await model.make_services(served, kubectl)
    yield model
    kubectl.ok("delete", "httproute", "credit")


@pytest.fixture
def client(proxy: GatewayProxy) -> Iterator[Client]:
    with Client(proxy.url, "credit", HOST) as client:
        yield client


@pytest.mark.usefixtures("proxy")
@pytest.mark.parametrize("name", ROUTES)
def test_route_is_accepted_strictly_and_without_a_warning(
    name: str, plane: ControlPlane, namespace: str
) -> None:
    assert_accepted_strictly(ROUTES[name], plane, namespace)


async def test_candidate_gets_its_share_of_the_requests(model: RoutedModel, client: Client) -> None:
    await model.weigh(10)
    await client.until_answered()
    await asyncio.to_thread(client.ask, REQUESTS)
    assert is_share(client.answers[CANDIDATE], REQUESTS, 10), client.answers
    assert client.answers.total() == REQUESTS, client.failures


async def test_change_of_weights_loses_no_request(model: RoutedModel, client: Client) -> None:
    await model.weigh(0)
    await client.until_answered()
    with SteadyRequests(client):
        for weight in (10, 50, 90, 100, 0):
            await model.weigh(weight)
            await client.until_answered_again(100)
    assert not client.failures
    assert client.answers[CANDIDATE] > 100
