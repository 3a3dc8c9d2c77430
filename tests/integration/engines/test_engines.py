"""Every known engine by its own definition; the test writes what the engine's controller would."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from tests.cluster.control_plane import ControlPlane
from tests.integration.engines.runs import ended, reasons, say, start, workload
from tests.integration.engines.templates import ENGINES, PYTORCH_JOB, Engine
from tests.integration.operator.conftest import StartOperator, kubectl
from tests.simulated_node import simulated_node

pytestmark = pytest.mark.integration
each_engine = pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.template["kind"])


@pytest.fixture(autouse=True)
async def node(cluster: KubernetesCluster, namespace: str) -> AsyncIterator[None]:
    async with simulated_node(cluster, namespace):
        yield


@each_engine
async def test_candidate_of_a_workload_is_judged_and_promoted(
    start_operator: StartOperator,
    plane: ControlPlane,
    cluster: KubernetesCluster,
    namespace: str,
    engine: Engine,
) -> None:
    start_operator(engines=engine.resource)
    await start(cluster, namespace, engine)
    await say(plane, namespace, engine, engine.succeeded)
    run = await ended(cluster, namespace)
    assert reasons(run)["Promoted"] == "Promoted"
    live = await workload(plane, namespace, engine)
    (owner,) = live["metadata"]["ownerReferences"]
    assert (owner["kind"], owner["name"]) == ("RetrainRun", "by-hand")


@each_engine
async def test_failure_of_a_workload_is_told_in_the_engines_words(
    start_operator: StartOperator,
    plane: ControlPlane,
    cluster: KubernetesCluster,
    namespace: str,
    engine: Engine,
) -> None:
    start_operator(engines=engine.resource)
    await start(cluster, namespace, engine)
    await say(plane, namespace, engine, engine.failed)
    run = await ended(cluster, namespace)
    assert reasons(run)["Failed"] == "WorkloadFailed"
    (failed,) = (each for each in run["status"]["conditions"] if each["type"] == "Failed")
    words = engine.failed.get("message") or engine.failed["conditions"][0]["message"]
    assert words in failed["message"]


async def test_engine_that_is_not_enabled_fails_the_run_with_the_remedy(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str
) -> None:
    start_operator()
    await start(cluster, namespace, PYTORCH_JOB)
    run = await ended(cluster, namespace)
    assert reasons(run)["Failed"] == "EngineNotEnabled"


async def test_workload_that_is_deleted_fails_the_run(
    start_operator: StartOperator, plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    start_operator(engines=PYTORCH_JOB.resource)
    await start(cluster, namespace, PYTORCH_JOB)
    live = await workload(plane, namespace, PYTORCH_JOB)
    name = live["metadata"]["name"]
    await asyncio.to_thread(kubectl, plane, "delete", PYTORCH_JOB.resource, name, "--namespace", namespace)
    run = await ended(cluster, namespace)
    assert reasons(run)["Failed"] == "WorkloadDeleted"
