"""A real S3 server in the cluster, and model packages in it."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from holdfast.credentials import Credentials
from holdfast.location import Location
from holdfast.object_store import Bucket
from holdfast.package import ModelPackage
from holdfast.store import publish_package
from tests.cluster.image_recipes import s3_image, server_image
from tests.cluster.running import RunningCluster
from tests.e2e.kubectl import Kubectl
from tests.e2e.models import Model

NAMESPACE = "holdfast-store"
BUCKET = "models"
PORT = 7070
KEYS = {"AWS_ACCESS_KEY_ID": "test-key", "AWS_SECRET_ACCESS_KEY": uuid.uuid4().hex, "AWS_REGION": "us-east-1"}
ENDPOINT = f"http://s3.{NAMESPACE}.svc:{PORT}"


@dataclass(frozen=True)
class Store:
    """The S3 server as it is reached from the tests."""

    url: str

    def publish(self, model: Model, prefix: str) -> str:
        """Put the model's package under the prefix and return its URI."""
        with TemporaryDirectory() as folder, self.credentials() as credentials:
            package = ModelPackage.write(Path(folder), model.files)
            return publish_package(package, f"s3://{BUCKET}/{prefix}", str(credentials))

    def put(self, uri: str, content: bytes) -> None:
        """Write one object, whatever is there."""
        location = Location.parse(uri)
        with self.credentials() as credentials:
            Bucket(location.parent, Credentials.read(credentials)).write(location.name, content)

    @contextmanager
    def credentials(self) -> Iterator[Path]:
        """Give a folder with one file per key, as a mounted Secret has."""
        with TemporaryDirectory() as folder:
            for name, value in (KEYS | {"AWS_ENDPOINT_URL": self.url}).items():
                (Path(folder) / name).write_text(value)
            yield Path(folder)


@contextmanager
def running_store(cluster: RunningCluster) -> Iterator[Store]:
    """Run the server in a namespace of its own for the time of the block."""
    kubectl = Kubectl(cluster.kubectl, cluster.kubeconfig, NAMESPACE)
    for image in (s3_image(), server_image()):
        cluster.load_image(image)
    kubectl.apply(*_render_objects())
    try:
        kubectl.run("rollout", "status", "deployment/s3", "--timeout=120s", timeout=130)
        with cluster.service_url(NAMESPACE, "s3", PORT) as url:
            yield Store(url)
    finally:
        kubectl.delete("namespace", NAMESPACE)


def secret(name: str, namespace: str, values: Mapping[str, str]) -> dict[str, Any]:
    """Return a Secret."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "stringData": dict(values)}


def _render_objects() -> list[dict[str, Any]]:
    labels = {"app": "s3"}
    environment = [
        {"name": "ROOT_ACCESS_KEY_ID", "value": KEYS["AWS_ACCESS_KEY_ID"]},
        {"name": "ROOT_SECRET_ACCESS_KEY", "value": KEYS["AWS_SECRET_ACCESS_KEY"]},
    ]
    mount = [{"name": "data", "mountPath": "/data"}]
    bucket = {
        "name": "bucket",
        "image": server_image().ref,
        "command": ["python", "-c", f"import os; os.makedirs('/data/{BUCKET}', exist_ok=True)"],
        "volumeMounts": mount,
    }
    server = {
        "name": "s3",
        "image": s3_image().ref,
        "env": environment,
        "volumeMounts": mount,
        "readinessProbe": {"tcpSocket": {"port": PORT}, "periodSeconds": 1},
    }
    pod = {
        "initContainers": [bucket],
        "containers": [server],
        "securityContext": {"fsGroup": 65532, "runAsUser": 65532, "runAsGroup": 65532},
        "volumes": [{"name": "data", "emptyDir": {}}],
    }
    spec = {"selector": {"matchLabels": labels}, "template": {"metadata": {"labels": labels}, "spec": pod}}
    metadata = {"name": "s3", "namespace": NAMESPACE}
    return [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": metadata, "spec": spec},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": {"selector": labels, "ports": [{"port": PORT}]},
        },
    ]
