"""Where the demo runs: a cluster, a namespace for the bikes, and how objects get there."""

import json
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from tests.cluster.errors import ClusterError
from tests.cluster.image_build import Image
from tests.cluster.running import RunningCluster
from tests.cluster.site_packages import REPOSITORY
from tests.demo.diagnosis import describe
from tests.demo.errors import DemoError
from tests.demo.schedule import EXAMPLE, objects_of

NAMESPACE = "bikeshare"
SYSTEM_NAMESPACE = "holdfast-system"
RELEASE = "holdfast"
CHART = REPOSITORY / "charts/holdfast"
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


@dataclass(frozen=True)
class Place:
    """A cluster, and the namespace in which the example lives."""

    cluster: RunningCluster
    namespace: str = NAMESPACE

    def kubectl(self, *words: str, stdin: str | None = None) -> str:
        """Run kubectl in the namespace.

        Raises:
            ClusterError: kubectl failed.
        """
        return self.cluster.run_kubectl(f"--namespace={self.namespace}", *words, stdin=stdin)

    def apply(self, objects: Sequence[Mapping[str, Any]]) -> None:
        """Server-side apply the objects."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.kubectl("apply", "--server-side", "--force-conflicts", "--filename=-", stdin=text)

    def apply_file(self, name: str, images: Mapping[str, Image]) -> None:
        """Apply a file of the example with the images that were built."""
        self.apply([with_images(each, images) for each in objects_of(EXAMPLE / name)])

    def make_namespace(self) -> None:
        """Make the namespace, without what an earlier demo left in it."""
        self.cluster.run_kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=true")
        metadata = {"name": self.namespace, "labels": RESTRICTED}
        self.apply([{"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}])

    def get(self, kind: str, name: str) -> dict[str, Any]:
        """Return an object."""
        found: dict[str, Any] = json.loads(self.kubectl("get", kind, name, "--output=json"))
        return found

    def patch(self, kind: str, name: str, changes: Mapping[str, Any]) -> None:
        """Merge changes into an object (RFC 7386)."""
        self.kubectl("patch", kind, name, "--type=merge", f"--patch={json.dumps(changes)}")

    def annotate(self, kind: str, name: str, annotation: str) -> None:
        """Set an annotation, given as NAME=VALUE."""
        self.kubectl("annotate", kind, name, annotation, "--overwrite")

    def wait(self, what: str, condition: str, seconds: int) -> None:
        """Wait until an object fulfils a condition, as ``kubectl wait --for`` understands it.

        Raises:
            DemoError: it does not in time; the details say what is there instead.
        """
        try:
            self.kubectl("wait", f"--for={condition}", what, f"--timeout={seconds}s")
        except ClusterError as error:
            raise DemoError(
                f"{what} is not {condition} after {seconds} s: {error}", self.describe()
            ) from None

    def service(self, name: str, port: int) -> AbstractContextManager[str]:
        """Give the URL of a Service of the namespace for the time of the block."""
        return self.cluster.service_url(self.namespace, name, port)

    def install_operator(self, images: Mapping[str, Image]) -> None:
        """Install the Helm chart with these images (by value of the chart), or upgrade what is there.

        Raises:
            DemoError: Helm failed, or the operator does not become ready.
        """
        values = {key: _image_values(image) for key, image in images.items()}
        chart_values: Mapping[str, Any] = {
            **values,
            "operator": {"scrapeIntervalSeconds": 1},
            "crds": {"keep": False},
        }
        words = ["upgrade", "--install", RELEASE, str(CHART), "--values=-", "--create-namespace"]
        self._helm(*words, "--timeout=3m", stdin=json.dumps(chart_values))

    def remove(self) -> None:
        """Remove the example and the operator, each with its namespace, from a cluster that stays."""
        self.cluster.run_kubectl("delete", "namespace", self.namespace, "--ignore-not-found", "--wait=true")
        self._helm("uninstall", RELEASE, "--ignore-not-found")
        self.cluster.run_kubectl("delete", "namespace", SYSTEM_NAMESPACE, "--ignore-not-found", "--wait=true")

    def _helm(self, *words: str, stdin: str | None = None) -> None:
        where = [f"--namespace={SYSTEM_NAMESPACE}", f"--kubeconfig={self.cluster.kubeconfig}", "--wait"]
        command = [str(self.cluster.helm), *words, *where]
        ended = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise DemoError(f"helm {words[0]}: {ended.stderr.strip()}", self.describe())

    def describe(self) -> str:
        """Return what helps to find the cause of a failure: objects, events and logs."""
        return describe(self.cluster, self.namespace, SYSTEM_NAMESPACE, RELEASE)


def with_images(manifest: Mapping[str, Any], images: Mapping[str, Image]) -> dict[str, Any]:
    """Return a copy of the object in which the names in ``images`` are those of the built images."""

    def replaced(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {
                key: _reference(each, images) if key == "image" else replaced(each)
                for key, each in value.items()
            }
        return [replaced(each) for each in value] if isinstance(value, list) else value

    result: dict[str, Any] = replaced(manifest)
    return result


def _reference(name: Any, images: Mapping[str, Image]) -> Any:
    image = images.get(name) if isinstance(name, str) else None
    return name if image is None else image.ref


def _image_values(image: Image) -> dict[str, str]:
    repository, _, tag = image.ref.rpartition(":")
    return {"repository": repository, "tag": tag}
