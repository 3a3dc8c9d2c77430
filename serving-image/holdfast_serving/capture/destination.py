"""Where captured files go: the model's own folder in a bucket or on a mounted volume."""

import os
import re
import secrets
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from holdfast.credentials import Credentials
from holdfast.failures import ModelError
from holdfast.location import Location, Scheme
from holdfast.results import ModelFailureReason

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,252}")


class Destination(Protocol):
    """Files below one model's folder; names are relative to it, with ``/`` between folder and file."""

    def write(self, name: str, content: bytes) -> None:
        """Write a file, whole."""
        ...

    def tree(self) -> list[str]:
        """Return the names of all files."""
        ...

    def remove(self, name: str) -> None:
        """Remove a file."""
        ...


class FolderDestination:
    """A folder, such as that of a mounted volume; whatever fails is an OSError."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, name: str, content: bytes) -> None:
        """Write a file beside its place and move it there, so that nobody reads half of it."""
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        part.write_bytes(content)
        part.replace(path)

    def tree(self) -> list[str]:
        """Return the names of all files; links are not followed."""
        return [
            str((Path(folder) / name).relative_to(self._folder))
            for folder, _, names in os.walk(self._folder)
            for name in names
        ]

    def remove(self, name: str) -> None:
        """Remove a file, and its folder if it was the last there."""
        path = self._folder / name
        path.unlink(missing_ok=True)
        if not any(path.parent.iterdir()):
            path.parent.rmdir()


def open_destination(uri: str, credentials_dir: str | None, model: str) -> Destination:
    """Return the folder of ``model`` below an ``s3://`` or ``file:///`` URI; connects to nothing yet.

    Raises:
        ModelError: UnsupportedURI; StoreUnreadable when the credentials cannot be read.
    """
    if _PLAIN.fullmatch(model) is None:
        raise _unsupported(f"the model's name {model[:80]!r} cannot be that of a folder")
    address = urlsplit(uri)
    if address.scheme == "file" and not address.netloc and address.path.startswith("/"):
        return FolderDestination(Path(unquote(address.path)) / model)
    location = Location.parse(uri)
    if location.scheme != Scheme.S3:
        raise _unsupported("captured requests go to s3://BUCKET/PREFIX or file:///FOLDER")
    from holdfast.object_store import Bucket

    return Bucket(location.child(model), Credentials.read(credentials_dir))


def _unsupported(message: str) -> ModelError:
    return ModelError(ModelFailureReason.UNSUPPORTED_URI, message)
