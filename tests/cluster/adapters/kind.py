"""A kind cluster, where Docker runs."""

from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cache import cache_folder
from tests.cluster.errors import ClusterError
from tests.cluster.image_build import Image, docker_answers
from tests.cluster.programs import client_program
from tests.cluster.progress import run_logged, step
from tests.cluster.running import RunningCluster


@dataclass(frozen=True)
class KindAdapter:
    """Starts, fills and removes the kind cluster of a name."""

    name: str

    @property
    def folder(self) -> Path:
        """Where its kubeconfig and logs are."""
        return cache_folder() / "kind" / self.name

    def start(self) -> RunningCluster:
        """Return the running cluster, starting it if it does not run."""
        if not docker_answers():
            raise ClusterError("HOLDFAST_CLUSTER=kind needs Docker, and no daemon answers `docker version`")
        self.folder.mkdir(parents=True, exist_ok=True)
        kubeconfig = self.folder / "kubeconfig"
        if not kubeconfig.exists():
            with step(f"starting kind cluster {self.name} (about a minute, more at the first time)"):
                self._kind("create", "cluster", "--wait=120s", f"--kubeconfig={kubeconfig}")
        return RunningCluster(self.name, kubeconfig, self)

    def load_image(self, image: Image) -> None:
        """Have the image on every node under its name."""
        self._kind("load", "image-archive", str(image.archive))

    def stop(self) -> None:
        """Remove the cluster."""
        kubeconfig = self.folder / "kubeconfig"
        if docker_answers():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._kind("delete", "cluster", f"--kubeconfig={kubeconfig}")
        kubeconfig.unlink(missing_ok=True)

    def _kind(self, *words: str) -> None:
        run_logged([client_program("kind"), *words, f"--name={self.name}"], self.folder / "kind.log")
