"""What trains for a run is read with the troubles of its Job, or as the workload that the status names."""

from typing import Any

import pytest

from holdfast import labels
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.cluster.api import ApiError
from holdfast_operator.cluster.observe_training import TrainingObserver
from holdfast_operator.manifests.metadata import Manifest
from tests.fakes import FakeCluster
from tests.unit.operator.core.builders import retrain_run
from tests.unit.operator.core.workload_runs import ANNOUNCED, live_workload, workload_policy


def put(cluster: FakeCluster, kind: str, name: str, **fields: Any) -> Manifest:
    versions = {"Job": "batch/v1", "Event": "events.k8s.io/v1"}
    metadata = {"namespace": "bank", "name": name, **fields.pop("metadata", {})}
    return cluster.put({"apiVersion": versions.get(kind, "v1"), "kind": kind, "metadata": metadata, **fields})


def pod_of(cluster: FakeCluster, job: Manifest, name: str) -> Manifest:
    owner = {"uid": job["metadata"]["uid"], "controller": True}
    return put(cluster, "Pod", name, metadata={"labels": {labels.RUN: "again"}, "ownerReferences": [owner]})


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


def workload_run() -> RetrainRun:
    return retrain_run(status=ANNOUNCED)


async def test_pods_are_those_of_the_job_and_complaints_are_left_alone(cluster: FakeCluster) -> None:
    job = put(cluster, "Job", "again")
    pod_of(cluster, job, "again-0")
    put(cluster, "Pod", "of-an-engine", metadata={"labels": {labels.RUN: "again"}})
    seen = await TrainingObserver(cluster).observe(retrain_run(), None, job)
    assert [pod["metadata"]["name"] for pod in seen.pods] == ["again-0"]
    assert (seen.events, seen.workload, seen.refusal) == ((), None, None)


async def test_complaints_about_a_job_without_pods_are_read(cluster: FakeCluster) -> None:
    job = put(cluster, "Job", "again")
    about = {"uid": job["metadata"]["uid"]}
    put(cluster, "Event", "ours", regarding=about, reason="FailedCreate")
    put(cluster, "Event", "other-reason", regarding=about, reason="SuccessfulCreate")
    put(cluster, "Event", "of-another", regarding={"uid": "other"}, reason="FailedCreate")
    seen = await TrainingObserver(cluster).observe(retrain_run(), None, job)
    assert [event["metadata"]["name"] for event in seen.events] == ["ours"]


async def test_run_without_a_job_has_nothing_to_read(cluster: FakeCluster) -> None:
    seen = await TrainingObserver(cluster).observe(retrain_run(), None, None)
    assert (seen.pods, seen.events, seen.workload) == ((), (), None)


async def test_workload_that_the_status_names_is_read(cluster: FakeCluster) -> None:
    cluster.put(live_workload())
    seen = await TrainingObserver(cluster).observe(workload_run(), workload_policy(), None)
    assert seen.workload is not None
    assert seen.workload["kind"] == "PyTorchJob"


@pytest.mark.parametrize(
    ("policy", "is_read"),
    [
        pytest.param(workload_policy(serviceAccountName="trainer"), True, id="named"),
        pytest.param(workload_policy(), False, id="none-named"),
        pytest.param(None, False, id="no-policy"),
    ],
)
async def test_service_account_is_read_before_the_workload_is_made(
    cluster: FakeCluster, policy: RetrainPolicy | None, *, is_read: bool
) -> None:
    put(cluster, "ServiceAccount", "trainer")
    seen = await TrainingObserver(cluster).observe(workload_run(), policy, None)
    assert (seen.service_account is not None) is is_read


@pytest.mark.parametrize(("status", "is_refusal"), [(403, True), (500, False)])
async def test_right_to_read_that_is_missing_is_told_from_trouble(
    cluster: FakeCluster, status: int, *, is_refusal: bool
) -> None:
    def fail() -> None:
        raise ApiError(status, "Because", "cannot get resource")

    cluster.before_read = fail
    observing = TrainingObserver(cluster).observe(workload_run(), workload_policy(), None)
    if not is_refusal:
        with pytest.raises(ApiError):
            await observing
        return
    refusal = (await observing).refusal
    assert refusal is not None
    assert (refusal.kind, refusal.status) == ("PyTorchJob", 403)
