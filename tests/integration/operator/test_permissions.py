"""The documented permissions are enough, for one namespace and for all."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast_operator.cluster.kinds import EVENT
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from tests.cluster.control_plane import ControlPlane
from tests.integration.operator.conftest import StartOperator, eventually, kubectl
from tests.integration.operator.test_convergence import served
from tests.integration.operator.test_kubernetes_cluster import model_deployment
from tests.simulated_node import simulated_node
from tests.unit.operator.reference import rules

pytestmark = pytest.mark.integration

LEASE_RULES = [
    {"apiGroups": ["coordination.k8s.io"], "resources": ["leases"], "verbs": ["create"]},
    {
        "apiGroups": ["coordination.k8s.io"],
        "resources": ["leases"],
        "resourceNames": ["holdfast-operator"],
        "verbs": ["get", "update", "patch"],
    },
]


def grant(
    name: str, namespace: str, granted: list[dict[str, Any]], cluster_wide: bool
) -> list[dict[str, Any]]:
    scope = "Cluster" if cluster_wide else ""
    metadata = {"name": name} if cluster_wide else {"name": name, "namespace": namespace}
    api = "rbac.authorization.k8s.io"
    return [
        {"apiVersion": f"{api}/v1", "kind": f"{scope}Role", "metadata": metadata, "rules": granted},
        {
            "apiVersion": f"{api}/v1",
            "kind": f"{scope}RoleBinding",
            "metadata": metadata,
            "roleRef": {"apiGroup": api, "kind": f"{scope}Role", "name": name},
            "subjects": [{"kind": "ServiceAccount", "name": "operator", "namespace": namespace}],
        },
    ]


def limited_kubeconfig(plane: ControlPlane, namespace: str, folder: Path) -> Path:
    """Return a kubeconfig with a token of the ServiceAccount ``operator``."""
    token = kubectl(plane, "create", "token", "operator", "--namespace", namespace).strip()
    config = yaml.safe_load(plane.kubeconfig.read_text())
    for user in config["users"]:
        user["user"] = {"token": token}
    path = folder / "limited.kubeconfig"
    path.write_text(yaml.safe_dump(config))
    return path


@pytest.mark.parametrize(
    "cluster_wide", [pytest.param(False, id="one namespace"), pytest.param(True, id="all")]
)
async def test_documented_permissions_are_enough(
    start_operator: StartOperator,
    plane: ControlPlane,
    cluster: KubernetesCluster,
    namespace: str,
    tmp_path: Path,
    cluster_wide: bool,
) -> None:
    account = {"apiVersion": "v1", "kind": "ServiceAccount"}
    await cluster.create({**account, "metadata": {"namespace": namespace, "name": "operator"}})
    granted = [
        *grant(f"{namespace}-operator", namespace, yaml.safe_load(rules()), cluster_wide),
        *grant("lease", namespace, LEASE_RULES, cluster_wide=False),
    ]
    await asyncio.to_thread(kubectl, plane, "apply", "--filename=-", stdin=yaml.safe_dump_all(granted))
    kubeconfig = limited_kubeconfig(plane, namespace, tmp_path)
    watched = {"watch_namespaces": ""} if cluster_wide else {}
    operator = start_operator(kubeconfig=kubeconfig, **watched)
    async with simulated_node(cluster, namespace):
        await cluster.create(model_deployment(namespace))
        await served(cluster, namespace)
    await eventually(lambda: operator.metric("holdfast_operator_watch_probe_seconds"), "the probe is back")
    assert await cluster.list(EVENT, namespace)
    operator.process.send_signal(signal.SIGTERM)
    assert await asyncio.to_thread(operator.process.wait, 30) == 0
    assert "Forbidden" not in operator.log.read_text()
