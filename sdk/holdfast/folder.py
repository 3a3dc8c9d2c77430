"""Reading and writing the flat files of one folder without following links, with size caps and hashes."""

import errno
import hashlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Self

from holdfast.failures import ModelError
from holdfast.manifest import FILE_NAME_PATTERN, PackageFile
from holdfast.results import ModelFailureReason

CHUNK_BYTES = 1024 * 1024


class Folder:
    """A folder held open by a descriptor, so that later renames or links in its path cannot redirect access.

    Only regular files directly inside are read or written. Use it as a context manager.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        except OSError as error:
            raise _unreadable(path.name, error) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._descriptor)

    def names(self) -> set[str]:
        """Return the names of everything in the folder."""
        with os.scandir(self._descriptor) as entries:
            return {entry.name for entry in entries}

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """Open a regular file for reading.

        Raises:
            ModelError: ModelNotFound; PackageInvalid when it is a link or not a regular file; StoreUnreadable
            when the file system refuses.
        """
        require_name(name)
        # O_NONBLOCK: opening a FIFO must not hang; for regular files it changes nothing.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        try:
            descriptor = os.open(name, flags, dir_fd=self._descriptor)
        except OSError as error:
            raise _unreadable(name, error) from None
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise ModelError(ModelFailureReason.PACKAGE_INVALID, f"{name} is not a regular file")
        with os.fdopen(descriptor, "rb") as file:
            yield file

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the content of a file in chunks; errors as ``open``."""
        with self.open(name) as file:
            yield from iter(lambda: file.read(CHUNK_BYTES), b"")

    def read(self, name: str, max_bytes: int) -> bytes:
        """Return the content of a file; errors as ``open`` and ``capped``."""
        return b"".join(capped(self.chunks(name), name, max_bytes))

    def describe(self, name: str, max_bytes: int) -> PackageFile:
        """Return name, sha256 and size of a file; errors as ``open`` and ``capped``."""
        return describe(name, capped(self.chunks(name), name, max_bytes))

    def write(self, name: str, chunks: Iterable[bytes]) -> PackageFile:
        """Write a new file that others may read, and return what was written.

        Raises:
            FileExistsError: something of that name exists, be it a dangling link.
        """
        require_name(name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(name, flags, 0o644, dir_fd=self._descriptor)
        with os.fdopen(descriptor, "wb") as file:
            written = describe(name, _written(file, chunks))
            file.flush()
            os.fsync(descriptor)
        return written

    def rename(self, old: str, new: str) -> None:
        """Give a file its final name, replacing what has it; readers see the old or the new file, whole."""
        os.rename(old, new, src_dir_fd=self._descriptor, dst_dir_fd=self._descriptor)
        os.fsync(self._descriptor)

    def remove(self, name: str) -> None:
        """Remove a file if it exists."""
        try:
            os.unlink(name, dir_fd=self._descriptor)
        except FileNotFoundError:
            return


def capped(chunks: Iterable[bytes], name: str, max_bytes: int) -> Iterator[bytes]:
    """Yield ``chunks`` until they exceed ``max_bytes``.

    Raises:
        ModelError: PackageTooLarge, before the chunk that exceeds is passed on.
    """
    size = 0
    for chunk in chunks:
        size += len(chunk)
        if size > max_bytes:
            raise ModelError(ModelFailureReason.PACKAGE_TOO_LARGE, f"{name} is larger than {max_bytes} bytes")
        yield chunk


def verified(chunks: Iterable[bytes], listed: PackageFile) -> Iterator[bytes]:
    """Yield ``chunks`` while they can be the listed file.

    Raises:
        ModelError: DigestMismatch, at the first byte too many or when the end does not have the listed hash;
            PackageInvalid when there is no such file.
    """
    try:
        yield from _verified(chunks, listed)
    except ModelError as error:
        if error.reason != ModelFailureReason.MODEL_NOT_FOUND:
            raise
        message = f"{listed.path} is listed in the manifest, but does not exist"
        raise ModelError(ModelFailureReason.PACKAGE_INVALID, message) from None


def _verified(chunks: Iterable[bytes], listed: PackageFile) -> Iterator[bytes]:
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
        if size > listed.size:
            break
        yield chunk
    if size != listed.size or digest.hexdigest() != listed.sha256:
        message = f"{listed.path} is not the file that the manifest lists"
        raise ModelError(ModelFailureReason.DIGEST_MISMATCH, message)


def require_name(name: str) -> None:
    """Refuse names that are no flat file names.

    Raises:
        ModelError: PackageInvalid.
    """
    if re.fullmatch(FILE_NAME_PATTERN, name) is None:
        message = f"{name[:140]!r} is no file name of a package: letters, digits, '.', '_' and '-' only"
        raise ModelError(ModelFailureReason.PACKAGE_INVALID, message)


def describe(name: str, chunks: Iterable[bytes]) -> PackageFile:
    """Consume ``chunks`` and return their sha256 and size under ``name``."""
    digest, size = hashlib.sha256(), 0
    for chunk in chunks:
        digest.update(chunk)
        size += len(chunk)
    return PackageFile(path=name, sha256=digest.hexdigest(), size=size)


def _written(file: BinaryIO, chunks: Iterable[bytes]) -> Iterator[bytes]:
    for chunk in chunks:
        file.write(chunk)
        yield chunk


def _unreadable(name: str, error: OSError) -> ModelError:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return ModelError(ModelFailureReason.MODEL_NOT_FOUND, f"{name} does not exist")
    if error.errno == errno.ELOOP:
        return ModelError(ModelFailureReason.PACKAGE_INVALID, f"{name} is a link; packages hold files only")
    return ModelError(ModelFailureReason.STORE_UNREADABLE, f"{name}: {os.strerror(error.errno or errno.EIO)}")
