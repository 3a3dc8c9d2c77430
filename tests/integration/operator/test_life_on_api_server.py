"""A complete retraining on a real API server by operators none of which outlives a single write.

Each write is tried twice: killed before it is sent, then killed before its answer is read. The test plays
controllers, kubelet, trainer, evaluator, servers and the person who approves.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from holdfast.audit import record_of, verify_chain
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import DEPLOYMENT, JOB, MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.manifests.metadata import Manifest
from tests.cluster.control_plane import ControlPlane
from tests.integration.operator.conftest import kubectl
from tests.integration.operator.mortal_operator import MortalOperator
from tests.integration.operator.test_life_cycle_crashes import (
    INTERVAL,
    MODEL,
    MOST_LOOKS,
    POLICY,
    PROBATION,
    answered,
)
from tests.simulated_node import CANDIDATE

pytestmark = pytest.mark.integration

UNTIL_THE_RUN = timedelta(minutes=4)


class Life:
    """A model is served, retrained on schedule, agreed to, rolled out, and sees its probation through."""

    def __init__(self, cluster: KubernetesCluster, namespace: str, *, is_mortal: bool) -> None:
        """IS_MORTAL: operators are killed at every write."""
        self._cluster, self._namespace = cluster, namespace
        self.operator = MortalOperator(cluster, namespace, self._scrape_anew, is_mortal=is_mortal)
        self._requests = 0

    async def live(self) -> None:
        """Live from the first apply to the end of the probation."""
        account = {"apiVersion": "v1", "kind": "ServiceAccount"}
        await self._cluster.create({**account, "metadata": {"namespace": self._namespace, "name": "default"}})
        await self._cluster.create(placed(MODEL, self._namespace))
        await self.operator.settle()
        begin = self.operator.now() + UNTIL_THE_RUN
        policy = placed(POLICY, self._namespace)
        policy["spec"]["triggers"] = {"schedule": {"cron": f"{begin.minute} {begin.hour} * * *"}}
        await self._cluster.create(policy)
        await self.operator.settle()
        self.operator.pass_over(UNTIL_THE_RUN)
        await self.operator.settle()
        await self._approve()
        await self.operator.settle()
        for _ in range(MOST_LOOKS):
            if (await self.only(MODEL_DEPLOYMENT))["status"]["stableRevision"]["digest"] == CANDIDATE:
                break
            await self._pass_time(INTERVAL)
        await self._pass_time(PROBATION)
        await self._pass_time(PROBATION)

    async def only(self, kind: Any) -> Manifest:
        """Return the only object of a kind."""
        (found,) = await self._cluster.list(kind, self._namespace)
        return found

    async def names(self, kind: Any) -> Sequence[str]:
        """Return the names of all objects of a kind."""
        return [each["metadata"]["name"] for each in await self._cluster.list(kind, self._namespace)]

    async def _approve(self) -> None:
        run = await self.only(RETRAIN_RUN)
        assert run["status"]["approval"]
        answer = {"decision": "Approved", "approver": "ana"}
        await self._cluster.replace({**run, "spec": {**run["spec"], "approval": answer}})

    async def _pass_time(self, seconds: float) -> None:
        await self._serve_requests()
        self.operator.pass_over(timedelta(seconds=seconds))
        await self._serve_requests()
        await self.operator.settle()

    async def _scrape_anew(self) -> None:
        # What a step has counted is in memory: a new operator judges it by what it has scraped itself.
        await self.operator.observer.observe_model_deployment(
            Key(MODEL_DEPLOYMENT, self._namespace, "credit")
        )
        await self._serve_requests()
        await self._serve_requests()

    async def _serve_requests(self) -> None:
        self._requests += 300
        status = (await self.only(MODEL_DEPLOYMENT)).get("status", {})
        for role in ("stableRevision", "candidateRevision"):
            revision = status.get(role, {}).get("name")
            if revision is not None:
                counters = answered(revision, self._requests)
                self.operator.drift.steps.record(self._namespace, "credit", f"pod of {revision}", counters)


def placed(manifest: Manifest, namespace: str) -> dict[str, Any]:
    metadata = {"namespace": namespace, "name": manifest["metadata"]["name"]}
    return {**manifest, "metadata": metadata, "spec": dict(manifest["spec"])}


async def outcome(life: Life) -> Any:
    """Return what a life has come to, without names and times that no two lives share."""
    deployment, run = await life.only(MODEL_DEPLOYMENT), await life.only(RETRAIN_RUN)
    status, begun = deployment["status"], run["metadata"]["name"]
    conditions = [
        sorted((each["type"], each["status"], each["reason"]) for each in found["status"]["conditions"])
        for found in (deployment, run, await life.only(RETRAIN_POLICY))
    ]
    revisions = [(each["digest"], each.get("outcome")) for each in status["revisions"]]
    jobs = [name.replace(begun, "RUN") for name in await life.names(JOB)]
    served = [len(await life.names(DEPLOYMENT)), status["stableRevision"]["digest"], "probation" in status]
    return conditions, revisions, sorted(jobs), served, run["spec"]["trigger"]["type"]


async def test_complete_retraining_by_operators_killed_at_every_write_ends_as_an_undisturbed_one(
    plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    elsewhere = f"{namespace}-undisturbed"
    kubectl(plane, "create", "namespace", elsewhere)
    undisturbed = Life(cluster, elsewhere, is_mortal=False)
    await undisturbed.live()
    assert (await undisturbed.only(MODEL_DEPLOYMENT))["status"]["stableRevision"]["digest"] == CANDIDATE
    life = Life(cluster, namespace, is_mortal=True)
    await life.live()
    assert await outcome(life) == await outcome(undisturbed)
    writes = life.operator.cluster.writes
    assert life.operator.lives > 2 * len(writes)
    made = [name for verb, kind, name in writes if (verb, kind) == ("create", JOB.kind)]
    assert len(made) == len(set(made))
    record = record_of(await life.only(RETRAIN_RUN), f"{namespace}/nightly")
    assert record is not None
    assert verify_chain([record], record.link) == []
