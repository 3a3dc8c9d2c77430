"""HTTP connections: how many, how long each step may take, and how they end."""

import pytest

from holdfast_serving.http.connections import Connections
from tests.unit.serving.http.wire import CHUNKED, HEADED, LIMITS, Answers, Later, connect, request, statuses


def test_connection_too_many_is_closed_at_once_and_makes_room_when_another_ends() -> None:
    answers = Answers()
    shared = Connections(answers, LIMITS)
    first, _ = connect(answers, shared)
    connect(answers, shared)
    third, wire = connect(answers, shared)
    assert wire.calls == ["abort"]
    third.connection_lost(None)
    first.connection_lost(None)
    assert connect(answers, shared)[1].calls == []


@pytest.mark.parametrize(
    ("sent", "seconds", "answer", "call"),
    [
        pytest.param(b"", LIMITS.header_seconds, [], "close", id="says-nothing"),
        pytest.param(b"POST / HT", LIMITS.header_seconds, [408], "write_eof", id="header"),
        pytest.param(HEADED + b"x: y", LIMITS.header_seconds, [408], "write_eof", id="header-fields"),
        pytest.param(request(body=b"abc")[:-1], LIMITS.body_seconds, [408], "write_eof", id="body"),
        pytest.param(CHUNKED + b"1\r\na\r\n", LIMITS.body_seconds, [408], "write_eof", id="chunks"),
        pytest.param(request(), LIMITS.idle_seconds, [200], "close", id="idle"),
        pytest.param(b"\x00", LIMITS.linger_seconds, [400], "abort", id="refused"),
    ],
)
def test_connection_that_takes_too_long_is_ended(
    sent: bytes, seconds: float, answer: list[int], call: str
) -> None:
    shared = Connections(Answers(), LIMITS)
    connection, wire = connect(Answers(), shared)
    connection.data_received(sent)
    shared.sweep(100)
    shared.sweep(100 + seconds)
    assert statuses(wire.sent) == [status for status in answer if status != 408]
    shared.sweep(100.1 + seconds)
    assert statuses(wire.sent) == answer
    assert wire.calls[-1] == call


def test_client_that_sends_a_byte_now_and_then_gains_no_time() -> None:
    shared = Connections(Answers(), LIMITS)
    connection, wire = connect(Answers(), shared)
    for second in range(13):
        connection.data_received(b"POST / HTTP/1.1"[second : second + 1])
        shared.sweep(second)
    assert statuses(wire.sent) == [408]


def test_request_that_is_being_answered_has_no_deadline_here() -> None:
    later = Later()
    shared = Connections(later, LIMITS)
    connection, wire = connect(later, shared)
    connection.data_received(request())
    shared.sweep(0)
    shared.sweep(10_000)
    assert wire.calls == []


def test_client_that_reads_slowly_is_kept_and_one_that_reads_nothing_is_cut_off() -> None:
    shared = Connections(Answers(), LIMITS)
    connection, wire = connect(Answers(), shared)
    connection.pause_writing()
    for second, unsent in enumerate([300, 200, 100]):
        wire.unsent = unsent
        shared.sweep(second * LIMITS.unread_seconds)
    assert wire.calls == []
    shared.sweep(2 * LIMITS.unread_seconds + 0.1 + LIMITS.unread_seconds)
    assert wire.calls == ["abort"]


def test_draining_answers_ask_to_come_back_on_a_new_connection() -> None:
    shared = Connections(Answers(), LIMITS)
    connection, wire = connect(Answers(), shared)
    shared.draining = True
    connection.data_received(request("/1") + request("/2"))
    assert statuses(wire.sent) == [200, 200]
    assert wire.sent.count(b"connection: close") == 1
    assert wire.calls == ["close"]


async def test_closing_ends_idle_connections_now_busy_ones_after_their_answer_and_others_at_last() -> None:
    later = Later()
    shared = Connections(later, LIMITS)
    idle, idle_wire = connect(later, shared)
    busy, busy_wire = connect(later, shared)
    busy.data_received(request())
    await shared.close(seconds=0)
    assert idle_wire.calls == ["close", "abort"]
    assert busy_wire.calls == ["abort"]
    idle.connection_lost(None)
    busy.connection_lost(None)
    await shared.close(seconds=60)
    assert shared.open == 0
