"""The node that the other tests run on: it is a real one, and it goes without a trace."""

import json
import os
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cluster.adapters.node import NodeAdapter
from tests.cluster.cgroups import MOUNT
from tests.cluster.image_recipes import server_image
from tests.cluster.namespace import init_pid
from tests.cluster.node import Node, running_node, start_node, stop_node
from tests.cluster.processes import is_running
from tests.cluster.running import RunningCluster, running_cluster

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(os.geteuid() != 0, reason="a node of our own needs root"),
    pytest.mark.skipif(
        os.environ.get("HOLDFAST_CLUSTER", "node") != "node",
        reason="the tests run on another kind of cluster",
    ),
]

NAMESPACE = "restricted"
RESOLVE = "import socket; print(socket.gethostbyname('web.restricted.svc'))"
# Programs of the node keep things at these fixed paths unless they are told or made not to.
TRACES = (
    "/var/lib/kubelet",
    "/var/lib/cni",
    "/var/log/pods",
    "/var/log/containers",
    "/run/containerd",
    "/run/runc",
    "/run/netns",
    "/opt/cni",
    "/opt/containerd",
    "/usr/libexec/kubernetes",
)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RunningCluster]:
    with running_cluster("node-test") as running:
        run_web(running)
        yield running


def run_web(cluster: RunningCluster) -> None:
    image = server_image()
    cluster.load_image(image)
    cluster.run_kubectl("apply", "--filename=-", stdin=json.dumps(render_web(image.ref)))
    cluster.run_kubectl("rollout", "status", "deployment/web", f"-n{NAMESPACE}", "--timeout=120s")


def render_web(image: str) -> dict[str, Any]:
    """Return a web server under Pod Security `restricted`, with its Service and a volume."""
    labels = {"app": "web"}
    restricted = {"pod-security.kubernetes.io/enforce": "restricted"}
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    pods = {"metadata": {"labels": labels}, "spec": render_pod(image)}
    deployment = {"replicas": 2, "selector": {"matchLabels": labels}, "template": pods}
    service = {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]}
    namespace = {"metadata": {"name": NAMESPACE, "labels": restricted}}
    return {
        "apiVersion": "v1",
        "kind": "List",
        "items": [
            {"apiVersion": "v1", "kind": "Namespace", **namespace},
            {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": within("data"), "spec": claim},
            {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": within("web"), "spec": deployment},
            {"apiVersion": "v1", "kind": "Service", "metadata": within("web"), "spec": service},
        ],
    }


def within(name: str) -> dict[str, str]:
    """Return the metadata of an object in the tests' namespace."""
    return {"name": name, "namespace": NAMESPACE}


def render_pod(image: str) -> dict[str, Any]:
    """Return the pod of the web server."""
    security = {"runAsNonRoot": True, "fsGroup": 65532, "seccompProfile": {"type": "RuntimeDefault"}}
    container = {
        "name": "web",
        "image": image,
        "command": ["python", "-m", "http.server", "8080", "--directory", "/data"],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
        "volumeMounts": [{"name": "data", "mountPath": "/data"}],
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
    }
    return {
        "securityContext": security,
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}],
    }


def in_pod(cluster: RunningCluster, program: str) -> str:
    words = ("exec", "deployment/web", f"--namespace={NAMESPACE}", "--", "python", "-c", program)
    return cluster.run_kubectl(*words).strip()


def test_restricted_pod_runs_and_its_log_is_read(cluster: RunningCluster) -> None:
    assert "GET / HTTP" in cluster.run_kubectl("logs", "deployment/web", f"--namespace={NAMESPACE}")


def test_service_name_resolves_to_its_cluster_ip(cluster: RunningCluster) -> None:
    address = cluster.run_kubectl(
        "get", "service", "web", f"--namespace={NAMESPACE}", "--output=jsonpath={.spec.clusterIP}"
    )
    assert in_pod(cluster, RESOLVE) == address


def test_name_outside_of_the_cluster_does_not_exist(cluster: RunningCluster) -> None:
    program = "import socket\ntry: socket.gethostbyname('example.com')\nexcept OSError as e: print(e.errno)"
    assert in_pod(cluster, program) == "-2"  # EAI_NONAME


def test_service_answers_from_a_pod(cluster: RunningCluster) -> None:
    program = "import urllib.request as r; print(r.urlopen('http://web').status)"
    assert in_pod(cluster, program) == "200"


def test_service_answers_from_this_machine(cluster: RunningCluster) -> None:
    with (
        cluster.service_url(NAMESPACE, "web", 80) as url,
        urllib.request.urlopen(url, timeout=5) as response,  # noqa: S310 - http only
    ):
        assert response.status == 200


def test_service_answers_through_a_forwarded_port(cluster: RunningCluster) -> None:
    forwarded = RunningCluster(cluster.name, cluster.kubeconfig, cluster.adapter, routed=False)
    with (
        forwarded.service_url(NAMESPACE, "web", 80) as url,
        urllib.request.urlopen(url, timeout=5) as response,  # noqa: S310 - http only
    ):
        assert url.startswith("http://127.0.0.1:")
        assert response.status == 200


def test_claim_gets_a_volume_that_its_pod_may_write(cluster: RunningCluster) -> None:
    in_pod(cluster, "open('/data/written', 'w').write('kept')")
    assert in_pod(cluster, "print(open('/data/written').read())") == "kept"


def test_audit_log_names_who_wrote(cluster: RunningCluster) -> None:
    assert cluster.audit_log is not None
    events = [json.loads(line) for line in cluster.audit_log.read_text().splitlines()]
    creators = {
        event["user"]["username"]
        for event in events
        if event["verb"] == "create" and event.get("objectRef", {}).get("resource") == "replicasets"
    }
    assert creators == {"system:serviceaccount:kube-system:deployment-controller"}


def test_two_run_at_once_and_the_second_goes_without_a_trace(cluster: RunningCluster) -> None:
    before = shared_traces()
    adapter = NodeAdapter(f"second-{os.getpid()}")
    try:
        second = adapter.start()
        assert NAMESPACE not in second.run_kubectl("get", "namespaces", "--output=name")
        run_web(second)
        node = running_node(adapter.name)
        assert node is not None
        assert traces(node) == {"processes", "link", "routes", "control groups", "folder"}
    finally:
        adapter.stop()
    assert traces(node) == set()
    assert shared_traces() == before
    assert in_pod(cluster, "print('still here')") == "still here"


def test_node_that_was_killed_is_removed_and_started_again() -> None:
    name = f"killed-{os.getpid()}"
    try:
        node = start_node(name)
        init = init_pid(node.place.folder)
        assert init is not None
        subprocess.run(["kill", "-KILL", str(init)], check=True)
        wait_for_end(init)
        assert running_node(name) is None
        assert running_node(start_node(name).place.name) is not None
    finally:
        stop_node(name)
        stop_node(name)
    assert traces(node) == set()


def wait_for_end(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)


def traces(node: Node) -> set[str]:
    """Return which kinds of things that belong to this node alone are on this machine."""
    place, network = node.place, node.place.network
    found = {
        "processes": any(commands_in(str(place.folder))),
        "mounts": str(place.folder) in Path("/proc/self/mounts").read_text(),
        "link": network.host_link in printed("ip", "-oneline", "link"),
        "routes": network.pod_subnet in printed("ip", "route"),
        "control groups": any(MOUNT.glob(f"**/holdfast/{place.name}")),
        "folder": place.folder.exists(),
    }
    return {kind for kind, is_there in found.items() if is_there}


def shared_traces() -> list[str]:
    """Return what all nodes could leave in common places."""
    return [printed("iptables-save"), *(path for path in TRACES if Path(path).exists())]


def commands_in(folder: str) -> Iterator[str]:
    for listed in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = listed.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue
        if folder in command:
            yield command


def printed(*command: str) -> str:
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout
