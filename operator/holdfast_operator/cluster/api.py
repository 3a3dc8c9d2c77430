"""The seam between decisions and Kubernetes: what the operator may do to a cluster, and how it can fail."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from holdfast_operator.cluster.kinds import ResourceKind, kind_of
from holdfast_operator.manifests.metadata import FIELD_MANAGER as FIELD_MANAGER
from holdfast_operator.manifests.metadata import Manifest


class ApiError(Exception):
    """The API server refused a request, or could not be reached (status 0)."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}" if status else f"{reason}: {message}")
        self.status = status
        self.reason = reason
        self.message = message


class ConflictError(ApiError):
    """The object has changed since it was read, or is not the one that was meant (uid)."""


class AlreadyExistsError(ConflictError):
    """An object of that name exists."""


class NotFoundError(ApiError):
    """No object of that name, or no such kind, exists."""


class CreationRefusedError(ApiError):
    """The API server does not accept a new object as it is."""

    def __init__(self, error: ApiError, manifest: Manifest) -> None:
        super().__init__(error.status, error.reason, error.message)
        self.manifest = manifest


@dataclass(frozen=True)
class ObjectReference:
    """One object, and not another one that later has the same name."""

    kind: ResourceKind
    namespace: str
    name: str
    uid: str


def reference_to(manifest: Manifest) -> ObjectReference:
    """Return the reference to a live object."""
    metadata = manifest["metadata"]
    return ObjectReference(kind_of(manifest), metadata["namespace"], metadata["name"], metadata["uid"])


ObjectName: TypeAlias = tuple[str, str, str, str]
"""API version, kind, namespace and name: what can exist only once."""


def object_name(manifest: Manifest) -> ObjectName:
    """Return what tells the object from all others that exist now."""
    metadata = manifest["metadata"]
    return manifest["apiVersion"], manifest["kind"], metadata["namespace"], metadata["name"]


class Cluster(Protocol):
    """A Kubernetes API server, with manifests as plain data.

    Every method raises ApiError; those that write do so under the field manager ``holdfast``.
    """

    async def get(self, kind: ResourceKind, namespace: str, name: str) -> Manifest | None:
        """Return the object as it is now, or None."""
        ...

    async def list(
        self,
        kind: ResourceKind,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> Sequence[Manifest]:
        """Return all objects of one namespace, or of all, page by page; each with apiVersion and kind."""
        ...

    async def apply(self, manifest: Manifest) -> Manifest:
        """Make the fields of MANIFEST true (server-side apply, forced) and return the object."""
        ...

    async def create(self, manifest: Manifest) -> Manifest:
        """Create the object. Raises AlreadyExistsError."""
        ...

    async def replace(self, manifest: Manifest) -> Manifest:
        """Replace the object if its resourceVersion is still the given one, else raise ConflictError."""
        ...

    async def apply_status(self, resource: Manifest, status: Mapping[str, Any]) -> Manifest:
        """Replace the status of RESOURCE as it was read. Raises ConflictError when it has changed since."""
        ...

    async def delete(self, target: ObjectReference) -> None:
        """Delete the object and, in the background, what it owns; gone already is fine.

        Raises ConflictError when another object (uid) has taken the name.
        """
        ...
