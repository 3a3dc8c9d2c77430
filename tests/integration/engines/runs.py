"""A run that another engine trains for, followed on a real API server."""

import asyncio
import json
import time
from typing import Any

from holdfast_operator.cluster.kinds import RETRAIN_RUN
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.manifests.metadata import Manifest
from tests.cluster.control_plane import ControlPlane
from tests.integration.engines.templates import Engine
from tests.integration.operator.conftest import DEADLINE_SECONDS, kubectl
from tests.integration.operator.test_convergence import served
from tests.integration.operator.test_kubernetes_cluster import model_deployment
from tests.integration.operator.test_retraining import policy, run

RUN = "by-hand"


async def start(cluster: KubernetesCluster, namespace: str, engine: Engine) -> None:
    """Serve a model and start a run that the engine trains for."""
    made = policy(namespace)
    del made["spec"]["trainer"]
    handover = {"uri": "pvc://training/runs"}
    made["spec"]["workload"] = {"template": engine.template, "handover": handover}
    await cluster.create(model_deployment(namespace))
    await served(cluster, namespace)
    await cluster.create(made)
    await cluster.create(run(namespace))


async def workload(plane: ControlPlane, namespace: str, engine: Engine) -> Manifest:
    """Wait until the operator has made the run's workload."""
    command = ("get", engine.resource, "--namespace", namespace, "--output=json")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = json.loads(await asyncio.to_thread(kubectl, plane, *command))["items"]
        if found:
            (live,) = found
            return dict(live)
        assert time.monotonic() < deadline, kubectl(plane, "get", "rtr", "-n", namespace, "--output=yaml")
        await asyncio.sleep(0.1)


async def say(plane: ControlPlane, namespace: str, engine: Engine, status: Any) -> None:
    """Write the workload's status as its controller would."""
    live = await workload(plane, namespace, engine)
    command = ["patch", engine.resource, live["metadata"]["name"], "--namespace", namespace, "--type=merge"]
    has_subresource = engine.resource not in _WITHOUT_STATUS_SUBRESOURCE
    command += ["--subresource=status"] if has_subresource else []
    await asyncio.to_thread(kubectl, plane, *command, "--patch", json.dumps({"status": dict(status)}))


_WITHOUT_STATUS_SUBRESOURCE = frozenset({"workflows.argoproj.io"})


async def ended(cluster: KubernetesCluster, namespace: str) -> Manifest:
    """Wait until the run has ended."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        live = await cluster.get(RETRAIN_RUN, namespace, RUN)
        assert live is not None
        if "completionTime" in (live.get("status") or {}):
            return live
        assert time.monotonic() < deadline, live.get("status")
        await asyncio.sleep(0.1)


def reasons(live: Manifest) -> dict[str, str]:
    """Return the reason of each condition that is True."""
    return {each["type"]: each["reason"] for each in live["status"]["conditions"] if each["status"] == "True"}
