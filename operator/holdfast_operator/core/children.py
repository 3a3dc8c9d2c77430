"""Finding objects among those that were observed, and naming those that should go."""

from collections.abc import Iterable

from holdfast_operator.core.decision import Deletion
from holdfast_operator.manifests.metadata import Manifest


def find_child(children: Iterable[Manifest], kind: str, name: str) -> Manifest | None:
    """Return the object of that kind and name."""
    wanted = (kind, name)
    return next((child for child in children if kind_and_name(child) == wanted), None)


def kind_and_name(manifest: Manifest) -> tuple[str, str]:
    """Return what tells objects of one owner apart."""
    return manifest["kind"], manifest["metadata"]["name"]


def label_of(manifest: Manifest, key: str) -> str | None:
    """Return the value of a label."""
    value = (manifest["metadata"].get("labels") or {}).get(key)
    return None if value is None else str(value)


def is_going(manifest: Manifest) -> bool:
    """Whether the object is being deleted already."""
    return manifest["metadata"].get("deletionTimestamp") is not None


def deletion_of(manifest: Manifest) -> Deletion:
    """Return the deletion of exactly this object."""
    metadata = manifest["metadata"]
    return Deletion(
        api_version=manifest["apiVersion"],
        kind=manifest["kind"],
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
    )
