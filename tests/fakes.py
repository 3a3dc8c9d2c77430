"""FakeCluster: a Kubernetes API server in memory, as far as the operator's loop can tell.

Server-side apply by field manager, list maps merged by key, resourceVersion, uid, generation, optimistic
locking, uid preconditions and garbage collection behave as the real server's; schemas, defaults and admission
are missing.
"""

import copy
import re
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from holdfast_operator.cluster.api import (
    FIELD_MANAGER,
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    ObjectName,
    ObjectReference,
    object_name,
)
from holdfast_operator.cluster.kinds import EVENT, LEASE, RESOURCES, ResourceKind, kind_of
from holdfast_operator.manifests.metadata import Manifest
from tests.field_merge import merge, remove_owned

Object = dict[str, Any]
Hook = Callable[[str, Manifest], None]
STATUS_KINDS = frozenset(kind.kind for kind in RESOURCES)


class FakeCluster:
    """A Cluster whose objects a test may read and edit in ``objects``."""

    def __init__(self, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.objects: dict[ObjectName, Object] = {}
        self.writes: list[tuple[str, str, str]] = []
        """Verb, kind and name of every write that changed something."""
        self.before_write: Hook | None = None
        """Called with verb and manifest before each write; may raise, to crash or to refuse."""
        self.after_write: Hook | None = None
        """Called after each write, before its answer; may raise, as when an answer is lost."""
        self.before_read: Callable[[], None] | None = None
        """Called before each get and list; may raise."""
        self._applied: dict[tuple[ObjectName, str], Object] = {}
        self._now = now
        self._version = 0

    async def get(self, kind: ResourceKind, namespace: str, name: str) -> Manifest | None:
        """Return a copy of the object, or None."""
        self._read()
        return copy.deepcopy(self.objects.get((kind.api_version, kind.kind, namespace, name)))

    async def list(
        self,
        kind: ResourceKind,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> Sequence[Manifest]:
        """Return copies, by name."""
        self._read()
        found = [
            live
            for name, live in sorted(self.objects.items())
            if name[:2] == (kind.api_version, kind.kind) and namespace in (None, name[2])
        ]
        return [
            copy.deepcopy(live)
            for live in found
            if selects(label_selector, live) and selects_fields(field_selector, live)
        ]

    async def apply(self, manifest: Manifest) -> Manifest:
        """Apply under the operator's field manager, by force."""
        self._call(self.before_write, "apply", manifest)
        live = self.apply_as(FIELD_MANAGER, manifest)
        self._call(self.after_write, "apply", manifest)
        return live

    async def create(self, manifest: Manifest) -> Manifest:
        """Create; AlreadyExistsError."""
        self._call(self.before_write, "create", manifest)
        if object_name(manifest) in self.objects:
            raise AlreadyExistsError(409, "AlreadyExists", f"{manifest['metadata']['name']} already exists")
        live = self.put(manifest, FIELD_MANAGER, verb="create")
        self._call(self.after_write, "create", manifest)
        return live

    async def replace(self, manifest: Manifest) -> Manifest:
        """Replace all but the status, if the resourceVersion is still the same."""
        self._call(self.before_write, "replace", manifest)
        live = self._current(manifest)
        changed = {**copy.deepcopy(dict(manifest)), "metadata": live["metadata"]}
        if live["kind"] in STATUS_KINDS:
            changed["status"] = live.get("status", {})
        answer = self._store("replace", changed, FIELD_MANAGER)
        self._call(self.after_write, "replace", manifest)
        return answer

    async def apply_status(self, resource: Manifest, status: Mapping[str, Any]) -> Manifest:
        """Replace the status, if the resourceVersion is still the same."""
        self._call(self.before_write, "status", resource)
        changed = {**self._current(resource), "status": copy.deepcopy(dict(status))}
        answer = self._store("status", changed, FIELD_MANAGER, subresource="status")
        self._call(self.after_write, "status", resource)
        return answer

    async def delete(self, target: ObjectReference) -> None:
        """Delete, with everything that it owns."""
        name = (target.kind.api_version, target.kind.kind, target.namespace, target.name)
        manifest = {
            "apiVersion": name[0],
            "kind": name[1],
            "metadata": {"namespace": name[2], "name": name[3], "uid": target.uid},
        }
        self._call(self.before_write, "delete", manifest)
        live = self.objects.get(name)
        if live is not None and live["metadata"]["uid"] != target.uid:
            raise ConflictError(409, "Conflict", "the uid in the precondition does not match")
        if live is not None:
            self.remove(live)
        self._call(self.after_write, "delete", manifest)

    def put(self, manifest: Manifest, manager: str = "test", verb: str = "put") -> Object:
        """Create or replace an object as someone else would (kubectl, a controller), status and all."""
        live = copy.deepcopy(dict(manifest))
        old = self.objects.get(object_name(live))
        live["metadata"] = {**(old["metadata"] if old else self._new_metadata()), **live["metadata"]}
        return self._store(verb, live, manager)

    def edit(self, name: ObjectName, change: Callable[[Object], None], manager: str = "test") -> Object:
        """Change an object by hand; the operator meets it at its next look."""
        live = copy.deepcopy(self.objects[name])
        change(live)
        return self._store("edit", live, manager)

    def remove(self, live: Manifest) -> None:
        """Delete an object and, as the garbage collector does, all that it owns."""
        self.objects.pop(object_name(live))
        self._applied = {key: value for key, value in self._applied.items() if key[0] != object_name(live)}
        self.writes.append(("delete", live["kind"], live["metadata"]["name"]))
        uid = live["metadata"]["uid"]
        for child in [child for child in self.objects.values() if uid in _owner_uids(child)]:
            if object_name(child) in self.objects:
                self.remove(child)

    def apply_as(self, manager: str, manifest: Manifest) -> Object:
        """Server-side apply: fields that the manager no longer names go, unless others own them."""
        name = object_name(manifest)
        wanted = copy.deepcopy(dict(manifest))
        live = copy.deepcopy(self.objects.get(name))
        if live is None:
            live = {"apiVersion": name[0], "kind": name[1], "metadata": self._new_metadata()}
        others = [value for key, value in self._applied.items() if key[0] == name and key[1] != manager]
        remove_owned(live, self._applied.get((name, manager), {}), [wanted, *others])
        if wanted["kind"] in STATUS_KINDS:
            wanted.pop("status", None)
        self._applied[name, manager] = wanted
        return self._store("apply", merge(live, wanted), manager, operation="Apply")

    def of_kind(self, kind: ResourceKind) -> Sequence[Object]:
        """Return the objects of a kind, by name."""
        return [
            live for name, live in sorted(self.objects.items()) if name[:2] == (kind.api_version, kind.kind)
        ]

    def _current(self, manifest: Manifest) -> Object:
        live = self.objects.get(object_name(manifest))
        if live is None:
            raise NotFoundError(404, "NotFound", f"{manifest['metadata']['name']} not found")
        if live["metadata"]["resourceVersion"] != manifest["metadata"].get("resourceVersion"):
            raise ConflictError(409, "Conflict", "the object has been modified")
        return copy.deepcopy(live)

    def _store(
        self, verb: str, live: Object, manager: str, operation: str = "Update", subresource: str = ""
    ) -> Object:
        name, old = object_name(live), self.objects.get(object_name(live))
        if old is not None and _content(old) == _content(live):
            return copy.deepcopy(old)
        self._version += 1
        metadata = live["metadata"]
        metadata["resourceVersion"] = str(self._version)
        if old is None or {**old.get("spec", {})} != {**live.get("spec", {})}:
            metadata["generation"] = metadata.get("generation", 0) + 1
        entry = {"manager": manager, "operation": operation, "time": str(self._version)}
        entry |= {"subresource": subresource} if subresource else {}
        metadata["managedFields"] = [
            each for each in metadata.get("managedFields", ()) if _writer(each) != _writer(entry)
        ] + [entry]
        if kind_of(live) not in (EVENT, LEASE):
            self.writes.append((verb, live["kind"], metadata["name"]))
        self.objects[name] = live
        return copy.deepcopy(live)

    def _new_metadata(self) -> Object:
        created = self._now().astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return {"uid": str(uuid.uuid4()), "creationTimestamp": created}

    def _read(self) -> None:
        if self.before_read is not None:
            self.before_read()

    @staticmethod
    def _call(hook: Hook | None, verb: str, manifest: Manifest) -> None:
        if hook is not None:
            hook(verb, manifest)


def selects(selector: str, live: Manifest) -> bool:
    """Whether a label selector of ``key=value`` and ``key in (…)`` terms selects the object."""
    marks = live["metadata"].get("labels") or {}
    for term in _terms(selector):
        key, _, values = term.partition(" in ")
        if values:
            if marks.get(key.strip()) not in [value.strip() for value in values.strip(" ()").split(",")]:
                return False
        elif marks.get(term.partition("=")[0]) != term.partition("=")[2]:
            return False
    return True


def selects_fields(selector: str, live: Manifest) -> bool:
    """Whether a field selector of ``path=value`` terms selects the object."""
    for term in _terms(selector):
        path, _, wanted = term.partition("=")
        value: Any = live
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value != wanted:
            return False
    return True


def _terms(selector: str) -> Sequence[str]:
    # A comma within parentheses does not separate terms.
    return [term.strip() for term in re.split(r",(?![^(]*\))", selector) if term.strip()]


def _owner_uids(live: Manifest) -> set[str]:
    return {reference["uid"] for reference in live["metadata"].get("ownerReferences") or ()}


def _content(live: Manifest) -> Object:
    metadata = {
        key: value
        for key, value in live["metadata"].items()
        if key not in ("resourceVersion", "managedFields", "generation")
    }
    return {**live, "metadata": metadata}


def _writer(entry: Mapping[str, str]) -> tuple[str, str, str]:
    return entry["manager"], entry["operation"], entry.get("subresource", "")
