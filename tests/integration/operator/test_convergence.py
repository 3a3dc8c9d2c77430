"""The whole operator on a real API server; the test plays controllers and kubelet."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest

from holdfast_operator.cluster.api import ConflictError, reference_to
from holdfast_operator.cluster.kinds import CHILDREN, DEPLOYMENT, MODEL_DEPLOYMENT, POD, SERVICE
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.handlers.watch_probe import PROBE_NAME
from holdfast_operator.manifests.metadata import Manifest
from tests.cluster.control_plane import ControlPlane
from tests.integration.operator.conftest import (
    DEADLINE_SECONDS,
    OperatorHandle,
    StartOperator,
    eventually,
    kubectl,
)
from tests.integration.operator.test_kubernetes_cluster import model_deployment, service
from tests.simulated_node import DIGEST, simulated_node

pytestmark = pytest.mark.integration

WRITE_VERBS = {"create", "update", "patch", "delete"}


@pytest.fixture(autouse=True)
async def node(cluster: KubernetesCluster, namespace: str) -> AsyncIterator[None]:
    async with simulated_node(cluster, namespace):
        yield


async def served(cluster: KubernetesCluster, namespace: str) -> Manifest:
    """Wait until the ModelDeployment serves its target."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        live = await cluster.get(MODEL_DEPLOYMENT, namespace, "credit")
        assert live is not None
        if is_served(live):
            return live
        assert time.monotonic() < deadline, live.get("status")
        await asyncio.sleep(0.1)


def is_served(live: Manifest) -> bool:
    status = live.get("status") or {}
    conditions = {each["type"]: each["status"] for each in status.get("conditions") or ()}
    return (
        status.get("observedGeneration") == live["metadata"]["generation"]
        and (conditions.get("Ready"), conditions.get("Reconciling")) == ("True", "False")
        and conditions.get("Promoted") == "True"
    )


def writes(plane: ControlPlane, namespace: str) -> list[tuple[str, str, str]]:
    """Return verb, resource and name of what the operator wrote, without its own Lease and probe."""
    found = []
    for line in plane.audit_log.read_text().splitlines():
        event = json.loads(line)
        target = event.get("objectRef") or {}
        is_ours = event.get("userAgent") == "holdfast-operator" and event["verb"] in WRITE_VERBS
        if not is_ours or target.get("namespace") != namespace:
            continue
        if target["resource"] != "leases" and target.get("name") != PROBE_NAME:
            found.append((event["verb"], target["resource"], target.get("name", "")))
    return found


async def children(cluster: KubernetesCluster, namespace: str) -> list[Manifest]:
    listed = [
        await cluster.list(kind, namespace, "holdfast.dev/model-deployment=credit") for kind in CHILDREN
    ]
    return [child for each in listed for child in each]


async def state(cluster: KubernetesCluster, namespace: str) -> Any:
    """Return all that should be the same after any crash, without what differs between any two runs."""
    live = await cluster.get(MODEL_DEPLOYMENT, namespace, "credit")
    assert live is not None
    found = [live, *await children(cluster, namespace)]
    text = json.dumps([masked(each) for each in found], sort_keys=True)
    for uid in {each["metadata"]["uid"] for each in found}:
        text = text.replace(uid, "UID")
    return json.loads(text.replace(namespace, "NAMESPACE"))


async def settled(cluster: KubernetesCluster, namespace: str) -> Any:
    """Return the state once it has not changed for a second."""
    before, since = None, 0.0
    while (found := await state(cluster, namespace)) != before or time.monotonic() < since + 1:
        if found != before:
            before, since = found, time.monotonic()
        await asyncio.sleep(0.1)
    return found


def masked(value: Any) -> Any:
    if isinstance(value, Mapping):
        hidden = ("resourceVersion", "managedFields", "clusterIP", "clusterIPs", "generation")
        return {
            key: "MASKED" if key.lower().endswith(("time", "timestamp")) else masked(part)
            for key, part in value.items()
            if key not in hidden
        }
    return [masked(part) for part in value] if isinstance(value, list) else value


async def test_model_is_served(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str
) -> None:
    operator = start_operator()
    await cluster.create(model_deployment(namespace))
    live = await served(cluster, namespace)
    assert live["status"]["stableRevision"]["digest"] == DIGEST
    kinds = {child["kind"] for child in await children(cluster, namespace)}
    assert kinds >= {"Deployment", "Service", "ServiceAccount", "NetworkPolicy"}
    assert {line["severity"] for line in operator.messages()} <= {"info"}


async def test_nothing_is_written_at_rest(
    start_operator: StartOperator, plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    operator = start_operator(resync_seconds=5)
    await cluster.create(model_deployment(namespace))
    await served(cluster, namespace)
    await eventually(lambda: operator.metric("holdfast_operator_queue_processing ") == 0, "idle")
    await asyncio.sleep(1)  # What followed from the last event is still under way.
    before = [each["metadata"]["resourceVersion"] for each in await children(cluster, namespace)]
    written = writes(plane, namespace)
    await asyncio.sleep(14)  # Two full listings at least: the quiet period itself.
    assert writes(plane, namespace)[len(written) :] == []
    assert [each["metadata"]["resourceVersion"] for each in await children(cluster, namespace)] == before


async def test_restart_writes_no_object_anew(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str
) -> None:
    first = start_operator()
    await cluster.create(model_deployment(namespace))
    await served(cluster, namespace)
    first.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(first.process.wait, 30) == 0
    before = {each["metadata"]["uid"]: each["metadata"] for each in await children(cluster, namespace)}
    second = start_operator()
    await eventually(second.is_leading, "leading")
    done = 'holdfast_operator_reconcile_duration_seconds_count{kind="ModelDeployment"}'
    await eventually(lambda: (second.metric(done) or 0) >= 1, "looked at everything")
    after = {each["metadata"]["uid"]: each["metadata"] for each in await children(cluster, namespace)}
    assert after == before


@pytest.mark.parametrize("position", range(1, 12, 2))
async def test_killed_after_any_write_it_converges_to_the_same(
    start_operator: StartOperator,
    plane: ControlPlane,
    cluster: KubernetesCluster,
    namespace: str,
    position: int,
) -> None:
    operator = start_operator(identity="operator")
    await eventually(operator.is_leading, "leading")
    await cluster.create(model_deployment(namespace))
    await eventually(lambda: len(writes(plane, namespace)) >= position, f"{position} writes")
    operator.process.kill()
    start_operator(identity="operator")
    await served(cluster, namespace)
    disturbed = await settled(cluster, namespace)
    await remove_everything(plane, cluster, namespace)
    await cluster.create(model_deployment(namespace))
    await served(cluster, namespace)
    assert disturbed == await settled(cluster, namespace)


async def remove_everything(plane: ControlPlane, cluster: KubernetesCluster, namespace: str) -> None:
    await asyncio.to_thread(kubectl, plane, "delete", "--namespace", namespace, "modeldeployment/credit")
    for each in [*await children(cluster, namespace), *await cluster.list(POD, namespace)]:
        await cluster.delete(reference_to(each))


async def test_deleted_and_edited_children_are_repaired(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str
) -> None:
    start_operator()
    await cluster.create(model_deployment(namespace))
    await served(cluster, namespace)
    for child in await children(cluster, namespace):
        if child["kind"] != "Deployment":
            await cluster.delete(reference_to(child))
    deployment, *_ = await cluster.list(DEPLOYMENT, namespace)
    await edit_replicas(cluster, deployment, 7)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = await children(cluster, namespace)
        kinds = {child["kind"]: child for child in found}
        repaired = kinds.keys() >= {"Service", "ServiceAccount", "NetworkPolicy"}
        if repaired and kinds["Deployment"]["spec"]["replicas"] == 1:
            return
        assert time.monotonic() < deadline, sorted(kinds)
        await asyncio.sleep(0.1)


async def edit_replicas(cluster: KubernetesCluster, deployment: Manifest, replicas: int) -> None:
    metadata = {**deployment["metadata"]}
    metadata.pop("managedFields")
    while True:
        try:
            edited = {**deployment, "metadata": metadata}
            await cluster.replace({**edited, "spec": {**deployment["spec"], "replicas": replicas}})
        except ConflictError:
            deployment, *_ = await cluster.list(DEPLOYMENT, metadata["namespace"])
            metadata = {**deployment["metadata"]}
        else:
            return


async def test_objects_of_others_are_left_alone(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str
) -> None:
    theirs = service(namespace, http=80)
    theirs["metadata"]["name"] = "credit"
    before = await cluster.create(theirs)
    start_operator()
    await cluster.create(model_deployment(namespace))
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        live = await cluster.get(MODEL_DEPLOYMENT, namespace, "credit")
        assert live is not None
        conditions = {each["type"]: each for each in (live.get("status") or {}).get("conditions") or ()}
        if conditions.get("Stalled", {}).get("reason") == "NameConflict":
            break
        assert time.monotonic() < deadline, live.get("status")
        await asyncio.sleep(0.1)
    assert await cluster.get(SERVICE, namespace, "credit") == before


async def test_nothing_is_made_again_for_a_deleted_object(
    start_operator: StartOperator, plane: ControlPlane, cluster: KubernetesCluster, namespace: str
) -> None:
    operator = start_operator()
    await cluster.create(model_deployment(namespace))
    await served(cluster, namespace)
    await asyncio.to_thread(kubectl, plane, "delete", "--namespace", namespace, "modeldeployment/credit")
    objects = 'holdfast_operator_objects{kind="ModelDeployment"}'
    await eventually(lambda: operator.metric(objects) == 0, "forgotten")
    # What was observed before the deletion may still be enacted: a garbage collector would take that away.
    await eventually(lambda: is_idle(operator), "idle")
    for child in await children(cluster, namespace):
        await cluster.delete(reference_to(child))
    await eventually(lambda: is_idle(operator), "idle")
    assert await children(cluster, namespace) == []


def is_idle(operator: OperatorHandle) -> bool:
    waiting, in_work = (
        operator.metric(f"holdfast_operator_queue_{each} ") for each in ("depth", "processing")
    )
    return waiting == in_work == 0
