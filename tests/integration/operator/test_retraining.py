"""A whole retraining on a real API server; the test plays controllers, kubelet, trainer and evaluator."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from holdfast.audit import Link, record_of, verify_chain
from holdfast_operator.cluster.kinds import JOB, MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.manifests.metadata import Manifest
from tests.cluster.control_plane import ControlPlane
from tests.integration.operator.conftest import DEADLINE_SECONDS, StartOperator, eventually, kubectl
from tests.integration.operator.test_convergence import is_served, served, writes
from tests.integration.operator.test_kubernetes_cluster import model_deployment
from tests.simulated_node import CANDIDATE, simulated_node

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
async def node(cluster: KubernetesCluster, namespace: str) -> AsyncIterator[None]:
    async with simulated_node(cluster, namespace):
        yield


def policy(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "RetrainPolicy",
        "metadata": {"namespace": namespace, "name": "nightly"},
        "spec": {
            "modelDeploymentRef": {"name": "credit"},
            "trainer": {"image": "trainer:1"},
            "gate": {"checks": [{"metric": "mae", "maxRegression": "0"}]},
            "output": {"uri": "s3://models/credit"},
        },
    }


def run(namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": "holdfast.dev/v1alpha1",
        "kind": "RetrainRun",
        "metadata": {"namespace": namespace, "name": "by-hand"},
        "spec": {"policyRef": {"name": "nightly"}},
    }


async def recorded(cluster: KubernetesCluster, namespace: str) -> Manifest:
    """Wait until the run has ended and is on record."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        live = await cluster.get(RETRAIN_RUN, namespace, "by-hand")
        assert live is not None
        if "record" in (live.get("status") or {}):
            return live
        assert time.monotonic() < deadline, live.get("status")
        await asyncio.sleep(0.1)


async def retrain(cluster: KubernetesCluster, namespace: str) -> None:
    for made in (model_deployment(namespace), policy(namespace)):
        await cluster.create(made)
    await served(cluster, namespace)
    await cluster.create(run(namespace))


async def end(cluster: KubernetesCluster, namespace: str) -> tuple[Any, ...]:
    """Return what a whole retraining comes to: what serves, the verdict, and everything that was made."""
    live = await recorded(cluster, namespace)
    deployment = await cluster.get(MODEL_DEPLOYMENT, namespace, "credit")
    assert deployment is not None
    assert is_served(deployment)
    conditions = sorted(
        (each["type"], each["status"], each["reason"]) for each in live["status"]["conditions"]
    )
    jobs = sorted(each["metadata"]["name"] for each in await cluster.list(JOB, namespace))
    stable = deployment["status"]["stableRevision"]
    return stable["name"], stable["digest"], conditions, jobs, live["status"]["record"]["sequence"]


async def test_record_of_a_run_is_that_of_what_the_api_server_keeps(
    start_operator: StartOperator, plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    start_operator()
    await retrain(cluster, namespace)
    await recorded(cluster, namespace)
    read = json.loads(kubectl(plane, "get", "--namespace", namespace, "rtr/by-hand", "--output=json"))
    record = record_of(read, f"{namespace}/nightly")
    assert record is not None
    keeper = await cluster.get(RETRAIN_POLICY, namespace, "nightly")
    assert keeper is not None
    head = keeper["status"]["record"]
    assert verify_chain([record], Link(head["sequence"], head["digest"])) == []
    read["status"]["evaluation"]["verdict"] = "Fail"
    edited = record_of(read, f"{namespace}/nightly")
    assert edited is not None
    assert [fault.sequence for fault in verify_chain([edited])] == [1]


@pytest.mark.parametrize("position", [9, 12, 15, 18])
async def test_retraining_that_is_killed_after_any_write_ends_as_one_that_was_not(
    start_operator: StartOperator,
    plane: ControlPlane,
    cluster: KubernetesCluster,
    namespace: str,
    position: int,
) -> None:
    operator = start_operator(identity="operator")
    await eventually(operator.is_leading, "leading")
    await retrain(cluster, namespace)
    await eventually(lambda: len(writes(plane, namespace)) >= position, f"{position} writes")
    operator.process.kill()
    start_operator(identity="operator")
    name, digest, conditions, jobs, sequence = await end(cluster, namespace)
    assert (digest, sequence) == (CANDIDATE, 1)
    assert ("Promoted", "True", "Promoted") in conditions
    assert [job for job in jobs if job == "by-hand"] == ["by-hand"]
    assert name.startswith("credit-")
