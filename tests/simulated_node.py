"""Plays controllers and kubelet for one namespace: Jobs succeed, Deployments become available."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from holdfast import labels
from holdfast.results import DataLookResult, EvaluationResult, InspectionResult, MetricComparison
from holdfast_operator.cluster.api import AlreadyExistsError, Cluster, ConflictError, NotFoundError
from holdfast_operator.cluster.kinds import DEPLOYMENT, JOB, POD
from holdfast_operator.manifests.metadata import LOOK, TRAINING, Manifest

TIME = "2026-01-01T00:00:00Z"
DIGEST = "sha256:" + "1" * 64
CANDIDATE = "sha256:" + "2" * 64

Message = Callable[[Manifest], str]


def good_result(job: Manifest) -> str:
    """Return the termination message of an inspection or an evaluation that went well."""
    component = job["metadata"]["labels"][labels.COMPONENT]
    if component == TRAINING:
        return evaluated().to_json()
    if component == LOOK:
        return DataLookResult(digest=DIGEST, objects=1, total_bytes=10).to_json()
    return InspectionResult(digest=DIGEST, size_bytes=1000, profile_hash="0123456789abcdef").to_json()


def evaluated() -> EvaluationResult:
    """Return the result of a candidate that is better than the champion."""
    better = MetricComparison(
        name="mae", champion=70, candidate=30, regression=-40, regression_low=-50, regression_high=-30
    )
    return EvaluationResult(
        digest=CANDIDATE,
        uri="s3://models/credit/candidate",
        size_bytes=1000,
        profile_hash="fedcba9876543210",
        champion_digest=DIGEST,
        holdout_rows=1000,
        signature="Identical",
        metrics=[better],
    )


class SimulatedNode:
    """Gives every Job its result and every Deployment its pods."""

    def __init__(self, cluster: Cluster, namespace: str, message: Message = good_result) -> None:
        self._cluster = cluster
        self._namespace = namespace
        self._message = message

    async def run(self) -> None:
        """Step until cancelled."""
        while True:
            with suppress(ConflictError, NotFoundError):  # The operator wrote in between.
                await self.step()
            await asyncio.sleep(0.05)

    async def step(self) -> None:
        """Do what is left to do."""
        for job in await self._cluster.list(JOB, self._namespace):
            if not (job.get("status") or {}).get("conditions"):
                await self._finish(job)
        for deployment in await self._cluster.list(DEPLOYMENT, self._namespace):
            status = available(deployment)
            if (deployment.get("status") or {}) != status:
                await self._cluster.apply_status(deployment, status)

    async def _finish(self, job: Manifest) -> None:
        (container,) = job["spec"]["template"]["spec"]["containers"]
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "namespace": self._namespace,
                "name": f"{job['metadata']['name']}-0",
                "labels": job["spec"]["template"]["metadata"]["labels"],
                "ownerReferences": [controller(job)],
            },
            "spec": {
                "containers": [{"name": container["name"], "image": container["image"]}],
                "automountServiceAccountToken": False,
            },
        }
        created = await self._cluster.get(POD, self._namespace, f"{job['metadata']['name']}-0")
        created = created or await self._cluster.create(pod)
        if (created.get("status") or {}).get("phase", "Pending") == "Pending":
            await self._cluster.apply_status(created, succeeded(container["name"], self._message(job)))
        await self._cluster.apply_status(job, COMPLETE)


def controller(job: Manifest) -> dict[str, Any]:
    """Return the reference by which a pod belongs to its Job."""
    names = {"name": job["metadata"]["name"], "uid": job["metadata"]["uid"], "controller": True}
    return {"apiVersion": job["apiVersion"], "kind": job["kind"], **names}


def available(deployment: Manifest) -> dict[str, Any]:
    """Return the status of a Deployment all of whose pods are available."""
    replicas = deployment["spec"]["replicas"]
    names = ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    counts = dict.fromkeys(names, replicas) if replicas else {}
    return {"observedGeneration": deployment["metadata"]["generation"], **counts}


def succeeded(container: str, message: str) -> dict[str, Any]:
    """Return the status of a pod whose only container has ended well."""
    ended = {"exitCode": 0, "reason": "Completed", "message": message, "startedAt": TIME, "finishedAt": TIME}
    state = {"name": container, "image": "", "imageID": "", "ready": False, "restartCount": 0}
    return {"phase": "Succeeded", "containerStatuses": [{**state, "state": {"terminated": ended}}]}


COMPLETE = {
    "startTime": TIME,
    "completionTime": TIME,
    "succeeded": 1,
    "uncountedTerminatedPods": {},
    "conditions": [
        {"type": kind, "status": "True", "lastProbeTime": TIME, "lastTransitionTime": TIME}
        for kind in ("SuccessCriteriaMet", "Complete")
    ],
}


@asynccontextmanager
async def simulated_node(
    cluster: Cluster, namespace: str, message: Message = good_result
) -> AsyncIterator[None]:
    """Play the node while in the block."""
    account = {"apiVersion": "v1", "kind": "ServiceAccount"}
    with suppress(AlreadyExistsError):
        await cluster.create({**account, "metadata": {"namespace": namespace, "name": "default"}})
    running = asyncio.create_task(SimulatedNode(cluster, namespace, message).run())
    try:
        yield
        assert not running.done(), running
    finally:
        running.cancel()
        await asyncio.wait([running])
