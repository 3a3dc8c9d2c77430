"""Alerts of a real Alertmanager start runs on a real API server; the test plays controllers and kubelet."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from holdfast_operator.cluster.kinds import RETRAIN_POLICY, RETRAIN_RUN
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.handlers.alert_receiver import PATH
from tests.cluster.control_plane import free_ports
from tests.integration.operator.conftest import (
    DEADLINE_SECONDS,
    OperatorHandle,
    StartOperator,
    eventually,
)
from tests.integration.operator.running_alertmanager import running_alertmanager
from tests.integration.operator.test_convergence import served
from tests.integration.operator.test_kubernetes_cluster import model_deployment
from tests.integration.operator.test_retraining import policy
from tests.simulated_node import simulated_node
from tests.unit.operator.cluster.notifications import alert, notification

pytestmark = pytest.mark.integration

TOKEN = "as-secret-as-can-be"


@pytest.fixture(autouse=True)
async def node(cluster: KubernetesCluster, namespace: str) -> AsyncIterator[None]:
    async with simulated_node(cluster, namespace):
        yield


@pytest.fixture
def token(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.write_text(TOKEN)
    return path


def waiting(namespace: str) -> dict[str, Any]:
    made = policy(namespace)
    made["spec"] |= {
        "triggers": {"alert": {"matchLabels": {"alertname": "ManyErrors"}}},
        "limits": {"cooldownSeconds": 0},
    }
    return made


async def serve(cluster: KubernetesCluster, namespace: str) -> None:
    for made in (model_deployment(namespace), waiting(namespace)):
        await cluster.create(made)
    await served(cluster, namespace)


async def run_of(cluster: KubernetesCluster, namespace: str) -> str:
    """Wait for the run, and return its name."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not (runs := await cluster.list(RETRAIN_RUN, namespace)):
        live = await cluster.get(RETRAIN_POLICY, namespace, "nightly")
        assert time.monotonic() < deadline, live and live.get("status")
        await asyncio.sleep(0.1)
    (name,) = [run["metadata"]["name"] for run in runs]
    return str(name)


def counted(operator: OperatorHandle, outcome: str) -> float:
    return operator.metric(f'holdfast_operator_alerts_total{{outcome="{outcome}"}}') or 0


async def test_alert_that_an_operator_in_waiting_takes_starts_one_run_of_the_leader(
    start_operator: StartOperator,
    cluster: KubernetesCluster,
    namespace: str,
    tmp_path: Path,
    token: Path,
) -> None:
    leader = start_operator()
    await eventually(leader.is_leading, "leading")
    (port,) = free_ports(1)
    other = start_operator(alert_token_file=token, alert_port=port)
    await eventually(lambda: other.probe("/readyz") == 200, "ready")
    await serve(cluster, namespace)
    url = f"http://127.0.0.1:{port}{PATH}"
    with running_alertmanager(tmp_path, url, token) as alertmanager:
        await asyncio.to_thread(alertmanager.fire, alertname="ManyErrors", namespace=namespace)
        await asyncio.to_thread(alertmanager.fire, alertname="ManyErrors", namespace="elsewhere")
        name = await run_of(cluster, namespace)
        await eventually(lambda: counted(other, "Known") >= 2, "it is repeated")
    assert not other.is_leading()
    assert name.startswith("nightly-alert-")
    assert counted(other, "Recorded") == 1
    assert await run_of(cluster, namespace) == name
    live = await cluster.get(RETRAIN_RUN, namespace, name)
    assert live is not None
    assert live["spec"]["trigger"]["evidence"]["alertname"] == "ManyErrors"


async def test_alert_outlives_the_operator_that_answered_for_it(
    start_operator: StartOperator, cluster: KubernetesCluster, namespace: str, token: Path
) -> None:
    leader = start_operator()
    await eventually(leader.is_leading, "leading")
    await serve(cluster, namespace)
    leader.process.kill()
    (port,) = free_ports(1)
    receiver = start_operator(alert_token_file=token, alert_port=port, lease_name="another")
    await eventually(lambda: receiver.probe("/readyz") == 200, "ready")
    body, headers = notification(alert(namespace=namespace)), {"Authorization": f"Bearer {TOKEN}"}
    answer = await asyncio.to_thread(
        httpx.post, f"http://127.0.0.1:{port}{PATH}", content=body, headers=headers
    )
    receiver.process.kill()
    assert answer.json() == {"Recorded": 1}
    start_operator(identity="next")
    assert (await run_of(cluster, namespace)).startswith("nightly-alert-")
