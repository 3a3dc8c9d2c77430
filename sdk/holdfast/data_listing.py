"""What data is there, told by names, sizes and version marks instead of by reading it.

Objects count by their ETag (RFC 9110, 8.8.3), files of a claim by their time of modification. DVC's ``.dvc``
files and ``dvc.lock`` hold hashes of the data, so of those the content counts (dvc.org, "DVC Files").
"""

import hashlib
import os
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from holdfast.credentials import Credentials
from holdfast.data_object import DataObject
from holdfast.failures import ModelError
from holdfast.folder import capped
from holdfast.location import Location, Scheme
from holdfast.results import DataLookResult, ModelFailureReason
from holdfast.sources import SOURCE_MOUNT, mounted_path, open_source

MAX_OBJECTS: Final = 100_000
MAX_DVC_BYTES: Final = 4 * 1024 * 1024
DVC_SUFFIXES: Final = (".dvc", "dvc.lock")


def look_at_data(
    uri: str, credentials: Credentials | None = None, mount: Path = SOURCE_MOUNT
) -> DataLookResult:
    """Return the digest of what is at an s3, https or pvc URI: an object, or all that lies below.

    Raises:
        ModelError: ModelNotFound when there is nothing; StoreUnreadable; UnsupportedURI; PackageTooLarge when
            there are more than 100,000 objects.
    """
    location, credentials = Location.parse(uri), credentials or Credentials()
    if location.name.endswith(DVC_SUFFIXES):
        return summarize([_dvc_file(location, credentials, mount)])
    if location.scheme == Scheme.S3:
        return summarize(_objects(location, credentials))
    if location.scheme == Scheme.HTTPS:
        from holdfast.web_folder import WebFolder

        with WebFolder(location.parent, credentials) as web:
            return summarize([web.describe(location.name)])
    return summarize(_files(mounted_path(location, mount), location))


def summarize(objects: Iterable[DataObject]) -> DataLookResult:
    """Return the digest over names, sizes and marks, whatever their order, and what there is in figures."""
    found = sorted(objects)
    digest = hashlib.sha256()
    for each in found:
        digest.update(f"{each.name}\0{each.size_bytes}\0{each.mark}\0".encode())
    newest = max((each.modified for each in found if each.modified is not None), default=None)
    return DataLookResult(
        digest=f"sha256:{digest.hexdigest()}",
        objects=len(found),
        total_bytes=sum(each.size_bytes for each in found),
        newest_time=newest.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if newest else None,
    )


def _dvc_file(location: Location, credentials: Credentials, mount: Path) -> DataObject:
    with open_source(location.parent, credentials, mount) as source:
        content = b"".join(capped(source.chunks(location.name), location.name, MAX_DVC_BYTES))
    return DataObject(location.name, len(content), hashlib.sha256(content).hexdigest())


def _objects(location: Location, credentials: Credentials) -> list[DataObject]:
    from holdfast.object_store import Bucket

    found = Bucket(location, credentials).listing(MAX_OBJECTS)
    if not found and location.path:
        found = Bucket(location.parent, credentials).describe(location.name)
    if not found:
        raise _nothing(location)
    return found


def _files(path: Path, location: Location) -> list[DataObject]:
    if path.is_file():
        return [_file(path, path.name)]
    if not path.is_dir():
        raise _nothing(location)
    found: list[DataObject] = []
    # Links are not followed: they could lead out of the claim or in a circle.
    for folder, _, names in os.walk(path, onerror=_refuse):
        files = [Path(folder, name) for name in names]
        found += [_file(each, str(each.relative_to(path))) for each in files if not each.is_symlink()]
        if len(found) > MAX_OBJECTS:
            message = f"{location} holds more than {MAX_OBJECTS} files"
            raise ModelError(ModelFailureReason.PACKAGE_TOO_LARGE, message)
    if not found:
        raise _nothing(location)
    return found


def _file(path: Path, name: str) -> DataObject:
    status = path.stat(follow_symlinks=False)
    modified = datetime.fromtimestamp(status.st_mtime, UTC)
    return DataObject(name, status.st_size, str(status.st_mtime_ns), modified)


def _refuse(error: OSError) -> None:
    raise ModelError(ModelFailureReason.STORE_UNREADABLE, f"the claim: {error.strerror}")


def _nothing(location: Location) -> ModelError:
    return ModelError(ModelFailureReason.MODEL_NOT_FOUND, f"there is nothing at {location}")
