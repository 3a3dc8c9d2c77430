"""The lines before the body of an answer: made once for each kind of answer, then only given their length."""

from email.utils import formatdate
from http import HTTPStatus
from time import time
from typing import Final

from holdfast_serving.http.messages import Headers, Response

KEEP: Final = b""
"""HTTP/1.1 keeps connections without saying so."""
SAY_KEEP: Final = b"connection: keep-alive\r\n"
"""HTTP/1.0 clients that asked for it must be told."""
CLOSE: Final = b"connection: close\r\n"

_PHRASES: Final = {status.value: status.phrase for status in HTTPStatus}


class AnswerHeads:
    """Heads of answers that all carry the same ``headers``, and the date of the last ``renew``."""

    def __init__(self, headers: Headers = ()) -> None:
        self._headers = _lines(headers)
        self._date = b""
        self._starts: dict[tuple[int, bytes, bytes], bytes] = {}

    def renew(self) -> None:
        """Take the date anew (RFC 9110, 6.6.1: a second is exact enough)."""
        date = formatdate(time(), usegmt=True).encode()
        if date != self._date:
            self._date = date
            self._starts.clear()

    def head(self, response: Response, body_bytes: int, connection: bytes) -> bytes:
        """Return the head, with ``connection`` as its line about the connection; a look-up and a format."""
        key = (response.status, response.content_type, connection)
        start = self._starts.get(key) or self._start(key)
        if response.headers:
            start += _lines(response.headers)
        return b"%bcontent-length: %d\r\n\r\n" % (start, body_bytes)

    def _start(self, key: tuple[int, bytes, bytes]) -> bytes:
        status, content_type, connection = key
        line = f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n".encode()
        fields = _lines(((b"date", self._date), (b"content-type", content_type)))
        start = self._starts[key] = line + self._headers + fields + connection
        return start


def _lines(headers: Headers) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers)
