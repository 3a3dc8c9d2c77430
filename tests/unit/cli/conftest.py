"""Running the command line in this process, against a cluster in memory or none."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from holdfast.cli.cluster import Kind
from holdfast.cli.connection import Connection
from holdfast.cli.errors import CommandError, ExitCode
from tests.unit.cli.invocation import Run, runner
from tests.unit.cli.objects import NAMESPACE, Object


@dataclass
class MemoryCluster:
    """Objects in memory behind the protocol Cluster; remembers what was created."""

    objects: list[Object] = field(default_factory=list)
    namespace: str = NAMESPACE
    user: str = "ana"
    created: list[Object] = field(default_factory=list)
    after_create: Mapping[str, Any] = field(default_factory=dict)

    def find(self, kind: Kind, *, all_namespaces: bool = False) -> list[Object]:
        of_kind = [each for each in self.objects if each["kind"] == kind.name]
        return [each for each in of_kind if all_namespaces or each["metadata"]["namespace"] == self.namespace]

    def get(self, kind: Kind, name: str) -> Object:
        for each in self.find(kind):
            if each["metadata"]["name"] == name:
                return each
        raise CommandError(f"{kind.name} {name!r} does not exist", exit_code=ExitCode.NOT_FOUND)

    def create(self, kind: Kind, body: Mapping[str, Any]) -> Object:
        name = f"{body['metadata']['generateName']}x7k2p"
        metadata = {**body["metadata"], "name": name, "namespace": self.namespace}
        created = {"kind": kind.name, **body, "metadata": metadata, **self.after_create}
        self.objects.append(created)
        self.created.append(created)
        return created

    def user_name(self) -> str:
        return self.user

    def patch(self, kind: Kind, name: str, changes: Mapping[str, Any]) -> Object:
        found = self.get(kind, name)
        found["spec"] = {**found["spec"], **changes["spec"]}
        return found

    def annotate(self, kind: Kind, name: str, annotations: Mapping[str, str | None]) -> Object:
        found = self.get(kind, name)
        merged = {**found["metadata"].get("annotations", {}), **annotations}
        found["metadata"]["annotations"] = {key: value for key, value in merged.items() if value is not None}
        return found


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> MemoryCluster:
    """The cluster that every command of the test talks to."""
    memory = MemoryCluster()
    monkeypatch.setattr(Connection, "open", lambda _: memory)
    return memory


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line with these words."""
    return runner(monkeypatch, capsys)
