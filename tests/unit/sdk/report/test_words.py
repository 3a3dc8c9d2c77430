"""Numbers, names and bounds as people read them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.evaluation_metrics import METRICS
from holdfast.report.numbers import (
    TITLES,
    Comparison,
    bytes_in_words,
    duration_in_words,
    in_sentence,
    percent,
    plain,
    short_title,
    title_of,
    written,
)
from holdfast.report.thresholds import Bounded, Threshold

NBSP = "\u00a0"


def test_every_metric_has_a_name_in_words() -> None:
    assert set(METRICS) <= set(TITLES)


@pytest.mark.parametrize(
    ("comparison", "said"),
    [
        pytest.param(
            Comparison("mae", 92.13, 78.24, -13.89, -16.01, -12.4),
            ("92.1", "78.2", "−13.9", "−16.0 to −12.4"),
            id="as many digits as the interval deserves",
        ),
        pytest.param(
            Comparison("auc", 0.811, 0.903, -0.092, -0.11, -0.07),
            ("0.811", "0.903", "+0.092", "+0.070 to +0.110"),
            id="where higher is better the change has the other sign",
        ),
        pytest.param(
            Comparison("packageBytes", 169_000, 163_000, -6000),
            (f"169{NBSP}kB", f"163{NBSP}kB", f"−6{NBSP}kB", ""),
            id="bytes",
        ),
        pytest.param(
            Comparison("latencyP95Milliseconds", 0.02187, 0.02222, 0.00035),
            (f"0.0219{NBSP}ms", f"0.0222{NBSP}ms", f"+0.00035{NBSP}ms", ""),
            id="latency",
        ),
        pytest.param(Comparison("mae", None, 1234.5), ("–", "1,234", "–", ""), id="no champion"),
        pytest.param(
            Comparison("mae", 3.0, 3.0, 0.0, 0.0, 0.0), ("3.00", "3.00", "0.00", "0.00 to 0.00"), id="same"
        ),
        pytest.param(Comparison("mae", 0.0, 0.0, 0.0), ("0", "0", "0", ""), id="nothing"),
        pytest.param(Comparison("mae"), ("–", "–", "–", ""), id="unknown"),
    ],
)
def test_a_comparison_is_written_with_its_interval(comparison: Comparison, said: tuple[str, ...]) -> None:
    figures = comparison.figures()
    assert (figures.champion, figures.candidate, figures.change, figures.interval) == said


def test_a_change_has_its_interval_behind_it_if_there_is_one() -> None:
    assert Comparison("mae", 2, 1, -1, -2, 0).figures().change_and_interval == "−1.0 (−2.0 to 0.0)"
    assert Comparison("mae", 2, 1, -1).figures().change_and_interval == "−1.0"


@pytest.mark.parametrize(
    ("value", "metric", "words"),
    [
        (None, "", "–"),
        ("Identical", "signature", "Identical"),
        (0.0, "mae", "0"),
        (1e-9, "mae", "1e-09"),
        (1.23e15, "mae", "1.23e+15"),
        (-0.00214, "holdoutOverlap", f"−0.214{NBSP}%"),
    ],
)
def test_single_numbers(value: float | str | None, metric: str, words: str) -> None:
    assert written(value, metric) == words


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", *TITLES]))
def test_any_number_can_be_written_and_is_short(value: float, metric: str) -> None:
    assert 0 < len(written(value, metric, signed=True)) < 40


@pytest.mark.parametrize(
    ("value", "words"),
    [(999, "999 B"), (999.6, "1 kB"), (49_500, "49.5 kB"), (5e6, "5 MB"), (4e16, "40,000 TB")],
)
def test_bytes(value: float, words: str) -> None:
    assert bytes_in_words(value) == words.replace(" ", NBSP)


def test_durations_shares_and_bounds() -> None:
    assert [duration_in_words(each) for each in (0, 59, 3600, 3725)] == [
        "0 s",
        "59 s",
        "1 h",
        "1 h 2 min 5 s",
    ]
    assert percent(0.1234) == f"12.3{NBSP}%"
    assert plain(5, "mae") == "5"
    assert plain(0.005, "auc") == "0.005"
    assert plain(5, "latencyP95Milliseconds") == f"5{NBSP}ms"
    assert plain(5e6, "packageBytes") == f"5{NBSP}MB"


def test_names_of_metrics() -> None:
    assert title_of("beauty") == "beauty"
    assert short_title("mae") == "MAE"
    assert (in_sentence("mae"), in_sentence("truePositiveRate")) == ("MAE", "true positive rate")


@pytest.mark.parametrize(
    ("words", "metric", "threshold", "said"),
    [
        ("maxRegression 5", "mae", Threshold(Bounded.WORSENING, 5), "at most N worse"),
        (
            "maxRegression 0 (no champion to compare with)",
            "mae",
            Threshold(Bounded.WORSENING, 0),
            "not worse at all",
        ),
        ("max 45", "mae", Threshold(Bounded.VALUE, 45), "at most N"),
        ("min -0.5", "r2", Threshold(Bounded.VALUE, -0.5, is_least=True), "at least N"),
        ("max 0.1", "equalizedOddsDifference", Threshold(Bounded.SPREAD, 0.1), "at most N apart"),
        ("maxGap 1E-3", "mae", Threshold(Bounded.SPREAD, 0.001), "at most N apart"),
        ("maxGapIncrease 0.1", "mae", Threshold(Bounded.WORSENING, 0.1), "at most N worse"),
    ],
)
def test_bounds_are_read_back(words: str, metric: str, threshold: Threshold, said: str) -> None:
    assert Threshold.parse(words, metric) == threshold
    assert threshold.words("N", is_gap=False) == said


def test_a_gap_becomes_wider_not_worse() -> None:
    assert Threshold(Bounded.WORSENING, 0.1).words("N", is_gap=True) == "at most N wider"


@pytest.mark.parametrize(
    "words", ["Identical", "max", "max x", "max 1.2.3", "maximum 5", "max 5x", "all reported"]
)
def test_other_words_are_no_bounds(words: str) -> None:
    found = Threshold.parse(words, "mae")
    assert found.bounded is Bounded.OTHER
    assert math.isnan(found.bound)
