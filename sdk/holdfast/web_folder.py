"""Reading files of a web server over https, without redirects to elsewhere and without decompression."""

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Final, Self

import httpx

from holdfast.credentials import Credentials
from holdfast.data_object import DataObject
from holdfast.failures import ModelError
from holdfast.location import Location
from holdfast.manifest import MANIFEST_FILE
from holdfast.results import ModelFailureReason

MAX_REDIRECTS: Final = 3
_TIMEOUT: Final = httpx.Timeout(60, connect=10)
_ABSENT: Final = frozenset({httpx.codes.NOT_FOUND, httpx.codes.GONE})


class WebFolder:
    """The files below ``location``. Use it as a context manager."""

    def __init__(self, location: Location, credentials: Credentials) -> None:
        self._location = location
        headers = {"accept-encoding": "identity"}
        if credentials.authorization is not None:
            headers["authorization"] = credentials.authorization
        # The environment's proxies and .netrc are not ours to use.
        self._client = httpx.Client(
            headers=headers, verify=_tls(credentials), timeout=_TIMEOUT, trust_env=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def names(self) -> set[str]:
        """Return the manifest's name: web servers list nothing, so a folder must have one."""
        return {MANIFEST_FILE}

    def chunks(self, name: str) -> Iterator[bytes]:
        """Yield the bytes of a file.

        Raises:
            ModelError: ModelNotFound; StoreUnreadable when the server refuses, fails, redirects to another
            host or sends
                less than it announced.
        """
        location = self._location.child(name)
        with _typed_errors(location), self._answer(location) as answer:
            if answer.headers.get("content-encoding", "identity") != "identity":
                raise _unreadable(location, "the server compresses, which was not asked for")
            yield from answer.iter_raw()

    def describe(self, name: str) -> DataObject:
        """Return size and version mark of a file, as its header tells (RFC 9110, 8.8).

        Raises:
            ModelError: as ``chunks``; StoreUnreadable also when the server tells neither ETag nor
                Last-Modified, so that no change could be seen.
        """
        location = self._location.child(name)
        with _typed_errors(location), self._answer(location, "HEAD") as answer:
            headers = answer.headers
            mark = headers.get("etag") or headers.get("last-modified")
            if not mark:
                raise _unreadable(location, "the server tells neither ETag nor Last-Modified")
            size = headers.get("content-length", "")
            modified = _http_date(headers.get("last-modified"))
            return DataObject(name, int(size) if size.isdigit() else 0, mark[:1024], modified)

    @contextmanager
    def _answer(self, location: Location, method: str = "GET") -> Iterator[httpx.Response]:
        url = httpx.URL(str(location))
        for _ in range(MAX_REDIRECTS + 1):
            with self._client.stream(method, url) as answer:
                if not answer.has_redirect_location:
                    _require_success(location, answer)
                    yield answer
                    return
                url = _same_origin(location, url, answer.headers["location"])
        raise _unreadable(location, f"the server redirects more than {MAX_REDIRECTS} times")


def _http_date(text: str | None) -> datetime | None:
    try:
        return parsedate_to_datetime(text) if text else None
    except ValueError:
        return None  # It is shown only; what counts is whether the text changes.


def _tls(credentials: Credentials) -> ssl.SSLContext:
    context = ssl.create_default_context()
    if credentials.ca_certificates is not None:
        try:
            context.load_verify_locations(cadata=credentials.ca_certificates.decode("ascii"))
        except (ssl.SSLError, UnicodeDecodeError):
            message = "credential 'ca.crt': it holds no PEM certificates"
            raise ModelError(ModelFailureReason.STORE_UNREADABLE, message) from None
    return context


def _same_origin(location: Location, url: httpx.URL, target: str) -> httpx.URL:
    there = url.join(target)
    if (there.scheme, there.netloc) != (url.scheme, url.netloc) or there.userinfo:
        raise _unreadable(location, "the server redirects to another host")
    return there


def _require_success(location: Location, answer: httpx.Response) -> None:
    if answer.status_code in _ABSENT:
        raise ModelError(ModelFailureReason.MODEL_NOT_FOUND, f"{location}: {answer.status_code}")
    if answer.status_code != httpx.codes.OK:
        raise _unreadable(location, f"the server answers {answer.status_code}")


@contextmanager
def _typed_errors(location: Location) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unreadable(location, f"the server does not answer ({type(error).__name__})") from None


def _unreadable(location: Location, why: str) -> ModelError:
    return ModelError(ModelFailureReason.STORE_UNREADABLE, f"{location}: {why}")
