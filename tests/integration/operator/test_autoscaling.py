"""Numbers of pods that the real autoscaler sets stay, whichever object it scales."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from holdfast_operator.cluster.kinds import DEPLOYMENT
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.manifests.metadata import Manifest
from tests.cluster.control_plane import ControlPlane
from tests.integration.operator.autoscaler import autoscaler
from tests.integration.operator.conftest import DEADLINE_SECONDS, StartOperator, kubectl
from tests.integration.operator.test_convergence import served
from tests.integration.operator.test_kubernetes_cluster import model_deployment
from tests.simulated_node import simulated_node

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module", autouse=True)
def controller(plane: ControlPlane) -> Iterator[None]:
    with autoscaler(plane):
        yield


@pytest.fixture(autouse=True)
async def node(cluster: KubernetesCluster, namespace: str) -> AsyncIterator[None]:
    async with simulated_node(cluster, namespace):
        yield


class Model:
    """The ModelDeployment under test, as a user sees it."""

    def __init__(self, plane: ControlPlane, cluster: KubernetesCluster, namespace: str) -> None:
        self._plane = plane
        self._cluster = cluster
        self._namespace = namespace

    async def edit(self, **spec: Any) -> None:
        patch = ("patch", "mdep", "credit", "--namespace", self._namespace, "--type=merge", "--patch")
        await asyncio.to_thread(kubectl, self._plane, *patch, json.dumps({"spec": spec}))

    async def deployment(self, replicas: int, deadline_seconds: int) -> Manifest:
        """Wait until the only Deployment wants so many pods, and has been applied with the deadline."""
        end = time.monotonic() + DEADLINE_SECONDS
        while True:
            found = await self._cluster.list(DEPLOYMENT, self._namespace)
            specs = [each["spec"] for each in found]
            wanted = (replicas, deadline_seconds)
            if [(each["replicas"], each["progressDeadlineSeconds"]) for each in specs] == [wanted]:
                return found[0]
            assert time.monotonic() < end, specs
            await asyncio.sleep(0.1)


@pytest.fixture
def model(plane: ControlPlane, cluster: KubernetesCluster, namespace: str) -> Model:
    return Model(plane, cluster, namespace)


def scalers(deployment: Manifest) -> set[str]:
    """Return who owns the number of pods."""
    return {
        entry["manager"]
        for entry in deployment["metadata"]["managedFields"]
        if "f:replicas" in entry["fieldsV1"].get("f:spec", {})
    }


async def test_number_of_the_models_autoscaler_stays(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str, model: Model
) -> None:
    start_operator()
    made = model_deployment(namespace)
    spec = {**made["spec"], "server": {"autoscaling": {"minReplicas": 2, "maxReplicas": 6}}}
    await cluster.create({**made, "spec": spec})
    await served(cluster, namespace)
    assert scalers(await model.deployment(2, 600)) == {"holdfast"}
    await model.edit(server={"autoscaling": {"minReplicas": 4}})
    await model.deployment(4, 600)
    await model.edit(rollout={"progressDeadlineSeconds": 300})
    assert scalers(await model.deployment(4, 300)) == {"kube-controller-manager"}
    live = await served(cluster, namespace)
    assert live["status"]["replicas"] == 4
    await model.edit(server={"autoscaling": {"minReplicas": 1, "maxReplicas": 3}})
    await model.deployment(3, 300)


async def test_candidate_takes_over_with_as_many_pods_as_were_scaled_to(
    start_operator: StartOperator,
    plane: ControlPlane,
    cluster: KubernetesCluster,
    namespace: str,
    model: Model,
) -> None:
    start_operator()
    made = model_deployment(namespace)
    spec = {**made["spec"], "server": {"autoscaling": {"minReplicas": 1, "maxReplicas": 6}}}
    await cluster.create({**made, "spec": spec})
    before = await served(cluster, namespace)
    name = before["status"]["stableRevision"]["name"]
    await asyncio.to_thread(
        kubectl, plane, "scale", f"deployment/{name}", "--replicas=5", "--namespace", namespace
    )
    await model.deployment(5, 600)
    await model.edit(server={"threads": 2})
    after = await served(cluster, namespace)
    assert after["status"]["stableRevision"]["name"] != name
    await model.deployment(5, 600)


async def test_own_autoscaler_of_a_user_scales_the_model_itself(
    start_operator: StartOperator,
    plane: ControlPlane,
    cluster: KubernetesCluster,
    namespace: str,
    model: Model,
) -> None:
    start_operator()
    await cluster.create(model_deployment(namespace))
    await served(cluster, namespace)
    theirs = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "theirs", "namespace": namespace},
        "spec": {
            "scaleTargetRef": {
                "apiVersion": "holdfast.dev/v1alpha1",
                "kind": "ModelDeployment",
                "name": "credit",
            },
            "minReplicas": 3,
            "maxReplicas": 5,
        },
    }
    await asyncio.to_thread(kubectl, plane, "create", "--filename=-", stdin=json.dumps(theirs))
    await model.deployment(3, 600)
    live = await served(cluster, namespace)
    assert live["spec"]["server"]["replicas"] == 3
