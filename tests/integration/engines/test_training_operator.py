"""PyTorchJobs with Kubeflow's own controller; the test plays kubelet for the pods that it makes."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from holdfast_operator.cluster.kinds import POD
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.manifests.metadata import Manifest
from tests.cluster.control_plane import ControlPlane
from tests.integration.engines.runs import ended, reasons, start, workload
from tests.integration.engines.templates import PYTORCH_JOB
from tests.integration.operator.conftest import DEADLINE_SECONDS, StartOperator
from tests.simulated_node import TIME, simulated_node

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("training_operator")]
JOB_NAME = "training.kubeflow.org/job-name"


@pytest.fixture(autouse=True)
async def node(cluster: KubernetesCluster, namespace: str) -> AsyncIterator[None]:
    async with simulated_node(cluster, namespace):
        yield


async def master(cluster: KubernetesCluster, namespace: str) -> Manifest:
    """Wait until the controller has made the pod that trains."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = await cluster.list(POD, namespace, JOB_NAME)
        if found:
            return found[0]
        assert time.monotonic() < deadline, "the training operator made no pod"
        await asyncio.sleep(0.1)


async def end_training(cluster: KubernetesCluster, namespace: str, exit_code: int) -> Manifest:
    """Have the pod end as kubelet would report it."""
    pod = await master(cluster, namespace)
    ended_ = {"exitCode": exit_code, "reason": "Completed" if exit_code == 0 else "Error"}
    state = {"terminated": {**ended_, "startedAt": TIME, "finishedAt": TIME}}
    status = {
        "name": "pytorch",
        "image": "",
        "imageID": "",
        "ready": False,
        "restartCount": 0,
        "state": state,
    }
    phase = "Succeeded" if exit_code == 0 else "Failed"
    await cluster.apply_status(pod, {"phase": phase, "containerStatuses": [status]})
    return pod


async def test_training_by_the_real_controller_ends_in_a_promotion(
    start_operator: StartOperator, plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    start_operator(engines=PYTORCH_JOB.resource)
    await start(cluster, namespace, PYTORCH_JOB)
    pod = await end_training(cluster, namespace, 0)
    names = {each["name"] for each in pod["spec"]["containers"][0]["env"]}
    assert names >= {"HOLDFAST_RUN", "HOLDFAST_OUTPUT_DIR", "MASTER_ADDR", "WORLD_SIZE"}
    run = await ended(cluster, namespace)
    assert reasons(run)["Promoted"] == "Promoted"
    live = await workload(plane, namespace, PYTORCH_JOB)
    said = {each["type"]: each["status"] for each in live["status"]["conditions"]}
    assert said["Succeeded"] == "True", "the controller says so, not the test"


async def test_training_that_fails_fails_the_run_in_the_controllers_words(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str
) -> None:
    start_operator(engines=PYTORCH_JOB.resource)
    await start(cluster, namespace, PYTORCH_JOB)
    await end_training(cluster, namespace, 1)
    run = await ended(cluster, namespace)
    assert reasons(run)["Failed"] == "WorkloadFailed"
    (failed,) = (each for each in run["status"]["conditions"] if each["type"] == "Failed")
    assert "failed" in failed["message"]
