"""HTTP framing: whatever bytes come, in whatever pieces, whoever is slow."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_serving.http.connections import Connections
from holdfast_serving.http.messages import Reply, Request, Response
from tests.unit.serving.http.wire import (
    CHUNKED,
    HEADED,
    LIMITS,
    Answers,
    Later,
    Wire,
    connect,
    request,
    statuses,
)


def exchange(*pieces: bytes) -> tuple[Answers, Wire]:
    answers = Answers()
    connection, wire = connect(answers)
    for piece in pieces:
        connection.data_received(piece)
    return answers, wire


def test_answer_has_its_length_type_and_date_and_what_every_answer_carries() -> None:
    shared = Connections(Answers(), LIMITS, ((b"holdfast-revision", b"r1"),))
    connection, wire = connect(Answers(), shared)
    connection.data_received(request("/x", b"abc"))
    head, _, body = bytes(wire.sent).partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert body == b"POST /xabc"
    assert lines[0] == b"HTTP/1.1 200 OK"
    assert {b"holdfast-revision: r1", b"content-type: application/json", b"content-length: 10"} < set(lines)
    assert any(line.startswith(b"date: ") for line in lines)


@pytest.mark.parametrize(
    ("target", "path", "query"),
    [
        pytest.param("/a/b?c=d&e", "/a/b", "c=d&e", id="query"),
        pytest.param("/a%20b?c%20d", "/a b", "c%20d", id="escaped"),
        pytest.param("http://host:8080/a?b", "/a", "b", id="absolute"),
        pytest.param("http://host", "/", "", id="absolute-without-path"),
        pytest.param("*", "/", "", id="asterisk"),
    ],
)
def test_target_is_taken_apart(target: str, path: str, query: str) -> None:
    answers, _ = exchange(request(target, method="OPTIONS"))
    assert answers.seen == [("OPTIONS", path, query, b"")]


@pytest.mark.parametrize(
    ("sent", "bodies"),
    [
        pytest.param(request(body=b"abc"), [b"abc"], id="length"),
        pytest.param(request(body=b"x" * 20), [b"x" * 20], id="as-long-as-allowed"),
        pytest.param(CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\n\r\n", [b"abcde"], id="chunks"),
        pytest.param(CHUNKED + b"1\r\na\r\n0\r\nhost: b\r\n\r\n", [b"a"], id="trailers"),
        pytest.param(CHUNKED + b"0\r\n\r\n", [b""], id="no-chunk"),
        pytest.param(b"\r\n\r\n" + request(body=b"a"), [b"a"], id="empty-lines-before"),
        pytest.param(request(body=b"a") + request(body=b"b"), [b"a", b"b"], id="pipelined"),
    ],
)
def test_bodies_are_read_however_they_are_framed(sent: bytes, bodies: list[bytes]) -> None:
    answers, wire = exchange(sent)
    assert [seen[3] for seen in answers.seen] == bodies
    assert wire.calls == []


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        pytest.param(b"nonsense\r\n\r\n", 400, id="no-request-line"),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00", 400, id="tls"),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", 400, id="no-host"),
        pytest.param(HEADED + b"host: b\r\n\r\n", 400, id="two-hosts"),
        pytest.param(HEADED + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n", 400, id="cl-te"),
        pytest.param(HEADED + b"transfer-encoding: chunked\r\ncontent-length: 3\r\n\r\n", 400, id="te-cl"),
        pytest.param(HEADED + b"content-length: 3\r\ncontent-length: 3\r\n\r\nabc", 400, id="two-lengths"),
        pytest.param(HEADED + b"content-length: 3, 3\r\n\r\nabc", 400, id="list-of-lengths"),
        pytest.param(HEADED + b"content-length: +3\r\n\r\nabc", 400, id="signed-length"),
        pytest.param(HEADED + b"content-length: -3\r\n\r\n", 400, id="negative-length"),
        pytest.param(HEADED + b"content-length: 0x3\r\n\r\nabc", 400, id="hexadecimal-length"),
        pytest.param(HEADED + b"content-length: 99999999999999999999\r\n\r\n", 400, id="length-overflows"),
        pytest.param(HEADED + b"transfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501, id="te-gzip"),
        pytest.param(
            HEADED + b"transfer-encoding: identity\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
            501,
            id="two-encodings",
        ),
        pytest.param(HEADED + b"transfer-encoding: xchunked\r\n\r\n0\r\n\r\n", 501, id="te-unknown"),
        pytest.param(HEADED + b"transfer-encoding : chunked\r\n\r\n", 400, id="space-before-colon"),
        pytest.param(HEADED + b"x: a\r\n b\r\n\r\n", 400, id="folded-line"),
        pytest.param(HEADED + b"x: a\x00b\r\n\r\n", 400, id="nul"),
        pytest.param(HEADED + b"x: a\rcontent-length: 3\r\n\r\n", 400, id="bare-cr"),
        pytest.param(b"GET / HTTP/1.1\nhost: a\n\n", 400, id="bare-lf"),
        pytest.param(b"GET /a b HTTP/1.1\r\nhost: a\r\n\r\n", 400, id="space-in-target"),
        pytest.param(b"GET /\xff HTTP/1.1\r\nhost: a\r\n\r\n", 400, id="target-not-ascii"),
        pytest.param(CHUNKED + b"z\r\n", 400, id="chunk-size"),
        pytest.param(CHUNKED + b"-1\r\n", 400, id="chunk-size-negative"),
        pytest.param(CHUNKED + b"1\r\nab\r\n0\r\n\r\n", 400, id="chunk-longer-than-it-says"),
        pytest.param(CHUNKED + b"1\na\n0\n\n", 400, id="chunk-lines-of-lf"),
        pytest.param(CHUNKED + b"ffffffffffffffffff\r\n", 400, id="chunk-size-overflows"),
        pytest.param(b"POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n", 400, id="te-in-1.0"),
        pytest.param(b"GET / HTTP/2.0\r\nhost: a\r\n\r\n", 505, id="version-2"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="http-2-preface"),
        pytest.param(b"GET /\r\n\r\n", 505, id="version-0.9"),
        pytest.param(request(body=b"x" * 21), 413, id="long-body"),
        pytest.param(HEADED + b"content-length: 21\r\n\r\n", 413, id="long-body-announced"),
        pytest.param(
            HEADED + b"content-length: 21\r\nexpect: 100-continue\r\n\r\n", 413, id="expect-too-much"
        ),
        pytest.param(CHUNKED + b"15\r\n" + b"x" * 21, 413, id="long-chunk"),
        pytest.param(CHUNKED + b"b\r\nxxxxxxxxxxx\r\n" * 2, 413, id="long-chunks"),
        pytest.param(CHUNKED + b"1\r\na\r\n" * 21, 413, id="many-chunks"),
        pytest.param(HEADED + b"x: " + b"y" * 200 + b"\r\n\r\n", 431, id="long-header"),
        pytest.param(HEADED + b"x: y\r\n" * 40 + b"\r\n", 431, id="many-headers"),
        pytest.param(CHUNKED + b"0\r\n" + b"x: y\r\n" * 40, 431, id="many-trailers"),
        pytest.param(b"GET /" + b"a" * 200 + b" HTTP/1.1\r\n\r\n", 431, id="long-target"),
    ],
)
def test_refused_request_is_answered_and_ends_the_connection(sent: bytes, status: int) -> None:
    answers, wire = exchange(request("/good") + sent, request("/after"))
    assert [seen[1] for seen in answers.seen] == ["/good"]
    assert statuses(wire.sent) == [200, status]
    assert b"connection: close" in wire.sent
    assert b'{"error":"' in wire.sent
    assert wire.calls == ["write_eof"]


@pytest.mark.parametrize("unfinished", [b"GET /" + b"a" * 500, HEADED + b"x: " + b"y" * 500])
def test_header_that_never_ends_is_refused_though_it_comes_in_small_pieces(unfinished: bytes) -> None:
    _, wire = exchange(*[unfinished[at : at + 10] for at in range(0, len(unfinished), 10)])
    assert statuses(wire.sent) == [431]


@pytest.mark.parametrize(
    ("sent", "line", "calls"),
    [
        pytest.param(b"GET / HTTP/1.0\r\n\r\n", b"connection: close", ["close"], id="1.0"),
        pytest.param(
            b"GET / HTTP/1.0\r\nconnection: keep-alive\r\n\r\n", b"connection: keep-alive", [], id="1.0-keep"
        ),
        pytest.param(request("/", b"", "connection: close"), b"connection: close", ["close"], id="close"),
        pytest.param(
            request("/", b"", "connection: upgrade", "upgrade: h2c"),
            b"connection: close",
            ["close"],
            id="h2c",
        ),
        pytest.param(
            b"CONNECT a:1 HTTP/1.1\r\nhost: a\r\n\r\n", b"connection: close", ["close"], id="tunnel"
        ),
    ],
)
def test_connection_is_kept_as_the_client_asks(sent: bytes, line: bytes, calls: list[str]) -> None:
    answers, wire = exchange(sent)
    assert len(answers.seen) == 1
    assert line in wire.sent
    assert wire.calls == calls


def test_nothing_is_read_behind_the_last_request() -> None:
    answers, wire = exchange(request("/last", b"", "connection: close") + request("/behind"), request("/x"))
    assert [seen[1] for seen in answers.seen] == ["/last"]
    assert statuses(wire.sent) == [200]


def test_head_is_answered_without_a_body_but_with_its_length() -> None:
    _, wire = exchange(request("/abc", method="HEAD"))
    assert wire.sent.endswith(b"\r\n\r\n")
    assert b"content-length: 9\r\n" in wire.sent


def test_large_answer_in_parts_is_not_joined() -> None:
    parts: list[bytes | memoryview] = [b"a" * 50_000, memoryview(b"b" * 50_000)]

    def handler(_request: Request, reply: Reply) -> None:
        reply(Response(200, parts))

    connection, wire = connect(handler)
    connection.data_received(request())
    assert wire.calls == ["writelines"]
    assert wire.sent.endswith(b"content-length: 100000\r\n\r\n" + b"a" * 50_000 + b"b" * 50_000)


def test_client_that_waits_for_leave_gets_it_once_and_only_when_no_answer_is_due() -> None:
    later = Later()
    connection, wire = connect(later)
    connection.data_received(request("/1"))
    connection.data_received(HEADED + b"content-length: 3\r\nexpect: 100-continue\r\n\r\n")
    assert wire.sent == b""
    later.replies[0]()
    connection.data_received(b"ab")
    assert statuses(wire.sent) == [200, 100]
    connection.data_received(b"c")
    later.replies[1]()
    assert statuses(wire.sent) == [200, 100, 200]


def test_client_that_is_asked_to_go_gets_no_leave_to_send_more() -> None:
    later = Later()
    shared = Connections(later, LIMITS)
    connection, wire = connect(later, shared)
    connection.data_received(request("/1"))
    connection.data_received(HEADED + b"content-length: 3\r\nexpect: 100-continue\r\n\r\n")
    shared.draining = True
    later.replies[0]()
    assert statuses(wire.sent) == [200]
    assert wire.calls == ["close"]


def test_pipelined_requests_are_answered_in_order_and_pause_reading_until_the_last_has_begun() -> None:
    later = Later()
    connection, wire = connect(later)
    connection.data_received(b"".join(request(f"/{number}") for number in range(3)))
    for number in range(3):
        assert len(later.replies) == number + 1
        later.replies[number]()
    assert [part[-2:] for part in bytes(wire.sent).split(b"HTTP/1.1 ")[1:]] == [b"/0", b"/1", b"/2"]
    assert wire.calls == ["pause_reading", "resume_reading"]


def test_many_pipelined_requests_do_not_nest() -> None:
    answers, _ = exchange(request() * 5000)
    assert len(answers.seen) == 5000


def test_client_that_does_not_read_gets_no_further_request_begun() -> None:
    answers = Answers()
    connection, wire = connect(answers)
    connection.pause_writing()
    connection.data_received(request("/1") + request("/2"))
    assert (answers.seen, wire.calls) == ([], ["pause_reading"])
    connection.resume_writing()
    assert [seen[1] for seen in answers.seen] == ["/1", "/2"]
    assert wire.calls == ["pause_reading", "resume_reading"]


def test_answer_for_a_client_that_has_gone_is_dropped() -> None:
    later = Later()
    connection, wire = connect(later)
    connection.data_received(request("/1") + request("/2"))
    connection.connection_lost(None)
    later.replies[0]()
    assert wire.sent == b""
    assert len(later.replies) == 1


def test_client_that_only_stops_sending_still_gets_its_answers() -> None:
    later = Later()
    connection, wire = connect(later)
    assert not connection.eof_received()
    connection, wire = connect(later)
    connection.data_received(request("/1") + request("/2"))
    assert connection.eof_received()
    later.replies[0]()
    later.replies[1]()
    assert statuses(wire.sent) == [200, 200]
    assert wire.calls[-1] == "close"


STREAM = (
    request("/a?b", b"abc")
    + CHUNKED
    + b"3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nx: y\r\n\r\n"
    + request("/h", method="HEAD")
    + HEADED
    + b"content-length: 3\r\nexpect: 100-continue\r\n\r\nxyz"
)


@given(
    st.sampled_from(
        [b"", request(body=b"x" * 21), HEADED + b"x : y\r\n\r\n", request("/", b"", "connection: close")]
    ),
    st.lists(st.integers(1, len(STREAM) + 60), max_size=12, unique=True),
)
def test_answers_do_not_depend_on_how_the_bytes_are_cut(end: bytes, cuts: list[int]) -> None:
    stream = STREAM + end
    whole, whole_wire = exchange(stream)
    edges = [0, *sorted(cut for cut in cuts if cut < len(stream)), len(stream)]
    cut, cut_wire = exchange(*[stream[a:b] for a, b in pairwise(edges)])
    assert cut.seen == whole.seen
    assert [each for each in statuses(cut_wire.sent) if each != 100] == statuses(whole_wire.sent)


@given(st.lists(st.binary(max_size=40), max_size=5))
def test_any_bytes_are_answered_or_waited_for(pieces: list[bytes]) -> None:
    _, wire = exchange(*pieces)
    assert set(statuses(wire.sent)) <= {200, 400, 413, 431, 501, 505}
    assert len(wire.calls) <= 1
