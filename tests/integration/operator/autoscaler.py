"""The real autoscaler: kube-controller-manager with this one controller.

It has no metrics here, so it keeps numbers of pods within their bounds and does no more.
"""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.cluster.control_plane import ControlPlane, start_bound_to_us
from tests.cluster.processes import stop_recorded
from tests.cluster.programs import program


@contextmanager
def autoscaler(plane: ControlPlane) -> Iterator[None]:
    """Run it while in the block."""
    folder = Path(tempfile.mkdtemp(prefix="holdfast-autoscaler-"))
    command: list[str | Path] = [
        program("kube-controller-manager"),
        f"--kubeconfig={plane.kubeconfig}",
        "--controllers=horizontal-pod-autoscaler-controller",
        "--horizontal-pod-autoscaler-sync-period=1s",
        "--leader-elect=false",
        "--secure-port=0",
    ]
    try:
        start_bound_to_us("kube-controller-manager", command, folder)
        yield
    finally:
        stop_recorded(folder, grace_seconds=0)
        shutil.rmtree(folder, ignore_errors=True)
