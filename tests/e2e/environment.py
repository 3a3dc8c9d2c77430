"""A namespace of its own for each test, with what a data scientist would have there."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast.client import Client
from tests.cluster.running import RunningCluster
from tests.e2e import bad_models, sources
from tests.e2e.kubectl import Kubectl, Object
from tests.e2e.load import SteadyLoad, requests_of
from tests.e2e.models import Model, Rows
from tests.e2e.store import ENDPOINT, KEYS, Store, secret


@dataclass(frozen=True)
class Workspace:
    """A namespace under Pod Security `restricted`, with credentials for the store."""

    cluster: RunningCluster
    store: Store
    namespace: str
    trainer_image: str

    @property
    def kubectl(self) -> Kubectl:
        """kubectl in this namespace."""
        return Kubectl(self.cluster.kubectl, self.cluster.kubeconfig, self.namespace)

    def publish(self, model: Model) -> str:
        """Put the model into the store, at a place that was never used, and return its URI."""
        return self.store.publish(model, f"{self.namespace}/{os.urandom(4).hex()}")

    def place(self, model: Model, scheme: str) -> tuple[str, str | None]:
        """Make the model available through a source of that scheme; return URI and credentials Secret."""
        if scheme == "s3":
            return self.publish(model), "store"
        return sources.PLACES[scheme](self.kubectl, model)

    def bad_model(self, fault: str) -> dict[str, Any]:
        """Return a spec.model with that fault."""
        return bad_models.bad_model(self.store, self.namespace, fault)

    def service(self, name: str) -> AbstractContextManager[str]:
        """Give the URL of a Service, reachable from here, for the time of the block."""
        return self.cluster.service_url(self.namespace, name, 80)

    def infer(self, name: str, rows: Rows) -> NDArray[np.float32]:
        """Return what the service answers to the rows."""
        with self.service(name) as url, Client(url) as client:
            return client.infer(name, {"x": rows})["variable"]

    def traffic(self, url: str, model: str, rows: Rows) -> SteadyLoad:
        """Return a load that sends these rows over and over."""
        return SteadyLoad(url, model, requests_of(rows), threads=2)

    def pods(self, revision: str) -> list[Object]:
        """Return the pods of a revision that are not on their way out."""
        pods = self.kubectl.items("pods", f"holdfast.dev/revision={revision}")
        return [pod for pod in pods if "deletionTimestamp" not in pod["metadata"]]

    def holdfast(self, *arguments: str) -> str:
        """Run the `holdfast` command in this namespace and return what it prints."""
        program = Path(sys.executable).with_name("holdfast")
        options = [f"--kubeconfig={self.cluster.kubeconfig}", f"--namespace={self.namespace}"]
        done = subprocess.run(
            [program, *arguments, *options], capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@contextmanager
def workspace_of(cluster: RunningCluster, store: Store, trainer_image: str) -> Iterator[Workspace]:
    """Make a namespace for the time of the block."""
    name = f"team-{os.urandom(4).hex()}"
    workspace = Workspace(cluster, store, name, trainer_image)
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    credentials = KEYS | {"AWS_ENDPOINT_URL": ENDPOINT}
    workspace.kubectl.apply(
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}},
        secret("store", name, credentials),
        secret("other", name, credentials | {"AWS_SECRET_ACCESS_KEY": "not-the-key"}),
    )
    try:
        yield workspace
    finally:
        # Not waited for: the namespace controller takes half a minute, and every test has its own namespace.
        workspace.kubectl.run("delete", "namespace", name, "--wait=false")
