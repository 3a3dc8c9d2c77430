"""The client does to a real API server what the Cluster protocol promises."""

from typing import Any

import aiohttp.web
import pytest
from kubernetes.aio.client import ApiClient, Configuration

from holdfast_operator.cluster.api import (
    AlreadyExistsError,
    ApiError,
    ConflictError,
    NotFoundError,
    reference_to,
)
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT, SERVICE, SERVICE_ACCOUNT, ResourceKind
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from tests.cluster.control_plane import ControlPlane
from tests.integration.operator.conftest import kubectl

pytestmark = pytest.mark.integration


def account(namespace: str, name: str = "account", **metadata: Any) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {"namespace": namespace, "name": name, **metadata},
    }


def model_deployment(namespace: str, name: str = "credit") -> dict[str, Any]:
    return {
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"model": {"uri": "configmap://credit"}},
    }


def service(namespace: str, **ports: int) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"namespace": namespace, "name": "service"},
        "spec": {"ports": [{"name": name, "port": port} for name, port in ports.items()]},
    }


async def test_absent_object_is_none(cluster: KubernetesCluster, namespace: str) -> None:
    assert await cluster.get(SERVICE, namespace, "nothing") is None


async def test_list_reads_all_pages_and_names_the_kind(cluster: KubernetesCluster, namespace: str) -> None:
    for index in range(5):
        await cluster.create(account(namespace, f"a{index}"))
    listed = await cluster.list(SERVICE_ACCOUNT, namespace)
    assert [each["metadata"]["name"] for each in listed] == [f"a{index}" for index in range(5)]
    assert {(each["apiVersion"], each["kind"]) for each in listed} == {("v1", "ServiceAccount")}


async def test_list_selects_by_label_and_reaches_all_namespaces(
    cluster: KubernetesCluster, namespace: str
) -> None:
    await cluster.create(account(namespace, "marked", labels={"test": namespace}))
    await cluster.create(account(namespace, "unmarked"))
    listed = await cluster.list(SERVICE_ACCOUNT, label_selector=f"test={namespace}")
    assert [each["metadata"]["name"] for each in listed] == ["marked"]


async def test_kind_that_is_not_served_is_an_error(cluster: KubernetesCluster, namespace: str) -> None:
    with pytest.raises(NotFoundError):
        await cluster.list(ResourceKind("holdfast.dev/v1alpha1", "Nothing", "nothings"), namespace)


async def test_applying_the_same_again_writes_nothing(cluster: KubernetesCluster, namespace: str) -> None:
    first = await cluster.apply(service(namespace, http=80))
    second = await cluster.apply(service(namespace, http=80))
    assert second["metadata"]["resourceVersion"] == first["metadata"]["resourceVersion"]


async def test_apply_drops_only_what_it_applied_before(
    plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    await cluster.apply(account(namespace, labels={"ours": "1", "kept": "1"}))
    kubectl(plane, "label", "--namespace", namespace, "serviceaccount/account", "theirs=1")
    live = await cluster.apply(account(namespace, labels={"kept": "2"}))
    assert live["metadata"]["labels"] == {"kept": "2", "theirs": "1"}


async def test_created_once(cluster: KubernetesCluster, namespace: str) -> None:
    await cluster.create(account(namespace))
    with pytest.raises(AlreadyExistsError):
        await cluster.create(account(namespace))


async def test_status_is_replaced_as_a_whole(cluster: KubernetesCluster, namespace: str) -> None:
    live = await cluster.create(model_deployment(namespace))
    live = await cluster.apply_status(live, {"observedGeneration": 1, "url": "http://here"})
    live = await cluster.apply_status({**live, "spec": {}}, {"observedGeneration": 2})
    assert live["status"].get("url") is None
    assert live["status"]["observedGeneration"] == 2
    assert live["spec"]["model"]["uri"] == "configmap://credit"


async def test_status_of_an_outdated_read_conflicts(cluster: KubernetesCluster, namespace: str) -> None:
    read = await cluster.create(model_deployment(namespace))
    await cluster.apply_status(read, {"observedGeneration": 1})
    with pytest.raises(ConflictError):
        await cluster.apply_status(read, {"observedGeneration": 2})


async def test_deletion_is_of_one_object_not_of_a_name(cluster: KubernetesCluster, namespace: str) -> None:
    before = reference_to(await cluster.create(account(namespace)))
    await cluster.delete(before)
    await cluster.delete(before)
    await cluster.create(account(namespace))
    with pytest.raises(ConflictError):
        await cluster.delete(before)
    assert await cluster.get(SERVICE_ACCOUNT, namespace, "account") is not None


async def test_refusal_carries_the_servers_message(cluster: KubernetesCluster, namespace: str) -> None:
    bad = model_deployment(namespace) | {"spec": {"model": {"uri": ""}}}
    with pytest.raises(ApiError, match=r"spec\.model\.uri") as raised:
        await cluster.create(bad)
    assert raised.value.status == 422
    assert raised.value.reason == "Invalid"


async def test_unreachable_server_is_an_api_error() -> None:
    configuration: Configuration = type.__call__(Configuration)
    configuration.host = "http://127.0.0.1:1"
    async with ApiClient(configuration) as client:
        with pytest.raises(ApiError) as raised:
            await KubernetesCluster(client).get(MODEL_DEPLOYMENT, "default", "credit")
    assert raised.value.status == 0


async def test_expired_page_makes_the_list_start_again() -> None:
    asked: list[dict[str, str]] = []

    async def answer(request: aiohttp.web.Request) -> aiohttp.web.Response:
        asked.append(dict(request.query))
        if "continue" in request.query:
            gone = {"kind": "Status", "reason": "Expired", "message": "too old", "code": 410}
            return aiohttp.web.json_response(gone, status=410)
        more = {"continue": "token"} if "limit" in request.query else {}
        return aiohttp.web.json_response({"items": [{"metadata": {"name": "a"}}], "metadata": more})

    application = aiohttp.web.Application()
    application.router.add_get("/api/v1/serviceaccounts", answer)
    runner = aiohttp.web.AppRunner(application)
    await runner.setup()
    await aiohttp.web.TCPSite(runner, "127.0.0.1", 0).start()
    configuration: Configuration = type.__call__(Configuration)
    configuration.host = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        async with ApiClient(configuration) as client:
            listed = await KubernetesCluster(client).list(SERVICE_ACCOUNT)
    finally:
        await runner.cleanup()
    assert len(listed) == 1
    assert asked == [{"limit": "500"}, {"limit": "500", "continue": "token"}, {}]
