"""Durations and times in few characters."""

import pytest

from holdfast.cli.ages import format_age, format_duration, format_until, parse_time
from tests.unit.cli.objects import NOW, ago


@pytest.mark.parametrize(
    ("seconds", "written"),
    [
        (-5, "0s"),
        (0, "0s"),
        (59.9, "59s"),
        (60, "1m"),
        (200, "3m20s"),
        (600, "10m"),
        (3600, "1h"),
        (5400, "1h30m"),
        (36000, "10h"),
        (86400, "1d"),
        (100_000, "1d3h"),
        (90_000 * 24, "25d"),
    ],
)
def test_durations_have_at_most_two_units(seconds: float, written: str) -> None:
    assert format_duration(seconds) == written


def test_a_time_without_a_zone_is_utc() -> None:
    assert parse_time("2026-06-14T12:00:00") == NOW


@pytest.mark.parametrize("text", [None, "", "yesterday"])
def test_no_time_gives_no_age(text: str | None) -> None:
    assert format_age(text, NOW) == format_until(text, NOW) == ""


def test_ages_count_back_and_schedules_forward() -> None:
    assert format_age(ago(minutes=20), NOW) == "20m"
    assert format_until(ago(minutes=-20), NOW) == "20m"
