"""Where files are read from, behind one protocol: a bucket, a web server, a mounted claim or ConfigMap."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Protocol

from holdfast.credentials import Credentials
from holdfast.failures import ModelError
from holdfast.folder import Folder
from holdfast.location import Location, Scheme
from holdfast.results import ModelFailureReason

SOURCE_MOUNT: Final = Path("/mnt/source")
_CONFIGMAP_FOLDER: Final = "..data"


class Source(Protocol):
    """A folder somewhere, of which flat files can be read."""

    def names(self) -> set[str]:
        """Return the names of the files that are there."""
        ...

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a file."""
        ...


@contextmanager
def open_source(location: Location, credentials: Credentials, mount: Path = SOURCE_MOUNT) -> Iterator[Source]:
    """Open the folder at ``location``; pvc and configmap lie below ``mount``.

    Raises:
        ModelError: ModelNotFound, StoreUnreadable or PackageInvalid.
    """
    # The clients are imported where they are needed: who reads a mounted folder needs neither.
    if location.scheme == Scheme.S3:
        from holdfast.object_store import Bucket

        yield Bucket(location, credentials)
    elif location.scheme == Scheme.HTTPS:
        from holdfast.web_folder import WebFolder

        with WebFolder(location, credentials) as web:
            yield web
    else:
        with Folder(mounted_path(location, mount)) as folder:
            yield folder


def mounted_path(location: Location, mount: Path) -> Path:
    """Return the folder of a pvc or configmap location that is mounted at ``mount``.

    Links inside a claim may lead elsewhere in it, such as ``latest`` to ``v3``, but not out of it.

    Raises:
        ModelError: PackageInvalid.
    """
    if location.scheme == Scheme.CONFIGMAP:
        # The kubelet mounts each key as a link into this folder, which it swaps as a whole.
        keys = mount / _CONFIGMAP_FOLDER
        return keys if keys.is_dir() else mount
    path = (mount / location.path).resolve()
    if not path.is_relative_to(mount.resolve()):
        raise ModelError(ModelFailureReason.PACKAGE_INVALID, f"{location} leads out of the claim")
    return path
