"""A running cluster as tests and demo see it, and the choice of what provides it."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tests.cluster.errors import ClusterError
from tests.cluster.image_build import Image, docker_answers
from tests.cluster.node import nodes_folder, stop_node
from tests.cluster.programs import client_program

DEFAULT_NAME = "holdfast"


class ClusterAdapter(Protocol):
    """The three things in which one way to get a cluster differs from another."""

    def start(self) -> "RunningCluster":
        """Return the running cluster, starting it if it does not run."""

    def load_image(self, image: Image) -> None:
        """Have the image in the cluster under its name."""

    def stop(self) -> None:
        """Remove what `start` made; nothing there is fine."""


@dataclass(frozen=True)
class RunningCluster:
    """How to reach a cluster.

    `audit_log` (one JSON event per line) is there where the API server is ours. `routed` says that pods and
    ClusterIPs are reachable from this machine as they are.
    """

    name: str
    kubeconfig: Path
    adapter: ClusterAdapter
    audit_log: Path | None = None
    routed: bool = False

    @property
    def kubectl(self) -> Path:
        """A kubectl that suits the cluster."""
        return client_program("kubectl")

    @property
    def helm(self) -> Path:
        """Helm, built at the first use if none is there."""
        return client_program("helm")

    def run_kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Return what kubectl with WORDS prints.

        Raises:
            ClusterError: kubectl failed; the message is its own.
        """
        command = [str(self.kubectl), f"--kubeconfig={self.kubeconfig}", *words]
        ended = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise ClusterError(f"kubectl {' '.join(words)}: {ended.stderr.strip()}")
        return ended.stdout

    def load_image(self, image: Image) -> None:
        """Have the image in the cluster under its name."""
        self.adapter.load_image(image)

    @contextmanager
    def service_url(self, namespace: str, service: str, port: int) -> Iterator[str]:
        """Yield an http URL of a Service from this machine: direct where routes lead there, else forwarded.

        A forwarded URL leads to one of the Service's pods, and to that one until the block ends.
        """
        if self.routed:
            found = self.run_kubectl("get", "service", service, f"--namespace={namespace}", "--output=json")
            yield f"http://{json.loads(found)['spec']['clusterIP']}:{port}"
            return
        command = [str(self.kubectl), f"--kubeconfig={self.kubeconfig}", f"--namespace={namespace}"]
        forward = [*command, "port-forward", f"service/{service}", f":{port}", "--address=127.0.0.1"]
        with subprocess.Popen(
            forward, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            try:
                yield f"http://127.0.0.1:{_forwarded_port(process)}"
            finally:
                process.terminate()


@contextmanager
def running_cluster(name: str) -> Iterator[RunningCluster]:
    """Yield a cluster that belongs to this process alone, and remove it afterwards.

    With HOLDFAST_KEEP_CLUSTER set, the cluster NAME is used whatever is in it, and kept: quicker by ten
    seconds for those who run one test again and again.
    """
    if os.environ.get("HOLDFAST_KEEP_CLUSTER"):
        yield choose_adapter(name).start()
        return
    _remove_abandoned(name)
    adapter = choose_adapter(f"{name}-{os.getpid()}")
    try:
        yield adapter.start()
    finally:
        adapter.stop()


def choose_adapter(name: str = DEFAULT_NAME) -> ClusterAdapter:
    """Return the adapter named by $HOLDFAST_CLUSTER: node, kind or existing.

    Without it: a node of our own for root on Linux, else kind where docker answers.

    Raises:
        ClusterError: there is no way to get a cluster here, or the variable names none.
    """
    chosen = cluster_choice()
    # Imported here, because the adapters build on this module.
    if chosen == "node":
        from tests.cluster.adapters.node import NodeAdapter

        return NodeAdapter(name)
    if chosen == "kind":
        from tests.cluster.adapters.kind import KindAdapter

        return KindAdapter(name)
    if chosen == "existing":
        from tests.cluster.adapters.existing import ExistingAdapter

        return ExistingAdapter()
    raise ClusterError(f"HOLDFAST_CLUSTER={chosen}: it must be node, kind or existing")


def cluster_choice() -> str:
    """Return what provides clusters: $HOLDFAST_CLUSTER, else what this machine has."""
    chosen = os.environ.get("HOLDFAST_CLUSTER")
    if chosen:
        return chosen
    if sys.platform == "linux" and os.geteuid() == 0:
        return "node"
    if docker_answers():
        return "kind"
    raise ClusterError(
        "no way to get a cluster here: run as root on Linux for a node of our own, or start Docker for kind, "
        "or set HOLDFAST_CLUSTER=existing and KUBECONFIG"
    )


def _remove_abandoned(name: str) -> None:
    """Remove the nodes that processes left which were killed."""
    for folder in nodes_folder().glob(f"{name}-*"):
        owner = folder.name.removeprefix(f"{name}-")
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            stop_node(folder.name)


def _forwarded_port(process: subprocess.Popen[str]) -> int:
    line = process.stdout.readline() if process.stdout else ""
    found = re.search(r"127\.0\.0\.1:(\d+)", line)
    if found is None:
        raise ClusterError(f"kubectl port-forward: {line.strip() or 'it ended'}")
    return int(found.group(1))
