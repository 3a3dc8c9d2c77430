"""HTTP framing: bytes into a connection, whole and in pieces; both must come to the same."""

from random import Random

from holdfast_serving.http.connection import HttpConnection
from holdfast_serving.http.connections import ConnectionLimits, Connections
from holdfast_serving.http.messages import Reply, Request, Response
from tests.fuzz.target import Target, Violation
from tests.unit.serving.http.wire import Wire, statuses

LIMITS = ConnectionLimits(max_header_bytes=1024, max_body_bytes=512)
STATUSES = {200, 400, 413, 431, 501, 505}
SEEN_STATUSES = STATUSES | {100}
MAX_PIECES = 5
HOST = b"Host: a\r\n"
SEEDS = (
    b"GET /v2/health/ready HTTP/1.1\r\n" + HOST + b"\r\n",
    b"POST /v2/models/m/infer HTTP/1.1\r\n" + HOST + b"Content-Length: 5\r\n\r\nhello",
    b"POST /v2/models/m/infer?a=b HTTP/1.1\r\n"
    + HOST
    + b"Transfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n3\r\nyou\r\n0\r\nTrailer: t\r\n\r\n",
    b"POST / HTTP/1.1\r\n" + HOST + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\nhi",
    b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.1\r\n" + HOST + b"\r\n",
    b"HEAD http://a/metrics HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n",
    b"GET /a HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\nraw",
    b"PUT /%2e%2e/%c3%a9 HTTP/1.1\r\n" + HOST + b"X: y\r\nContent-Length: 0\r\n\r\n",
)
TOKENS = (
    b" folded\r\n",
    *(
        b"\r\n",
        b"\r\n\r\n",
        b"\n",
        b"\r",
        b" ",
        b"\t",
        b"\x00",
        b"0\r\n\r\n",
        b"ffffffffffffffff\r\n",
        b"-1\r\n",
    ),
    *(b"HTTP/1.1", b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    *(
        b"GET ",
        b"POST ",
        b"CONNECT ",
        b"OPTIONS * ",
        b"HEAD ",
        b"M-SEARCH ",
        b"http://a:99999/",
        b"//",
        b"/../",
    ),
    *(
        b"Host: b\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 99999999999999999999\r\n",
        b"Content-Length: +5\r\n",
    ),
    *(b"Content-Length: 513\r\n", b"Transfer-Encoding: chunked\r\n", b"Transfer-Encoding: gzip, chunked\r\n"),
    *(b"Transfer-Encoding : chunked\r\n", b"Transfer-Encoding: identity\r\n", b"Expect: 100-continue\r\n"),
    *(
        b"Connection: close\r\n",
        b"Connection: keep-alive\r\n",
        b"Upgrade: h2c\r\n",
        b"X" * 300,
        b"a: " + b"b" * 900,
    ),
)
Seen = tuple[str, str, str, bytes]


class _Handler:
    """Answers at once or later, and looks at each request as an endpoint would."""

    def __init__(self, random: Random | None) -> None:
        self.seen: list[Seen] = []
        self._random = random
        self._owed: list[Reply] = []

    def __call__(self, request: Request, reply: Reply) -> None:
        if not request.path.startswith("/") or not request.method.isascii():
            raise Violation(f"a request for {request.method!r} {request.path!r}")
        if len(request.body) > LIMITS.max_body_bytes or any(name != name.lower() for name in request.headers):
            raise Violation("a request beyond the limits, or a header not in lower case")
        self.seen.append((request.method, request.path, request.query, request.body))
        if self._random is not None and self._random.random() < 0.3:
            self._owed.append(reply)
        else:
            reply(_answer())

    def pay(self) -> None:
        """Give the answers that were kept back; each may begin the next request."""
        while self._owed:
            self._owed.pop(0)(_answer())


def _answer() -> Response:
    return Response(200, b"{}")


def run(data: bytes, random: Random) -> str:
    """Feed a connection with everything at once, and another one with pieces, and compare."""
    whole, answered = _fed([data], None)
    pieces, answered_pieces = _fed(_cut(data, random), random)
    if _verdicts(answered_pieces)[-1:] == ["too long"] and pieces == whole[: len(pieces)]:
        # A head that is not whole yet is measured by what came, not by its fields, so it is cut off earlier.
        return f"{min(len(pieces), 3)} requests, too long in pieces"
    if whole != pieces or not _agree(_verdicts(answered), _verdicts(answered_pieces)):
        raise Violation(f"in pieces: {pieces} {answered_pieces}; as a whole: {whole} {answered}")
    if len(_verdicts(answered)) not in (len(whole), len(whole) + 1):
        raise Violation(f"{len(whole)} requests have {answered} answers")
    return f"{min(len(whole), 3)} requests, last answer {answered[-1] if answered else 'none'}"


def _fed(pieces: list[bytes], random: Random | None) -> tuple[list[Seen], list[int]]:
    handler = _Handler(random)
    connection, wire = HttpConnection(Connections(handler, LIMITS)), Wire()
    connection.connection_made(wire)
    for piece in pieces:
        connection.data_received(piece)
        if random is not None and random.random() < 0.5:
            handler.pay()
    handler.pay()
    connection.eof_received()
    connection.connection_lost(None)
    answered = statuses(wire.sent)
    if not SEEN_STATUSES.issuperset(answered):
        raise Violation(f"answers {answered}")
    return handler.seen, answered


def _verdicts(answered: list[int]) -> list[str]:
    """Return how requests were answered; which of several reasons to refuse is met first may differ."""
    names = {200: "accepted", 431: "too long"}
    return [names.get(status, "refused") for status in answered if status != 100]


def _agree(whole: list[str], pieces: list[str]) -> bool:
    """Tell whether the same requests were accepted, for whichever reason others were not."""
    return [each == "accepted" for each in whole] == [each == "accepted" for each in pieces]


def _cut(data: bytes, random: Random) -> list[bytes]:
    cuts = sorted(random.randint(0, len(data)) for _ in range(random.randint(1, MAX_PIECES)))
    return [data[start:end] for start, end in zip([0, *cuts], [*cuts, len(data)], strict=True) if start < end]


TARGET = Target("http-framing", run, SEEDS, TOKENS)
