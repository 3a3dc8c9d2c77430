"""One-node Kubernetes clusters from their own programs, each in namespaces of its own; several at once."""

import contextlib
import fcntl
import json
import os
import re
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.api_server import ApiServerPlace, api_server_command, etcd_command
from tests.cluster.certificates import Credentials, Identity, make_credentials
from tests.cluster.cgroups import make_cgroups, remove_cgroups
from tests.cluster.control_plane import answers
from tests.cluster.errors import ClusterError
from tests.cluster.image_build import Image
from tests.cluster.image_recipes import pause_image
from tests.cluster.mounts import remove_tree
from tests.cluster.namespace import init_pid, start_inside, start_namespace, stop_namespace
from tests.cluster.network import NodeNetwork, choose_network, connect, disconnect
from tests.cluster.node_configuration import (
    NODE_NAME,
    NodePlace,
    containerd_command,
    controller_manager_command,
    coredns_command,
    kube_proxy_command,
    kubelet_command,
    scheduler_command,
)
from tests.cluster.node_objects import VOLUMES, render_node_objects, volume_folder
from tests.cluster.packages import NODE_PROGRAMS, require_programs
from tests.cluster.processes import Daemon, wait_until
from tests.cluster.programs import program, program_set
from tests.cluster.progress import step

READY_TIMEOUT_SECONDS = 120.0
_NAME = re.compile(r"[a-z0-9]([a-z0-9-]{0,28}[a-z0-9])?")


@dataclass(frozen=True)
class Node:
    """A running one-node cluster."""

    place: NodePlace
    kubeconfig: Path
    audit_log: Path


def nodes_folder() -> Path:
    """Return the folder with one folder per node: $HOLDFAST_RUN, else /var/lib/holdfast-clusters."""
    folder = Path(os.environ.get("HOLDFAST_RUN", "/var/lib/holdfast-clusters"))
    if folder.is_relative_to("/run"):
        raise ClusterError(f"HOLDFAST_RUN={folder}: nodes have a /run of their own; choose another place")
    return folder


def start_node(name: str) -> Node:
    """Start the node NAME and return it when it is Ready; one that runs already is returned as it is.

    Raises:
        ClusterError: not root, or something is missing, or a part did not become ready; nothing is left then.
    """
    running = running_node(name)
    if running is not None:
        return running
    _require_root()
    require_programs(*NODE_PROGRAMS)
    program_set("kubernetes"), program_set("etcd"), program_set("coredns")
    pause = pause_image()
    stop_node(name)  # what an interrupted start or a reboot may have left
    place = _claim(name)
    try:
        with step(f"starting Kubernetes node {name} (about 10 seconds)"):
            return _start(place, pause)
    except BaseException:
        stop_node(name)
        raise


def running_node(name: str) -> Node | None:
    """Return the node NAME if it was started completely and still runs."""
    folder = nodes_folder() / _checked(name)
    if init_pid(folder) is None or not (folder / "ready").exists():
        return None
    network = NodeNetwork(json.loads((folder / "node.json").read_text())["index"])
    return _node(NodePlace(name, folder, network))


def stop_node(name: str) -> None:
    """Remove the node NAME without a trace, in whatever state it is; none there is fine."""
    folder = nodes_folder() / _checked(name)
    if not folder.exists():
        return
    _require_root()
    stop_namespace(folder)
    place = NodePlace(name, folder, NodeNetwork(_index(folder)))
    remove_cgroups(place.cgroup)
    if _index(folder) >= 0:
        disconnect(place.network)
    remove_tree(folder)
    with contextlib.suppress(OSError):  # other nodes are still there
        nodes_folder().rmdir()


def load_image_into_node(node: Node, image: Image) -> None:
    """Have IMAGE on the node under its name; one that is there is not loaded again, as tags name content."""
    if _ctr(node, "list", "--quiet", f"name=={image.ref}").strip() != image.ref:
        _ctr(node, "import", str(image.archive))


def _ctr(node: Node, *words: str) -> str:
    command = ["ctr", f"--address={node.place.containerd_socket}", "--namespace=k8s.io", "images", *words]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ClusterError(f"{' '.join(command)}: {ended.stderr.strip()}")
    return ended.stdout


def _start(place: NodePlace, pause: Image) -> Node:
    folder, network = place.folder, place.network
    make_cgroups(place.cgroup)
    init = start_namespace(folder)
    connect(network, init)
    runtime = start_inside("containerd", containerd_command(place, pause.ref), init, folder)
    server_place = _server_place(place)
    etcd = start_inside("etcd", etcd_command(server_place), init, folder)
    credentials = _make_credentials(place)
    server = start_inside("kube-apiserver", api_server_command(server_place, credentials), init, folder)
    wait_until(place.containerd_socket.exists, "containerd", [runtime], READY_TIMEOUT_SECONDS)
    load_image_into_node(_node(place), pause)
    trusted = ssl.create_default_context(cafile=str(credentials.pki / "ca.crt"))
    url = f"https://{network.node_address}:6443"
    wait_until(lambda: answers(url, trusted), "the API server", [etcd, server], READY_TIMEOUT_SECONDS)
    _start_the_rest(place, credentials, init)
    (folder / "ready").touch()
    return _node(place)


def _start_the_rest(place: NodePlace, credentials: Credentials, init: int) -> None:
    commands = {
        "kube-controller-manager": controller_manager_command(place, credentials),
        "kubelet": kubelet_command(place, credentials),
        "kube-scheduler": scheduler_command(credentials),
        "kube-proxy": kube_proxy_command(place, credentials),
        "coredns": coredns_command(place, credentials),
    }
    daemons = [start_inside(name, command, init, place.folder) for name, command in commands.items()]
    for number in range(VOLUMES):
        Path(volume_folder(place, number)).mkdir(parents=True)
        # kubelet does not give a local volume to the pod's group when it is mounted read-only.
        Path(volume_folder(place, number)).chmod(0o777)
    _kubectl(credentials, "apply", "--filename=-", stdin=json.dumps(render_node_objects(place)))
    _wait_for_workloads(credentials, daemons)


def _wait_for_workloads(credentials: Credentials, daemons: list[Daemon]) -> None:
    """Wait until a pod would run: the node is Ready and the default ServiceAccount there."""
    ready = "--output=jsonpath={.status.conditions[?(@.type=='Ready')].status}"

    def is_ready() -> bool:
        return _asked(credentials, "get", "node", NODE_NAME, ready) == "True"

    def has_account() -> bool:
        return _asked(credentials, "get", "serviceaccount", "default", "--output=name") != ""

    wait_until(is_ready, "the node to be Ready", daemons, READY_TIMEOUT_SECONDS)
    wait_until(has_account, "the default ServiceAccount", daemons, READY_TIMEOUT_SECONDS)


def _make_credentials(place: NodePlace) -> Credentials:
    network = place.network
    identity = Identity(
        node_name=NODE_NAME,
        advertise_address=network.node_address,
        endpoint=f"{network.node_address}:6443",
        pod_subnet=network.pod_subnet,
        service_subnet=network.service_subnet,
    )
    return make_credentials(identity, place.folder)


def _server_place(place: NodePlace) -> ApiServerPlace:
    address = place.network.node_address
    return ApiServerPlace(place.folder, "0.0.0.0", address, 6443, 2379, 2380, place.network.service_subnet)  # noqa: S104 - in the node's own network namespace


def _node(place: NodePlace) -> Node:
    credentials = Credentials(place.folder / "pki", place.folder / "kubeconfigs")
    return Node(place, credentials.admin, _server_place(place).audit_log)


def _claim(name: str) -> NodePlace:
    """Make the node's folder with addresses that no other node has, also when several start at once."""
    nodes = nodes_folder()
    nodes.mkdir(parents=True, exist_ok=True)
    with _locked(nodes.parent):
        network = choose_network(_index(folder) for folder in nodes.iterdir())
        folder = nodes / name
        folder.mkdir(mode=0o711)
        (folder / "node.json").write_text(json.dumps({"index": network.index}))
    return NodePlace(name, folder, network)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Hold a lock on a folder that is there anyway, so that no lock file is left."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _index(folder: Path) -> int:
    """Return the index of the node in FOLDER; -1 when it got none."""
    try:
        return int(json.loads((folder / "node.json").read_text())["index"])
    except (FileNotFoundError, ValueError, KeyError):
        return -1


def _asked(credentials: Credentials, *words: str) -> str:
    command = [str(program("kubectl")), f"--kubeconfig={credentials.admin}", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _kubectl(credentials: Credentials, *words: str, stdin: str) -> None:
    command = [str(program("kubectl")), f"--kubeconfig={credentials.admin}", *words]
    ended = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ClusterError(f"kubectl {' '.join(words)}: {ended.stderr.strip()}")


def _require_root() -> None:
    if os.geteuid() != 0:
        raise ClusterError("a node of our own needs root: use sudo, or HOLDFAST_CLUSTER=kind or existing")


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ClusterError(f"{name!r} is no cluster name: lower-case letters, digits and '-', at most 30")
    return name
