"""kubectl as the tests use it: objects in and out as mappings, waiting with a deadline."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Object = dict[str, Any]


class KubectlError(AssertionError):
    """kubectl refused; the message is its own."""


@dataclass(frozen=True)
class Kubectl:
    """kubectl for one cluster and namespace."""

    program: Path
    kubeconfig: Path
    namespace: str = "default"

    def within(self, namespace: str) -> "Kubectl":
        """Return the same cluster with another namespace."""
        return Kubectl(self.program, self.kubeconfig, namespace)

    def run(self, *args: str, stdin: str | None = None, timeout: float = 60) -> str:
        """Run kubectl and return its standard output."""
        command = [
            str(self.program),
            f"--kubeconfig={self.kubeconfig}",
            f"--namespace={self.namespace}",
            *args,
        ]
        done = subprocess.run(
            command, input=stdin, capture_output=True, text=True, timeout=timeout, check=False
        )
        if done.returncode != 0:
            raise KubectlError(f"kubectl {' '.join(args)}: {done.stderr.strip()}")
        return done.stdout

    def apply(self, *objects: Mapping[str, Any]) -> None:
        """Server-side apply the objects."""
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(objects)})
        self.run("apply", "--server-side", "--force-conflicts", "-f", "-", stdin=text)

    def patch(self, kind: str, name: str, patch: Mapping[str, Any]) -> None:
        """Merge-patch an object."""
        self.run("patch", kind, name, "--type=merge", "-p", json.dumps(patch))

    def get(self, kind: str, name: str) -> Object | None:
        """Return the object, or None if there is none."""
        text = self.run("get", kind, name, "--ignore-not-found", "-o", "json")
        return json.loads(text) if text.strip() else None

    def items(self, kind: str, selector: str = "") -> list[Object]:
        """Return the objects of a kind in the namespace."""
        found: list[Object] = json.loads(self.run("get", kind, "-l", selector, "-o", "json"))["items"]
        return found

    def delete(self, kind: str, name: str) -> None:
        """Delete an object and wait until it is gone."""
        self.run("delete", kind, name, "--ignore-not-found", "--wait=true", timeout=180)

    def wait(
        self, kind: str, name: str, holds: Callable[[Object], bool], seconds: float = 120, every: float = 0.5
    ) -> Object:
        """Return the object once the predicate holds.

        Raises:
            AssertionError: it did not hold in time; the message has the object's status and the events.
        """
        deadline = time.monotonic() + seconds
        found: Object | None = None
        while time.monotonic() < deadline:
            found = self.get(kind, name)
            if found is not None and holds(found):
                return found
            time.sleep(every)
        raise AssertionError(f"{kind}/{name} after {seconds:.0f} s: {self._describe(found)}")

    def wait_gone(self, kind: str, selector: str, seconds: float = 120) -> None:
        """Wait until no object of that kind and selector is left."""
        deadline = time.monotonic() + seconds
        while names := [item["metadata"]["name"] for item in self.items(kind, selector)]:
            if time.monotonic() > deadline:
                raise AssertionError(f"{kind} still there after {seconds:.0f} s: {names}")
            time.sleep(0.5)

    def _describe(self, found: Object | None) -> str:
        status = json.dumps((found or {}).get("status"), indent=1)
        pods = self.run("get", "pods", "-o", "wide")
        events = self.run("get", "events", "--sort-by=.lastTimestamp")
        return f"{status}\n{pods}\n{events[-4000:]}"


def condition(resource: Object, kind: str) -> Mapping[str, Any]:
    """Return a condition of a resource, or an empty one."""
    conditions: Sequence[Mapping[str, Any]] = resource.get("status", {}).get("conditions", [])
    return next(
        (item for item in conditions if item["type"] == kind),
        {"status": "Absent", "reason": "", "message": ""},
    )


def is_true(kind: str) -> Callable[[Object], bool]:
    """Return a predicate: the condition is True for the generation that is in the spec."""

    def holds(resource: Object) -> bool:
        seen = resource.get("status", {}).get("observedGeneration") == resource["metadata"]["generation"]
        return bool(seen and condition(resource, kind)["status"] == "True")

    return holds


def has_reason(kind: str, reason: str) -> Callable[[Object], bool]:
    """Return a predicate: the condition is True and has that reason."""

    def holds(resource: Object) -> bool:
        return is_true(kind)(resource) and condition(resource, kind)["reason"] == reason

    return holds


def has_status(field: str) -> Callable[[Object], bool]:
    """Return a predicate: the status has that field, and it is not empty."""
    return lambda resource: bool(resource.get("status", {}).get(field))
