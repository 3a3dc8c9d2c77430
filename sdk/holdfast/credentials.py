"""Credentials of stores: a folder with one file per key of a Secret, or the environment of a trainer."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from holdfast.failures import ModelError
from holdfast.results import ModelFailureReason

MAX_CREDENTIAL_BYTES: Final = 256 * 1024
_TEXTS: Final = {
    "AWS_ACCESS_KEY_ID": "access_key_id",
    "AWS_SECRET_ACCESS_KEY": "secret_access_key",
    "AWS_SESSION_TOKEN": "session_token",
    "AWS_ENDPOINT_URL": "endpoint",
    "AWS_REGION": "region",
    "authorization": "authorization",
}
AUTHORITY_FILE: Final = "ca.crt"


@dataclass(frozen=True)
class Credentials:
    """What a store wants to know; everything is optional, and nothing secret is ever shown by ``repr``."""

    access_key_id: str | None = field(default=None, repr=False)
    secret_access_key: str | None = field(default=None, repr=False)
    session_token: str | None = field(default=None, repr=False)
    authorization: str | None = field(default=None, repr=False)
    endpoint: str | None = None
    region: str | None = None
    ca_certificates: bytes | None = field(default=None, repr=False)

    @classmethod
    def read(cls, folder: str | Path | None) -> Self:
        """Read the folder that a Secret is mounted at; without a folder there are no credentials.

        Raises:
            ModelError: StoreUnreadable when a file cannot be read.
        """
        if folder is None:
            return cls()
        texts = {name: _text(Path(folder) / key) for key, name in _TEXTS.items()}
        return cls(**texts, ca_certificates=_read(Path(folder) / AUTHORITY_FILE))

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Take the usual AWS_* variables, and the CA certificates in AWS_CA_BUNDLE or SSL_CERT_FILE."""
        texts = {name: environ.get(key) or None for key, name in _TEXTS.items()}
        bundle = environ.get("AWS_CA_BUNDLE") or environ.get("SSL_CERT_FILE")
        return cls(**texts, ca_certificates=_read(Path(bundle)) if bundle else None)


def _text(path: Path) -> str | None:
    content = _read(path)
    if content is None:
        return None
    try:
        return content.decode().strip() or None
    except UnicodeDecodeError:
        raise _unreadable(path, "it is no text") from None


def _read(path: Path) -> bytes | None:
    try:
        with path.open("rb") as file:
            content = file.read(MAX_CREDENTIAL_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _unreadable(path, error.strerror or "it cannot be read") from None
    if len(content) > MAX_CREDENTIAL_BYTES:
        raise _unreadable(path, f"it is larger than {MAX_CREDENTIAL_BYTES} bytes")
    return content


def _unreadable(path: Path, why: str) -> ModelError:
    return ModelError(ModelFailureReason.STORE_UNREADABLE, f"credential {path.name!r}: {why}")
