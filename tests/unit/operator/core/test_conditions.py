"""Conditions, events, times and looks: the small parts that everything else stands on."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.drift_settings import DriftSettings
from holdfast_operator.api.resource import Condition, ConditionStatus
from holdfast_operator.core.conditions import (
    MAX_MESSAGE_LENGTH,
    Finding,
    find_condition,
    is_true,
    update_conditions,
)
from holdfast_operator.core.events import Announcement, transition_events
from holdfast_operator.core.looks import last_look
from holdfast_operator.core.timestamps import format_time, parse_time, seconds_until
from tests.unit.operator.core.builders import at, time_at


def conditions(status: ConditionStatus, reason: str = "Because", seconds: float = 0) -> list[Condition]:
    return update_conditions([], [Finding("Ready", status, reason)], 1, at(seconds))


def test_transition_time_is_kept_while_the_status_stays() -> None:
    later = update_conditions(conditions("True"), [Finding("Ready", "True", "Other", "new")], 2, at(60))[0]
    assert (later.last_transition_time, later.reason, later.observed_generation) == (time_at(0), "Other", 2)


def test_transition_time_moves_when_the_status_flips() -> None:
    later = update_conditions(conditions("True"), [Finding("Ready", "False", "Because")], 1, at(60))[0]
    assert later.last_transition_time == time_at(60)


def test_long_messages_are_cut() -> None:
    made = update_conditions([], [Finding("Ready", "True", "R", "x" * 5000)], 1, at(0))[0]
    assert len(made.message) == MAX_MESSAGE_LENGTH


def test_missing_condition_is_neither_found_nor_true() -> None:
    assert find_condition([], "Ready") is None
    assert not is_true([], "Ready")
    assert is_true(conditions("True"), "Ready")
    assert not is_true(conditions("Unknown"), "Ready")


@pytest.mark.parametrize(
    ("before", "after", "reasons"),
    [
        pytest.param([], conditions("False"), ["Because"], id="first-seen"),
        pytest.param(conditions("False"), conditions("False"), [], id="unchanged"),
        pytest.param(conditions("True"), conditions("False"), ["Because"], id="flipped"),
        pytest.param(conditions("False", "Old"), conditions("False"), ["Because"], id="other-reason"),
        pytest.param(conditions("False"), conditions("True"), [], id="not-announced"),
        pytest.param(conditions("False"), [], [], id="gone"),
    ],
)
def test_events_come_with_transitions(
    before: list[Condition], after: list[Condition], reasons: list[str]
) -> None:
    events = transition_events(before, after, [Announcement("Ready", "False", "Warning")])
    assert [event.reason for event in events] == reasons


def test_event_may_have_a_reason_of_its_own_and_is_said_once() -> None:
    twice = [
        Announcement("Ready", "True", "Warning", "ModelReady"),
        Announcement("Ready", "True", "Normal", "ModelReady"),
    ]
    events = transition_events([], conditions("True"), twice)
    assert [(event.type, event.reason) for event in events] == [("Warning", "ModelReady")]


def test_times_are_utc_and_whole_seconds() -> None:
    moment = datetime(2026, 5, 1, 12, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=2)))
    assert format_time(moment) == "2026-05-01T10:00:00Z"
    assert parse_time("2026-05-01T10:00:00Z") == datetime(2026, 5, 1, 10, tzinfo=UTC)
    assert parse_time("2026-05-01T10:00:00") == datetime(2026, 5, 1, 10, tzinfo=UTC)


def test_wait_is_never_negative() -> None:
    assert seconds_until(None, at(0)) is None
    assert seconds_until(at(5), at(0)) == 5
    assert seconds_until(at(0), at(5)) == pytest.approx(0.1)


@given(st.integers(5, 2_592_000), st.integers(0, 10**6))
def test_last_look_is_the_newest_multiple_of_a_quarter_of_the_window(window: int, seconds: int) -> None:
    now, settings = at(seconds), DriftSettings(window_seconds=window)
    look, stride = last_look(now, settings), timedelta(seconds=settings.stride_seconds)
    assert look - timedelta(microseconds=10) <= now < look + stride + timedelta(microseconds=10)
    assert last_look(look + stride / 2, settings) == look
