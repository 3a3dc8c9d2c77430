"""Fetching and publishing model packages, and reading data, by URI: s3, https, pvc and configmap.

Without credentials every store is asked anonymously. Nothing that was fetched is trusted before it was
verified.
"""

import secrets
from pathlib import Path
from typing import Final

from holdfast.credentials import Credentials
from holdfast.failures import ModelError
from holdfast.fetch_progress import ReportedSource
from holdfast.folder import Folder, capped, verified
from holdfast.location import Location, Scheme
from holdfast.manifest import (
    MANIFEST_FILE,
    MAX_MANIFEST_BYTES,
    MAX_SIGNATURE_BYTES,
    MODEL_FILE,
    SIGNATURE_FILE,
    Manifest,
    PackageFile,
)
from holdfast.package import (
    MAX_PACKAGE_BYTES,
    ModelPackage,
    manifest_of,
    present_files,
    require_digest,
    require_size,
)
from holdfast.results import ModelFailureReason
from holdfast.sources import SOURCE_MOUNT, Source, mounted_path, open_source

PUBLISH_MOUNT: Final = Path("/mnt/publish")


def fetch_package(
    uri: str,
    digest: str | None,
    into: Path,
    credentials_dir: str | None = None,
    max_bytes: int = MAX_PACKAGE_BYTES,
    mount: Path = SOURCE_MOUNT,
) -> ModelPackage:
    """Copy the package at ``uri`` into the folder ``into``, verify it and return it.

    A URI ending in ``.onnx`` is a package of that one file. A folder with ``manifest.json`` is what that
    lists; one without is ``model.onnx`` and those of the other usual files that exist (not over https, which
    lists nothing). What ``into`` held before is removed, unless it is the package with ``digest`` already.

    Raises:
        ModelError: with every reason up to PackageTooLarge; StoreUnreadable also when the volume is full.
    """
    location = Location.parse(uri)
    credentials = Credentials.read(credentials_dir)
    kept = _already_there(into, digest, max_bytes)
    if kept is not None:
        return kept
    folder = location.parent if location.is_model_file else location
    try:
        into.mkdir(parents=True, exist_ok=True)
        with open_source(folder, credentials, mount) as source, Folder(into) as target:
            for name in target.names():
                target.remove(name)
            manifest = _copy(ReportedSource(source), target, location, digest, max_bytes)
            target.write(MANIFEST_FILE, [manifest.to_json()])
    except OSError as error:
        raise _unwritable(error) from None
    return ModelPackage(into, manifest)


def fetch_signature(
    uri: str, into: Path, credentials_dir: str | None = None, mount: Path = SOURCE_MOUNT
) -> None:
    """Copy the signature that lies beside the package at ``uri`` into the folder ``into``.

    Raises:
        ModelError: SignatureInvalid when there is none; PackageTooLarge; else as ``fetch_package``.
    """
    location = Location.parse(uri)
    folder = location.parent if location.is_model_file else location
    try:
        with open_source(folder, Credentials.read(credentials_dir), mount) as source, Folder(into) as target:
            target.remove(SIGNATURE_FILE)
            target.write(
                SIGNATURE_FILE, capped(source.chunks(SIGNATURE_FILE), SIGNATURE_FILE, MAX_SIGNATURE_BYTES)
            )
    except OSError as error:
        raise _unwritable(error) from None
    except ModelError as error:
        if error.reason != ModelFailureReason.MODEL_NOT_FOUND:
            raise
        message = f"there is no {SIGNATURE_FILE} beside the package"
        raise ModelError(ModelFailureReason.SIGNATURE_INVALID, message) from None


def publish_package(
    package: ModelPackage, uri: str, credentials_dir: str | None = None, mount: Path = PUBLISH_MOUNT
) -> str:
    """Write a package below ``uri`` (s3 or pvc) under its digest, and return the URI of its folder.

    The manifest is written last, so that a package that has one is complete. A package that is there already
    is left as it is: its name is the hash of its content.

    Raises:
        ModelError: UnsupportedURI; StoreUnreadable or ModelNotFound (no such bucket) when it cannot be
        written.
    """
    location = Location.parse(uri).child(package.digest.removeprefix("sha256:"))
    if location.scheme not in (Scheme.S3, Scheme.PVC):
        message = f"packages are published to s3:// or pvc://, not to {location.scheme}://"
        raise ModelError(ModelFailureReason.UNSUPPORTED_URI, message)
    credentials = Credentials.read(credentials_dir)
    try:
        if location.scheme == Scheme.S3:
            _publish_to_bucket(package, location, credentials)
        else:
            _publish_to_folder(package, mounted_path(location, mount))
    except OSError as error:
        raise _unwritable(error) from None
    return str(location)


def read_object(
    uri: str,
    credentials: Credentials | None = None,
    max_bytes: int = MAX_PACKAGE_BYTES,
    mount: Path = SOURCE_MOUNT,
) -> bytes:
    """Return the bytes of one object or file.

    Raises:
        ModelError: ModelNotFound, StoreUnreadable, UnsupportedURI, or PackageTooLarge above ``max_bytes``.
    """
    location = Location.parse(uri)
    with open_source(location.parent, credentials or Credentials(), mount) as source:
        return b"".join(capped(source.chunks(location.name), str(location), max_bytes))


def list_objects(uri: str, credentials: Credentials | None = None, mount: Path = SOURCE_MOUNT) -> list[str]:
    """Return the URIs of all objects below an ``s3://`` URI, or of what is in a mounted folder, sorted.

    Raises:
        ModelError: ModelNotFound, StoreUnreadable, or UnsupportedURI for https, which lists nothing.
    """
    location = Location.parse(uri)
    if location.scheme == Scheme.HTTPS:
        raise ModelError(ModelFailureReason.UNSUPPORTED_URI, "web servers list no files: name each one")
    if location.scheme == Scheme.S3:
        from holdfast.object_store import Bucket

        names = Bucket(location, credentials or Credentials()).tree()
    else:
        with Folder(mounted_path(location, mount)) as folder:
            names = sorted(folder.names())
    return [str(location.child(name)) for name in names]


def _already_there(into: Path, digest: str | None, max_bytes: int) -> ModelPackage | None:
    """Return what an earlier start of this container fetched, if it is what is asked for."""
    if digest is None:
        return None
    try:
        return ModelPackage.read(into, digest, max_bytes)
    except ModelError:
        return None


def _copy(source: Source, target: Folder, location: Location, digest: str | None, max_bytes: int) -> Manifest:
    if location.is_model_file:
        content = capped(source.chunks(location.name), str(location), max_bytes)
        manifest = manifest_of([target.write(MODEL_FILE, content)])
    else:
        names = source.names()
        if MANIFEST_FILE in names:
            return _copy_listed(source, target, digest, max_bytes)
        manifest = _copy_usual(source, target, names, max_bytes)
    require_digest(manifest, digest)
    return manifest


def _copy_listed(source: Source, target: Folder, digest: str | None, max_bytes: int) -> Manifest:
    content = b"".join(capped(source.chunks(MANIFEST_FILE), MANIFEST_FILE, MAX_MANIFEST_BYTES))
    manifest = Manifest.parse(content)
    require_digest(manifest, digest)
    require_size(manifest, max_bytes)
    for listed in manifest.files:
        target.write(listed.path, verified(source.chunks(listed.path), listed))
    return manifest


def _copy_usual(source: Source, target: Folder, names: set[str], max_bytes: int) -> Manifest:
    written: list[PackageFile] = []
    for name in present_files(names):
        left = max_bytes - sum(file.size for file in written)
        written.append(target.write(name, capped(source.chunks(name), name, left)))
    return manifest_of(written)


def _publish_to_bucket(package: ModelPackage, location: Location, credentials: Credentials) -> None:
    from holdfast.object_store import Bucket

    bucket = Bucket(location, credentials)
    if MANIFEST_FILE in bucket.names():
        return
    for name in package.manifest.names:
        bucket.write(name, package.folder / name)
    bucket.write(MANIFEST_FILE, package.manifest.to_json())


def _publish_to_folder(package: ModelPackage, path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    with Folder(package.folder) as source, Folder(path) as target:
        if MANIFEST_FILE in target.names():
            return
        for listed in package.manifest.files:
            part = f"part-{secrets.token_hex(8)}"
            target.write(part, verified(source.chunks(listed.path), listed))
            target.rename(part, listed.path)
        part = f"part-{secrets.token_hex(8)}"
        target.write(part, [package.manifest.to_json()])
        target.rename(part, MANIFEST_FILE)


def _unwritable(error: OSError) -> ModelError:
    return ModelError(
        ModelFailureReason.STORE_UNREADABLE, f"the volume: {error.strerror or 'input/output error'}"
    )
