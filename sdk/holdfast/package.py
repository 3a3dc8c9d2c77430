"""The model package: a flat folder with a model, what describes it, and a manifest of every file's sha256.

The bytes are identified by ``ModelPackage.digest`` wherever they lie; nothing is trusted before it was
verified.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from holdfast.failures import ModelError
from holdfast.folder import CHUNK_BYTES, Folder, capped, require_name, verified
from holdfast.manifest import (
    MANIFEST_FILE,
    MAX_MANIFEST_BYTES,
    METADATA_FILE,
    MODEL_FILE,
    PACKAGE_FILES,
    PROFILE_FILE,
    Manifest,
    PackageFile,
)
from holdfast.profile import Profile
from holdfast.results import ModelFailureReason

MAX_PACKAGE_BYTES = 2 * 1024**3

Content = bytes | Path


@dataclass(frozen=True)
class ModelPackage:
    """A verified package in a local folder; make one with ``read`` or ``write``."""

    folder: Path
    manifest: Manifest

    @property
    def digest(self) -> str:
        """``sha256:…`` over the names, sizes and hashes of all files."""
        return self.manifest.digest

    @property
    def size_bytes(self) -> int:
        """Size of all files together, without the manifest."""
        return self.manifest.size_bytes

    @property
    def model_path(self) -> Path:
        """Path of the ONNX file."""
        return self.folder / MODEL_FILE

    @classmethod
    def read(cls, folder: Path, digest: str | None = None, max_bytes: int = MAX_PACKAGE_BYTES) -> Self:
        """Verify the package in ``folder``.

        With a ``manifest.json`` every listed file must be there with the listed bytes; without one, the
        package is ``model.onnx`` and those of the other usual files that exist.

        Raises:
            ModelError: ModelNotFound, PackageInvalid, PackageTooLarge, StoreUnreadable, or DigestMismatch
            when
                the bytes are not those that the manifest or ``digest`` names.
        """
        with Folder(folder) as files:
            manifest = read_manifest(files, max_bytes)
        require_digest(manifest, digest)
        return cls(folder, manifest)

    @classmethod
    def write(cls, folder: Path, files: Mapping[str, Content], max_bytes: int = MAX_PACKAGE_BYTES) -> Self:
        """Write a new package: each file as bytes or copied from a path, and the manifest last.

        Raises:
            ModelError: PackageTooLarge or PackageInvalid.
            FileExistsError: the folder holds a file of that name already.
        """
        folder.mkdir(parents=True, exist_ok=True)
        with Folder(folder) as target:
            manifest = manifest_of(write_files(target, files, max_bytes))
            target.write(MANIFEST_FILE, [manifest.to_json()])
        return cls(folder, manifest)

    def read_file(self, name: str) -> bytes | None:
        """Return the bytes of a file, verified once more, or None when the package has no such file.

        Raises:
            ModelError: DigestMismatch when the bytes changed since the package was verified.
        """
        listed = self.manifest.file(name)
        if listed is None:
            return None
        with Folder(self.folder) as files:
            return b"".join(verified(files.chunks(name), listed))

    def profile(self) -> Profile | None:
        """Return the profile, or None when the package has none.

        Raises:
            ModelError: PackageInvalid when it is malformed.
        """
        content = self.read_file(PROFILE_FILE)
        return None if content is None else Profile.parse(content)

    def metadata(self) -> dict[str, Any]:
        """Return ``metadata.json``; empty when there is none.

        Raises:
            ModelError: PackageInvalid when it is not a JSON object.
        """
        content = self.read_file(METADATA_FILE)
        return {} if content is None else parse_metadata(content)


def parse_metadata(content: bytes) -> dict[str, Any]:
    """Read the content of a ``metadata.json``.

    Raises:
        ModelError: PackageInvalid when it is not a JSON object.
    """
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise ModelError(ModelFailureReason.PACKAGE_INVALID, f"{METADATA_FILE} is not a JSON object")
    return document


def read_manifest(files: Folder, max_bytes: int) -> Manifest:
    """Return the verified manifest of a folder, made from its files when it holds none.

    Raises:
        ModelError: as ``ModelPackage.read``.
    """
    names = files.names()
    if MANIFEST_FILE not in names:
        return manifest_of(_described(files, present_files(names), max_bytes))
    manifest = Manifest.parse(files.read(MANIFEST_FILE, MAX_MANIFEST_BYTES))
    require_size(manifest, max_bytes)
    for listed in manifest.files:
        for _ in verified(files.chunks(listed.path), listed):
            pass
    return manifest


def present_files(names: Iterable[str]) -> list[str]:
    """Return which of ``names`` make up a package without a manifest; the model is always among them."""
    present = set(names) | {MODEL_FILE}
    return [name for name in PACKAGE_FILES if name in present]


def require_size(manifest: Manifest, max_bytes: int) -> None:
    """Refuse a package by its listed sizes, before anything is read.

    Raises:
        ModelError: PackageTooLarge.
    """
    if manifest.size_bytes > max_bytes:
        message = f"the package has {manifest.size_bytes} bytes; at most {max_bytes} are allowed"
        raise ModelError(ModelFailureReason.PACKAGE_TOO_LARGE, message)


def require_digest(manifest: Manifest, digest: str | None) -> None:
    """Refuse other bytes than those that are pinned.

    Raises:
        ModelError: DigestMismatch.
    """
    if digest is not None and manifest.digest != digest:
        message = f"the package's digest is {manifest.digest}, not {digest}"
        raise ModelError(ModelFailureReason.DIGEST_MISMATCH, message)


def manifest_of(files: Iterable[PackageFile]) -> Manifest:
    """Return the manifest that lists ``files``, sorted by name.

    Raises:
        ModelError: PackageInvalid when they are no package, such as without ``model.onnx``.
    """
    document = {"files": [file.model_dump() for file in sorted(files, key=lambda file: file.path)]}
    return Manifest.parse(json.dumps(document).encode())


def write_files(target: Folder, files: Mapping[str, Content], max_bytes: int) -> list[PackageFile]:
    """Write files given as bytes or paths into a folder; errors as ``ModelPackage.write``."""
    for name in files:
        require_name(name)
    written: list[PackageFile] = []
    for name, content in sorted(files.items()):
        left = max_bytes - sum(file.size for file in written)
        written.append(target.write(name, capped(content_chunks(content), name, left)))
    return written


def content_chunks(content: Content) -> Iterator[bytes]:
    """Yield bytes, or the bytes of a file, in chunks."""
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as file:
        yield from iter(lambda: file.read(CHUNK_BYTES), b"")


def _described(files: Folder, names: Iterable[str], max_bytes: int) -> Iterator[PackageFile]:
    left = max_bytes
    for name in names:
        described = files.describe(name, left)
        left -= described.size
        yield described
