"""Plots stand where their numbers are, whatever the numbers are."""

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.report.charts import HEIGHT, Frame, Range, calibration_chart, histogram, roc_chart
from holdfast.report.charts import WIDTH as CHART_WIDTH
from holdfast.report.document import Calibration, Check, Curve, Histogram, Point
from holdfast.report.plots import WIDTH, Axis, bar, change_plot, check_plot
from tests.unit.sdk.report.documents import check

FINITE = st.floats(allow_nan=False, allow_infinity=False)


def centre(markup: str) -> float:
    found = re.search(r'<circle cx="([-\d.]+)"', markup)
    assert found is not None
    return float(found[1])


def bound(markup: str) -> float:
    found = re.search(r'<line x1="([-\d.]+)"[^>]*class="bound"', markup)
    assert found is not None
    return float(found[1])


@pytest.mark.parametrize(
    ("threshold", "fields", "is_allowed"),
    [
        ("maxRegression 5", {"regression": -13.9}, True),
        ("maxRegression 5", {"regression": 9.0, "low": 8.0, "high": 10.0}, False),
        ("max 45", {"candidate": 40.0}, True),
        ("max 45", {"candidate": 50.0, "champion": None}, False),
        ("min 0.9", {"metric": "auc", "candidate": 0.95}, True),
        ("min 0.9", {"metric": "auc", "candidate": 0.85}, False),
        ("maxGap 0.1", {"slice": "sex", "candidate": 0.05, "low": 0.0, "high": 0.09}, True),
    ],
)
def test_what_is_not_allowed_is_to_the_right(
    threshold: str, fields: dict[str, Any], is_allowed: bool
) -> None:
    drawn = check_plot(check(threshold, **fields), "title")
    assert drawn is not None
    assert (centre(drawn) < bound(drawn)) == is_allowed


@pytest.mark.parametrize(
    "found",
    [
        check("Compatible", metric="signature", candidate="Identical"),
        check(candidate=None),
        check("maxRegression 0 (no champion to compare with)", regression=None),
    ],
)
def test_what_has_no_number_has_no_plot(found: Check) -> None:
    assert check_plot(found, "title") is None


@given(FINITE, st.lists(FINITE), FINITE, st.booleans())
def test_every_value_has_a_place(middle: float, values: list[float], value: float, is_reversed: bool) -> None:
    at = Axis.around(middle, values, is_reversed=is_reversed).at(value)
    assert 0 <= at <= WIDTH


def test_a_slice_without_an_interval_is_a_dot_and_a_negative_bar_is_nothing() -> None:
    axis = Axis.around(0, (None, 2.0))
    assert change_plot(axis, 1.0, (None, None), "few", "t").count("interval") == 0
    assert 'width="0.0"' in bar(-1, "candidate") or 'width="0"' in bar(-1, "candidate")


@given(st.lists(FINITE, min_size=1, max_size=5))
def test_ticks_are_few_and_inside(values: list[float]) -> None:
    found = Range.of(values)
    ticks = found.ticks
    assert len(ticks) <= 7
    assert all(first <= second for first, second in pairwise(ticks))


def test_ticks_are_round() -> None:
    assert Range(0, 1).ticks == pytest.approx([0, 0.2, 0.4, 0.6, 0.8, 1.0])
    assert Range(-1130, 470).ticks == [-1000, -500, 0]
    assert Range(0, 1230).ticks == [0, 500, 1000]


def coordinates(markup: str) -> Iterable[tuple[float, float]]:
    for points in re.findall(r'points="([^"]*)"', markup):
        for pair in points.split():
            x, y = pair.split(",")
            yield float(x), float(y)


@pytest.mark.parametrize(
    "chart",
    [
        histogram(Histogram(edges=[-2, -1, 0, 1], candidate=[1, 2, 3], champion=[0, 0, 0])),
        histogram(Histogram(edges=[1, 2], candidate=[0])),
        calibration_chart(
            Calibration(
                candidate=[Point(predicted=3, actual=4, rows=2)],
                champion=[Point(predicted=9, actual=1, rows=1)],
            ),
            of_class=False,
        ),
        calibration_chart(Calibration(candidate=[Point(predicted=0.5, actual=0.4, rows=2)]), of_class=True),
        roc_chart(Curve(candidate=[(0, 0), (0.2, 0.9), (1, 1)], champion=[(0, 0), (1, 1)])),
    ],
)
def test_charts_stay_inside_of_their_frame(chart: str) -> None:
    points = list(coordinates(chart))
    assert points
    assert all(0 <= x <= CHART_WIDTH and 0 <= y <= HEIGHT for x, y in points)


def test_a_frame_of_one_tick_is_drawn() -> None:
    frame = Frame(Range(0.01, 0.011), Range(5, 5.000001), "x", "y")
    assert "<svg" in frame.drawn("title")
