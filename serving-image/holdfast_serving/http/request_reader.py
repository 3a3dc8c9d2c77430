"""Bytes of a connection -> whole HTTP/1.1 requests (RFC 9112).

Parsing is llhttp's, through httptools. What is ours: limits, and refusing whatever two parsers on a request's
way could read differently, which is what request smuggling lives on.
"""

from collections import deque
from time import perf_counter
from typing import Any, Final, NoReturn
from urllib.parse import unquote

import httptools

from holdfast_serving.http.answer_heads import CLOSE, KEEP, SAY_KEEP
from holdfast_serving.http.messages import Request, Response
from holdfast_serving.inference.errors import RequestError

NOTHING: Final = 0
HEAD: Final = 1
BODY: Final = 2


class RequestReader:
    """Collects requests of at most ``max_header_bytes`` and ``max_body_bytes`` in ``complete``.

    ``state`` says what is being read; ``step`` grows whenever that changes, so a reader that stays at one
    step for long has a client that takes too long.
    """

    def __init__(self, max_header_bytes: int, max_body_bytes: int) -> None:
        self.complete: deque[tuple[Request | Response, bytes]] = deque()
        """Requests, each with the line about the connection that its answer carries."""
        self.state = NOTHING
        self.step = 0
        self.over = False
        """Whether nothing more is to be read."""
        self.continue_due = False
        """Whether the client waits for leave to send its body (RFC 9110, 10.1.1)."""
        self._max_header_bytes = max_header_bytes
        self._max_body_bytes = max_body_bytes
        self._parser: Any = httptools.HttpRequestParser(self)
        self._refusal: RequestError | None = None
        self._kept_line = KEEP
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._head_bytes = 0
        self._fed_bytes = 0
        self._body: bytes | bytearray = b""

    def feed(self, data: bytes) -> None:
        """Read on; data after the last request of a connection is dropped.

        Raises:
            RequestError: the request that is being read is refused; those before it are complete.
        """
        if self.over:
            return
        step = self.step
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._decline_upgrade()
        except httptools.HttpParserError:
            if not self.over:
                self.over = True
                raise self._refusal or RequestError("malformed HTTP request") from None
        if self.state == HEAD and self.step == step:
            self._count_unfinished(len(data))

    def close(self) -> None:
        """Let go of the parser, which refers back to this object."""
        self.over = True
        self._parser = None
        self.complete.clear()

    # What the parser calls. A request costs about 4 us here and in the parser.

    def on_message_begin(self) -> None:
        """Begin a request."""
        self.state = HEAD
        self.step += 1
        self._url = self._body = b""
        self._headers = {}
        self._head_bytes = self._fed_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Take a piece of the request target."""
        self._url += url
        self._count_head(len(url))

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field; trailers are counted and dropped."""
        self._count_head(len(name) + len(value) + 4)
        if self.state == BODY:
            return
        name = name.lower()
        if name in self._headers:
            if name == b"host":
                self._refuse("more than one host")
            value = self._headers[name] + b", " + value
        self._headers[name] = value

    def on_headers_complete(self) -> None:
        """Refuse what is ambiguous or too large before any of the body is read."""
        self.state = BODY
        self.step += 1
        headers = self._headers
        self._kept_line = KEEP
        if self._parser.get_http_version() != "1.1":
            self._check_old_version()
        elif b"host" not in headers:
            self._refuse("no host")
        elif b"expect" in headers:
            self.continue_due = headers[b"expect"].lower() == b"100-continue"
        if b"content-length" in headers and int(headers[b"content-length"]) > self._max_body_bytes:
            self._refuse_body()
        if b"transfer-encoding" in headers and headers[b"transfer-encoding"].lower() != b"chunked":
            self._refuse("the only transfer encoding here is 'chunked'", 501)

    def on_body(self, chunk: bytes) -> None:
        """Take a piece of the body; a body that came in one piece is not copied."""
        if not self._body:
            self._body = chunk
        else:
            if isinstance(self._body, bytes):
                self._body = bytearray(self._body)
            self._body += chunk
        if len(self._body) > self._max_body_bytes:
            self._refuse_body()

    def on_message_complete(self) -> None:
        """Let the request wait for its turn."""
        self.state = NOTHING
        self.step += 1
        self.continue_due = False
        path, query = _path_and_query(self._url)
        body = self._body if isinstance(self._body, bytes) else bytes(self._body)
        method = self._parser.get_method().decode("ascii")
        line = self._kept_line
        if not self._parser.should_keep_alive():
            self.over = True
            line = CLOSE
        self.complete.append((Request(method, path, query, self._headers, body, perf_counter()), line))
        self._body = b""

    def _check_old_version(self) -> None:
        if self._parser.get_http_version() != "1.0":
            self._refuse("only HTTP 1.1 and 1.0 are spoken here", 505)
        if b"transfer-encoding" in self._headers:
            self._refuse("HTTP/1.0 has no transfer encoding")
        self._kept_line = SAY_KEEP

    def _decline_upgrade(self) -> None:
        """Answer as if no other protocol had been asked for, and read nothing of it."""
        self.over = True
        request, _ = self.complete.pop()
        self.complete.append((request, CLOSE))

    def _count_unfinished(self, size: int) -> None:
        """Count what is part of a head only: llhttp shows a field when it is complete, which may be never."""
        self._fed_bytes += size
        if self._fed_bytes > self._max_header_bytes:
            self.over = True
            raise _too_long_head(self._max_header_bytes)

    def _count_head(self, size: int) -> None:
        self._head_bytes += size
        if self._head_bytes > self._max_header_bytes:
            self._stop(_too_long_head(self._max_header_bytes))

    def _refuse_body(self) -> NoReturn:
        self._stop(RequestError(f"the body is larger than {self._max_body_bytes} bytes", 413))

    def _refuse(self, reason: str, status: int = 400) -> NoReturn:
        self._stop(RequestError(reason, status))

    def _stop(self, refusal: RequestError) -> NoReturn:
        """Leave the parser, which gives its callbacks' errors another type."""
        self._refusal = refusal
        self.continue_due = False
        raise refusal


def _too_long_head(limit: int) -> RequestError:
    return RequestError(f"the header is larger than {limit} bytes", 431)


def _path_and_query(url: bytes) -> tuple[str, str]:
    """Return both parts of a request target, which may be a whole URL (RFC 9112, 3.2.2)."""
    path, _, query = url.decode("ascii").partition("?")
    if not path.startswith("/"):
        path = "/" + path.partition("://")[2].partition("/")[2]
    return (unquote(path) if "%" in path else path), query
