"""A cluster of our own on this machine: root on Linux, and nothing else."""

from dataclasses import dataclass

from tests.cluster.errors import ClusterError
from tests.cluster.image_build import Image
from tests.cluster.node import load_image_into_node, running_node, start_node, stop_node
from tests.cluster.running import RunningCluster


@dataclass(frozen=True)
class NodeAdapter:
    """Starts, fills and removes the one-node cluster of a name."""

    name: str

    def start(self) -> RunningCluster:
        """Return the running cluster, starting it if it does not run."""
        node = start_node(self.name)
        return RunningCluster(self.name, node.kubeconfig, self, node.audit_log, routed=True)

    def load_image(self, image: Image) -> None:
        """Have the image on the node under its name."""
        node = running_node(self.name)
        if node is None:
            raise ClusterError(f"cluster {self.name} does not run: make cluster")
        load_image_into_node(node, image)

    def stop(self) -> None:
        """Remove the cluster without a trace."""
        stop_node(self.name)
