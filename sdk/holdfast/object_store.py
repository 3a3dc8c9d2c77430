"""Reading and writing objects of an S3 bucket with obstore, with typed errors that repeat no server text."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import obstore
from obstore.exceptions import BaseError
from obstore.store import S3Store

from holdfast.credentials import Credentials
from holdfast.data_object import DataObject
from holdfast.failures import ModelError
from holdfast.folder import CHUNK_BYTES
from holdfast.location import Location
from holdfast.results import ModelFailureReason

if TYPE_CHECKING:
    from obstore import ObjectMeta
    from obstore.store import ClientConfig, RetryConfig, S3Config

MAX_LISTED: Final = 100_000
_ABSENT_CODES: Final = frozenset({"NoSuchKey", "NoSuchBucket"})
_DEFAULT_REGION: Final = "us-east-1"


class Bucket:
    """The objects below ``location``; names are relative to it."""

    def __init__(self, location: Location, credentials: Credentials) -> None:
        self._location = location
        with _typed_errors(location):
            self._store = S3Store(
                location.authority,
                prefix=location.path or None,
                config=_config(credentials),
                client_options=_client_options(credentials),
                retry_config=_retries(),
            )

    def names(self) -> set[str]:
        """Return the names of the objects directly below; needs the permission s3:ListBucket.

        Raises:
            ModelError: ModelNotFound when there is no such bucket; StoreUnreadable.
        """
        with _typed_errors(self._location):
            found = obstore.list_with_delimiter(self._store)["objects"]
        return {each["path"] for each in found}

    def tree(self) -> list[str]:
        """Return the names of all objects below, at any depth, sorted; errors as ``names``.

        Raises:
            ModelError: also PackageTooLarge when there are more than 100,000.
        """
        found: list[str] = []
        with _typed_errors(self._location):
            for page in obstore.list(self._store):
                found.extend(each["path"] for each in page)
                if len(found) > MAX_LISTED:
                    message = f"{self._location} holds more than {MAX_LISTED} objects"
                    raise ModelError(ModelFailureReason.PACKAGE_TOO_LARGE, message)
        return sorted(found)

    def listing(self, limit: int) -> list[DataObject]:
        """Return all objects below, at any depth, with their ETags; errors as ``tree``."""
        found: list[DataObject] = []
        with _typed_errors(self._location):
            for page in obstore.list(self._store):
                found.extend(_described(each) for each in page)
                if len(found) > limit:
                    message = f"{self._location} holds more than {limit} objects"
                    raise ModelError(ModelFailureReason.PACKAGE_TOO_LARGE, message)
        return found

    def describe(self, name: str) -> list[DataObject]:
        """Return the object of that name, or nothing.

        Raises:
            ModelError: StoreUnreadable.
        """
        try:
            with _typed_errors(self._location.child(name)):
                return [_described(obstore.head(self._store, name))]
        except ModelError as error:
            if error.reason == ModelFailureReason.MODEL_NOT_FOUND:
                return []
            raise

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of an object.

        Raises:
            ModelError: ModelNotFound when there is no such object; StoreUnreadable.
        """
        with _typed_errors(self._location.child(name)):
            for chunk in obstore.get(self._store, name).stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(chunk)

    def write(self, name: str, content: bytes | Path) -> None:
        """Write an object; readers see the old or the new one, whole.

        Raises:
            ModelError: ModelNotFound when there is no such bucket; StoreUnreadable.
        """
        with _typed_errors(self._location.child(name)):
            obstore.put(self._store, name, content)

    def remove(self, name: str) -> None:
        """Delete an object, if it exists.

        Raises:
            ModelError: ModelNotFound when there is no such bucket; StoreUnreadable.
        """
        with _typed_errors(self._location.child(name)):
            obstore.delete(self._store, name)


def _described(meta: "ObjectMeta") -> DataObject:
    # A store without ETags tells changes by time.
    modified = meta["last_modified"]
    return DataObject(meta["path"], meta["size"], meta.get("e_tag") or modified.isoformat(), modified)


def _config(credentials: Credentials) -> "S3Config":
    config: S3Config = {"region": credentials.region or _DEFAULT_REGION}
    if credentials.endpoint is not None:
        config["endpoint"] = credentials.endpoint
    if credentials.access_key_id is None or credentials.secret_access_key is None:
        # Without this, obstore would ask the cloud's metadata service, which pods must not reach.
        config["skip_signature"] = True
        return config
    config["access_key_id"] = credentials.access_key_id
    config["secret_access_key"] = credentials.secret_access_key
    if credentials.session_token is not None:
        config["session_token"] = credentials.session_token
    return config


def _client_options(credentials: Credentials) -> "ClientConfig":
    options: ClientConfig = {
        "allow_http": (credentials.endpoint or "").startswith("http://"),
        "connect_timeout": "10s",
        "read_timeout": "60s",
        "timeout": "1h",
    }
    if credentials.ca_certificates is not None:
        options["root_certificate"] = credentials.ca_certificates
    return options


def _retries() -> "RetryConfig":
    return {"max_retries": 4, "retry_timeout": timedelta(seconds=60)}


@contextmanager
def _typed_errors(location: Location) -> Iterator[None]:
    try:
        yield
    except (BaseError, FileNotFoundError) as error:
        raise _typed(location, error) from None
    except ValueError:
        message = f"{location}: the endpoint, ca.crt or key is malformed"
        raise ModelError(ModelFailureReason.STORE_UNREADABLE, message) from None


def _typed(location: Location, error: Exception) -> ModelError:
    text = str(error)
    code, status = re.search(r"<Code>(\w{1,64})</Code>", text), re.search(r"status code: (\d{3})", text)
    absent = code.group(1) in _ABSENT_CODES if code else isinstance(error, FileNotFoundError)
    reason = ModelFailureReason.MODEL_NOT_FOUND if absent else ModelFailureReason.STORE_UNREADABLE
    known = [found.group(1) for found in (status, code) if found]
    return ModelError(reason, f"{location}: {' '.join(known) or 'the store does not answer'}")
