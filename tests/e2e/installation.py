"""Holdfast installed by its Helm chart, as the tests see it."""

import json
import subprocess
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tests.cluster.image_build import Image
from tests.cluster.image_recipes import evaluator_image, operator_image, server_image
from tests.cluster.running import RunningCluster
from tests.cluster.site_packages import REPOSITORY
from tests.e2e.kubectl import Kubectl

CHART = REPOSITORY / "charts" / "holdfast"
OPERATOR_KIND = "app.kubernetes.io/name=holdfast"
VALUES: Mapping[str, Any] = {"operator": {"scrapeIntervalSeconds": 1}, "crds": {"keep": False}}
WRITING_VERBS = {"create", "update", "patch", "delete", "deletecollection"}

UNSPACED_KINDS = (
    "clusterroles",
    "clusterrolebindings",
    "validatingadmissionpolicies",
    "validatingadmissionpolicybindings",
)


@dataclass(frozen=True)
class Installation:
    """A Helm release of the chart."""

    cluster: RunningCluster
    release: str
    namespace: str

    @property
    def kubectl(self) -> Kubectl:
        """kubectl in the release's namespace."""
        return Kubectl(self.cluster.kubectl, self.cluster.kubeconfig, self.namespace)

    def install(self) -> None:
        """Install the chart with the images of this checkout and wait until the operator is ready."""
        images = {
            "image": operator_image(),
            "serverImage": server_image(),
            "evaluatorImage": evaluator_image(),
        }
        for image in images.values():
            self.cluster.load_image(image)
        chart_values = {**VALUES, **{key: _image_values(image) for key, image in images.items()}}
        arguments = ["--create-namespace", "--wait", "--timeout=90s", "--values=-", str(CHART)]
        self._helm("upgrade", self.release, "--install", *arguments, stdin=json.dumps(chart_values))

    def uninstall(self) -> None:
        """Uninstall the release and wait until its pods are gone."""
        self._helm("uninstall", self.release, "--wait", "--timeout=3m")
        self.kubectl.wait_gone("pods", OPERATOR_KIND)

    def kill_operator(self) -> None:
        """Kill the operator's process without a grace period, and wait until another one is ready."""
        [pod] = self.kubectl.items("pods", OPERATOR_KIND)
        self.kubectl.run("delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force")
        self.kubectl.run("rollout", "status", f"deployment/{self.release}", "--timeout=120s", timeout=130)

    def writes(self, namespace: str) -> list[tuple[str, str, str]]:
        """Return verb, resource and name of each write of the operator to a namespace, by the audit log."""
        assert self.cluster.audit_log is not None, "this cluster gives no audit log"
        user = f"system:serviceaccount:{self.namespace}:{self.release}"
        entries = (json.loads(line) for line in self.cluster.audit_log.read_text().splitlines())
        # A request that failed before it was authenticated names nobody.
        done = (entry for entry in entries if entry["user"].get("username") == user and _is_write(entry))
        written = ((entry["verb"], entry.get("objectRef", {})) for entry in done)
        return [
            (verb, reference["resource"], reference.get("name", ""))
            for verb, reference in written
            if reference.get("namespace") == namespace
        ]

    def remains(self) -> list[str]:
        """Return what is left of the release: objects that carry its labels, in any namespace or none."""
        kinds = (
            "deployments,services,serviceaccounts,roles,rolebindings,networkpolicies,leases,configmaps,pods"
        )
        selector = f"app.kubernetes.io/instance={self.release}"
        spaced = self.kubectl.run("get", kinds, "-A", "-l", selector, "-o", "name")
        unspaced = self.kubectl.run("get", ",".join(UNSPACED_KINDS), "-l", selector, "-o", "name")
        own = self.kubectl.run("get", "leases,configmaps", "-o", "name")
        return [
            *spaced.split(),
            *unspaced.split(),
            *(name for name in own.split() if "kube-root-ca" not in name),
        ]

    def _helm(self, *arguments: str, stdin: str | None = None) -> None:
        command = [str(self.cluster.helm), *arguments, f"--namespace={self.namespace}"]
        command.append(f"--kubeconfig={self.cluster.kubeconfig}")
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=300)
        if done.returncode != 0:
            raise AssertionError(f"helm {arguments[0]}: {done.stderr}\n{self._operator_log()}")

    def _operator_log(self) -> str:
        described = self.kubectl.run("get", "pods,events", "-o", "wide")
        pods = self.kubectl.items("pods", OPERATOR_KIND)
        logs = [self.kubectl.run("logs", pod["metadata"]["name"], "--tail=50") for pod in pods[:1]]
        return "\n".join([described, *logs])

    def wait_quiet(self, namespace: str, seconds: float, deadline: float) -> None:
        """Wait until the operator has written nothing to a namespace for so many seconds."""
        end = time.monotonic() + deadline
        since, seen = time.monotonic(), len(self.writes(namespace))
        while time.monotonic() - since < seconds:
            assert time.monotonic() < end, f"the operator never rests: {self.writes(namespace)[-5:]}"
            time.sleep(1)
            if (now := len(self.writes(namespace))) != seen:
                since, seen = time.monotonic(), now


def _is_write(entry: Mapping[str, Any]) -> bool:
    return entry["verb"] in WRITING_VERBS and entry["stage"] == "ResponseComplete"


def _is_ours(name: str) -> bool:
    return "holdfast" in name


def _image_values(image: Image) -> dict[str, str]:
    repository, _, tag = image.ref.rpartition(":")
    return {"repository": repository, "tag": tag}
