"""Volumes and mounts by which a container reaches a URI, and the credentials that it needs."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from holdfast.settings import CREDENTIALS_DIR
from holdfast_operator.manifests.metadata import short

CAPTURE_DIR: Final = "/mnt/capture"
VERIFICATION_DIR: Final = "/etc/holdfast/verification"
FEEDBACK_DIR: Final = "/etc/holdfast/feedback"
KEY_ENTRY: Final = "key"
"""Of Secrets that hold one key."""
SOURCE_DIR: Final = "/mnt/source"
PUBLISH_DIR: Final = "/mnt/publish"
DATA_DIR: Final = "/mnt/data"


@dataclass(frozen=True)
class Storage:
    """What a pod and one of its containers need to reach a URI."""

    volumes: tuple[dict[str, Any], ...] = ()
    mounts: tuple[dict[str, Any], ...] = ()
    credentials_dir: str | None = None
    key_file: str | None = None


def package_storage(
    uri: str, credentials_secret_name: str | None, public_key_secret_name: str | None
) -> Storage:
    """Return what it takes to fetch a package, and to verify its signature if a public key is named."""
    source = storage_for(uri, credentials_secret_name)
    key = key_storage("verification", public_key_secret_name, VERIFICATION_DIR)
    return Storage(
        source.volumes + key.volumes, source.mounts + key.mounts, source.credentials_dir, key.key_file
    )


def key_storage(purpose: str, secret_name: str | None, mount_path: str) -> Storage:
    """Return what it takes to read the key in a Secret; a missing one is the container's to report."""
    if secret_name is None:
        return Storage()
    name = f"{purpose}-{short(secret_name)}"
    volume = {"name": name, "secret": {"secretName": secret_name, "optional": True}}
    mount = {"name": name, "mountPath": mount_path, "readOnly": True}
    return Storage((volume,), (mount,), key_file=f"{mount_path}/{KEY_ENTRY}")


def storage_for(
    uri: str, credentials_secret_name: str | None, mount_path: str = SOURCE_DIR, *, writable: bool = False
) -> Storage:
    """Return what it takes to read (or write) the URI.

    ``pvc://`` and ``configmap://`` are mounted at ``mount_path``. A missing ConfigMap or Secret does not hold
    the pod back: the container then reports what it lacks.
    """
    volumes = [*_source_volumes(uri, writable=writable), *_credential_volumes(credentials_secret_name)]
    paths = {True: CREDENTIALS_DIR, False: mount_path}
    mounts = [
        {
            "name": volume["name"],
            "mountPath": paths["secret" in volume],
            **({} if writable and "secret" not in volume else {"readOnly": True}),
        }
        for volume in volumes
    ]
    return Storage(tuple(volumes), tuple(mounts), CREDENTIALS_DIR if credentials_secret_name else None)


def needs_network(uri: str) -> bool:
    """Whether the URI is read over the network by the container itself."""
    return not uri.startswith(("pvc://", "configmap://"))


def mounted_path(uri: str, mount_path: str) -> str:
    """Return where the thing at a mounted URI is found in the container."""
    _, _, path = uri.partition("://")[2].partition("/")
    return f"{mount_path}/{path}".rstrip("/")


def merge_volumes(volumes: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each volume once; a claim is read-only only if all its uses are."""
    merged: dict[str, dict[str, Any]] = {}
    for volume in volumes:
        known = merged.setdefault(volume["name"], volume)
        if not volume.get("persistentVolumeClaim", {}).get("readOnly", True):
            known = volume
        merged[volume["name"]] = known
    return list(merged.values())


def _source_volumes(uri: str, *, writable: bool) -> list[dict[str, Any]]:
    scheme, _, rest = uri.partition("://")
    name = rest.partition("/")[0]
    if scheme == "pvc":
        claim = {"claimName": name, "readOnly": not writable}
        return [{"name": f"claim-{short(name)}", "persistentVolumeClaim": claim}]
    if scheme == "configmap":
        return [{"name": f"configmap-{short(name)}", "configMap": {"name": name, "optional": True}}]
    return []


def _credential_volumes(secret_name: str | None) -> list[dict[str, Any]]:
    if secret_name is None:
        return []
    secret = {"secretName": secret_name, "optional": True}
    return [{"name": f"credentials-{short(secret_name)}", "secret": secret}]
