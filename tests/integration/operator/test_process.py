"""The operator as a process: probes, metrics, hand-over, stop."""

import asyncio
import signal
import time

import pytest

from holdfast_operator.cluster.api import ConflictError
from holdfast_operator.cluster.kinds import LEASE, SERVICE_ACCOUNT
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.handlers.watch_probe import PROBE_NAME
from tests.cluster.control_plane import ControlPlane
from tests.integration.operator.conftest import StartOperator, eventually

pytestmark = pytest.mark.integration


async def test_answers_probes_and_shows_metrics(start_operator: StartOperator) -> None:
    operator = start_operator()
    await eventually(operator.is_leading, "leading")
    assert operator.probe("/healthz") == 200
    assert operator.probe("/readyz") == 200
    assert operator.metric('holdfast_operator_build_info{version="') == 1
    assert operator.metric('holdfast_operator_objects{kind="ModelDeployment"}') == 0
    await eventually(lambda: operator.metric("holdfast_operator_watch_probe_seconds"), "the probe is back")


async def test_probe_object_goes_with_the_lease(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str
) -> None:
    operator = start_operator()
    await eventually(operator.is_leading, "leading")
    await eventually(lambda: operator.metric("holdfast_operator_watch_probe_seconds"), "the probe is back")
    lease = await cluster.get(LEASE, namespace, "holdfast-operator")
    probe = await cluster.get(SERVICE_ACCOUNT, namespace, PROBE_NAME)
    assert lease is not None
    assert probe is not None
    assert probe["metadata"]["ownerReferences"][0]["uid"] == lease["metadata"]["uid"]


async def test_stops_in_order_on_sigterm(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str
) -> None:
    operator = start_operator()
    await eventually(operator.is_leading, "leading")
    await eventually(lambda: operator.metric("holdfast_operator_watch_probe_seconds"), "watching")
    started = time.monotonic()
    operator.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(operator.process.wait, 30) == 0
    assert time.monotonic() - started < 10
    lease = await cluster.get(LEASE, namespace, "holdfast-operator")
    assert lease is not None
    assert not lease["spec"].get("holderIdentity")


async def test_stops_while_it_waits_for_the_lease(start_operator: StartOperator) -> None:
    leader = start_operator()
    await eventually(leader.is_leading, "leading")
    standby = start_operator()
    await eventually(lambda: standby.probe("/readyz") == 200, "standing by")
    assert not standby.is_leading()
    standby.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(standby.process.wait, 30) == 0


async def test_another_takes_over_from_a_killed_leader(start_operator: StartOperator) -> None:
    leader = start_operator()
    await eventually(leader.is_leading, "leading")
    standby = start_operator()
    await eventually(lambda: standby.probe("/readyz") == 200, "standing by")
    leader.process.kill()
    await eventually(standby.is_leading, "the standby leads", 20)


async def steal_lease(cluster: KubernetesCluster, namespace: str) -> bool:
    lease = await cluster.get(LEASE, namespace, "holdfast-operator")
    assert lease is not None
    try:
        await cluster.replace({**lease, "spec": {**lease["spec"], "holderIdentity": "thief"}})
    except ConflictError:
        return False
    return True


async def test_exits_when_another_holds_the_lease(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str
) -> None:
    operator = start_operator()
    await eventually(operator.is_leading, "leading")
    while not await steal_lease(cluster, namespace):
        pass  # The holder renewed in between.
    assert await asyncio.to_thread(operator.process.wait, 30) == 1
    assert any("Lease" in line["message"] for line in operator.messages())


async def test_waits_for_the_kinds_to_be_installed(
    start_operator: StartOperator, empty_plane: ControlPlane
) -> None:
    operator = start_operator(kubeconfig=empty_plane.kubeconfig)
    await eventually(lambda: operator.probe("/healthz") == 200, "alive")
    await eventually(lambda: any("CRD" in line["message"] for line in operator.messages()), "a hint")
    assert operator.probe("/readyz") == 503


async def test_logs_are_json_without_faults(start_operator: StartOperator) -> None:
    operator = start_operator()
    await eventually(operator.is_leading, "leading")
    assert {line["severity"] for line in operator.messages()} == {"info"}


async def test_settings_that_are_missing_are_named(start_operator: StartOperator) -> None:
    operator = start_operator(server_image="", workers="none")
    assert await asyncio.to_thread(operator.process.wait, 30) == 2
    assert "HOLDFAST_OPERATOR_SERVER_IMAGE" in operator.log.read_text()
    assert "HOLDFAST_OPERATOR_WORKERS" in operator.log.read_text()
