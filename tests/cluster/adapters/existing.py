"""A cluster that is there already: KUBECONFIG says where, HOLDFAST_LOAD_IMAGE how an image gets into it."""

import os
import shlex
import subprocess
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.image_build import Image
from tests.cluster.running import RunningCluster


class ExistingAdapter:
    """Uses the current context of $KUBECONFIG; it neither starts nor removes a cluster."""

    def start(self) -> RunningCluster:
        """Return the cluster, after it answered."""
        cluster = RunningCluster("existing", _kubeconfig(), self)
        cluster.run_kubectl("get", "--raw=/readyz")
        return cluster

    def load_image(self, image: Image) -> None:
        """Run $HOLDFAST_LOAD_IMAGE, in which {archive} and {ref} stand for the image."""
        template = os.environ.get("HOLDFAST_LOAD_IMAGE")
        if not template:
            raise ClusterError(
                "set HOLDFAST_LOAD_IMAGE to the command that loads an image archive into your cluster, for "
                "example 'minikube image load {archive}' or 'k3s ctr images import {archive}'"
            )
        words = [word.format(archive=image.archive, ref=image.ref) for word in shlex.split(template)]
        ended = subprocess.run(words, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise ClusterError(f"{shlex.join(words)}: {ended.stderr.strip()}")

    def stop(self) -> None:
        """Leave the cluster as it is: it is not ours."""


def _kubeconfig() -> Path:
    configured = os.environ.get("KUBECONFIG", "")
    path = Path(configured) if configured else Path.home() / ".kube" / "config"
    if not path.is_file():
        raise ClusterError(f"HOLDFAST_CLUSTER=existing needs KUBECONFIG to name one file; {path} is none")
    return path
