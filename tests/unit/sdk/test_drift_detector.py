"""What the detector says about live rows, minute by minute."""

import dataclasses
from typing import Any

import numpy as np
import pytest

from holdfast.drift_alarms import Alarm
from holdfast.drift_detector import DriftDetector
from holdfast.drift_settings import DriftSettings, Tier
from tests.unit.sdk.drift_traffic import DAY, MINUTE, START, Traffic, detector_of, profile

HOUR = 3600.0
FAST: dict[str, Any] = {"window_seconds": 4 * HOUR, "tolerance": 0.1, "min_samples": 200}
"""A window of 240 minutes, that ends every hour."""


def said(alarms: list[Alarm] | tuple[Alarm, ...]) -> set[tuple[str, str, str]]:
    return {(str(each.tier), each.name, each.test) for each in alarms}


def test_rows_like_the_reference_raise_nothing_for_days() -> None:
    detector = detector_of(window_seconds=DAY)
    traffic = Traffic(detector)
    assert traffic.flow(3 * 1440, rows=30) == []
    assert detector.standing == ()


def test_small_drift_is_suspected_soon_and_confirmed_by_nothing() -> None:
    detector = detector_of(**FAST)
    traffic = Traffic(detector)
    assert traffic.flow(720) == []
    (alarm,) = traffic.flow(480, [0.25])
    assert (alarm.tier, alarm.name, alarm.test, alarm.kind) == (
        Tier.SUSPECTED,
        "x0",
        "distribution",
        "feature",
    )
    assert alarm.size == pytest.approx(0.06, abs=0.04)
    assert 0 <= alarm.p_value < 1e-5


def test_drift_above_the_tolerance_is_suspected_in_minutes_and_confirmed_by_a_full_window() -> None:
    detector = detector_of(**FAST)
    traffic = Traffic(detector)
    traffic.flow(720)
    assert said(traffic.flow(10, [1.0])) == {("Suspected", "x0", "distribution")}
    confirmed = traffic.flow(230, [1.0])
    assert said(confirmed) == {("Confirmed", "x0", "distribution")}
    assert confirmed[0].end - confirmed[0].start == 4 * HOUR
    assert (confirmed[0].end - START) % HOUR == 0
    assert said(detector.standing) == {
        ("Suspected", "x0", "distribution"),
        ("Confirmed", "x0", "distribution"),
    }


def test_nothing_is_confirmed_before_a_window_is_full_or_by_too_few_rows() -> None:
    early = Traffic(detector_of(**FAST))
    assert {each.tier for each in early.flow(239, [1.0])} == {Tier.SUSPECTED}
    assert Tier.CONFIRMED in {each.tier for each in early.flow(1, [1.0])}
    few = Traffic(detector_of(**{**FAST, "min_samples": 100_000}))
    assert Tier.CONFIRMED not in {each.tier for each in few.flow(500, [1.0])}


def test_severe_drift_is_told_apart_only_if_asked_for_and_before_a_window_is_over() -> None:
    without, asked = Traffic(detector_of(**FAST)), Traffic(detector_of(**FAST, severe=0.25))
    for traffic in (without, asked):
        assert traffic.flow(720) == []
    assert {each.tier for each in without.flow(60, [1.5])} == {Tier.SUSPECTED}
    assert {each.tier for each in asked.flow(60, [1.5])} == {Tier.SUSPECTED, Tier.SEVERE}


def test_course_of_a_day_is_no_drift() -> None:
    detector = detector_of(window_seconds=4 * HOUR, severe=0.25)
    traffic = Traffic(detector)
    alarms: list[Alarm] = []
    for minute in range(0, 5 * 240, 10):
        shift = 0.5 * float(np.sin(2 * np.pi * minute / 240))
        alarms += traffic.flow(10, [shift, -shift])
    assert alarms == []


@pytest.mark.parametrize(
    ("name", "anomaly"),
    [
        pytest.param("x1", "missing", id="missing"),
        pytest.param("x1", "far", id="of another unit"),
        pytest.param("side", "unseen", id="unseen"),
    ],
)
def test_faults_are_found_in_minutes_and_clear_when_the_window_is_clean(name: str, anomaly: str) -> None:
    detector = detector_of(**FAST)
    traffic = Traffic(detector)
    traffic.flow(300)
    (alarm,) = traffic.flow(10, faults=[(name, anomaly, 10)])
    assert said([alarm]) == {("Fault", name, anomaly)}
    assert alarm.size > 0.05
    traffic.flow(240 - 10)
    assert said(detector.standing) == {("Fault", name, anomaly)}
    traffic.flow(240)
    assert detector.standing == ()


def test_drift_clears_only_when_less_than_half_the_tolerance_is_left() -> None:
    detector = detector_of(**FAST)
    traffic = Traffic(detector)
    traffic.flow(480, [1.0])
    traffic.flow(480, [0.3])
    assert ("Confirmed", "x0", "distribution") in said(detector.standing), "PSI of 0.09, within the tolerance"
    traffic.flow(480, [0.1])
    assert detector.standing == ()


def test_only_watched_columns_raise_alarms() -> None:
    detector = detector_of(**FAST, features=("x1",))
    assert Traffic(detector).flow(480, [1.0], faults=[("side", "missing", 20)]) == []


def test_nothing_to_watch_is_no_alarm() -> None:
    unknown = detector_of(**FAST, features=("none",), severe=0.25)
    assert Traffic(unknown).flow(480, [1.0]) == []


def test_column_that_moved_no_more_than_its_cousin_is_not_named() -> None:
    alarms = Traffic(detector_of(**FAST)).flow(480, [0.0, 0.0, 0.8])
    assert {each.name for each in alarms} == {"x2"}


def test_looking_rarely_or_often_decides_the_same() -> None:
    often, rarely = detector_of(**FAST), detector_of(**FAST)
    traffic = Traffic(often)
    seen = traffic.flow(480, [0.8])
    repeated = Traffic(rarely)
    for _ in range(480):
        rarely.add(repeated.now, repeated.rows(60, [0.8]))
        repeated.minute += 1
    assert rarely.look(repeated.now) == seen
    assert rarely.look(repeated.now) == []


def test_replicas_are_as_one() -> None:
    one, many = detector_of(**FAST), detector_of(**FAST)
    traffic = Traffic(one)
    for minute in range(480):
        parts = [traffic.rows(20, [0.8]) for _ in range(3)]
        one.add(START + minute * MINUTE, sum(parts[1:], parts[0]))
        for part in parts:
            many.add(START + minute * MINUTE, part)
    end = START + 480 * MINUTE
    assert one.look(end) == many.look(end) != []
    assert np.array_equal(one.sums.sums, many.sums.sums)


def test_window_of_the_policy_says_since_when_it_has_counted() -> None:
    detector = DriftDetector(profile(), DriftSettings(**FAST))
    detector.judge_again()
    traffic = Traffic(detector)
    traffic.minute = 30
    traffic.flow(29)
    assert detector.last_own is None
    traffic.flow(1)
    window = detector.window
    assert window is not None
    assert (window.start, window.end, window.is_full) == (START + 1800, START + HOUR, False)
    assert window.counts[0] == 30 * 60
    traffic.flow(240)
    window = detector.window
    assert window is not None
    assert (window.end - window.start, window.is_full) == (4 * HOUR, True)


def test_silence_clears_nothing_and_raises_nothing() -> None:
    detector = detector_of(**FAST)
    traffic = Traffic(detector)
    raised = traffic.flow(480, [1.0])
    assert said(detector.standing) == said(raised)
    assert detector.look(traffic.now + 30 * DAY) == []


def test_alarm_of_a_column_that_is_no_more_watched_is_over() -> None:
    detector = detector_of(**FAST)
    stray = Alarm(Tier.FAULT, "missing", "feature", "gone", START, START, 1, 1.0, 0.0)
    detector.alarms.raise_(stray)
    assert not detector.alarms.raise_(dataclasses.replace(stray, size=0.5))
    Traffic(detector).flow(300)
    assert detector.standing == ()
