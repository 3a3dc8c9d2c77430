"""Intervals of differences hold as often as they say, and are known ones where there are tables."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.performance import Losses
from holdfast.two_samples import Interval, difference, mean, quantile, share

BOTH_95 = 0.975
"""One-sided confidence of each end of a usual 95 % interval."""
COUNTS = st.integers(1, 500).flatmap(lambda rows: st.tuples(st.integers(0, rows), st.just(rows)))


@pytest.mark.parametrize(
    ("count", "rows", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_shares_are_those_of_newcombes_table(count: int, rows: int, low: float, high: float) -> None:
    found = share(count, rows, BOTH_95)
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 10), 0.6075, 1),
    ],
)
def test_differences_of_shares_are_those_of_newcombes_table(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    found = difference(share(*first, BOTH_95), share(*second, BOTH_95))
    assert (found.low, found.high) == pytest.approx((low, high), abs=6e-5)


@given(first=COUNTS, second=COUNTS, confidence=st.sampled_from([0.9, 0.95, 0.999]))
def test_difference_turned_round_is_the_same(
    first: tuple[int, int], second: tuple[int, int], confidence: float
) -> None:
    one, other = share(*first, confidence), share(*second, confidence)
    found, turned = difference(one, other), difference(other, one)
    assert found == pytest.approx((-turned.estimate, -turned.high, -turned.low))
    assert found.low <= found.estimate <= found.high


@given(counts=COUNTS, confidence=st.sampled_from([0.9, 0.99]))
def test_more_counted_is_never_a_smaller_share(counts: tuple[int, int], confidence: float) -> None:
    count, rows = counts
    if count < rows:
        assert share(count + 1, rows, confidence).low >= share(count, rows, confidence).low


def test_without_rows_everything_is_possible() -> None:
    nothing = share(0, 0, BOTH_95)
    assert (nothing.low, nothing.high) == (0.0, 1.0)
    assert math.isnan(nothing.estimate)
    unknown = difference(nothing, share(1, 2, BOTH_95))
    assert (unknown.low, unknown.high) == (-math.inf, math.inf)
    assert (quantile({}, 0.5, BOTH_95).low, quantile({}, 0.5, BOTH_95).high) == (0.0, math.inf)
    assert mean(Losses(1, 5.0, 25.0), BOTH_95).high == math.inf


def test_quantile_lies_evenly_within_its_bucket() -> None:
    found = quantile({0.1: 50, 0.2: 0, 0.4: 50, math.inf: 0}, 0.75, BOTH_95)
    assert found.estimate == pytest.approx(0.3)
    assert 0.2 < found.low < found.estimate < found.high < 0.4


def test_what_is_beyond_all_bounds_may_be_anything() -> None:
    found = quantile({0.1: 90, math.inf: 10}, 0.95, BOTH_95)
    assert found.estimate == math.inf
    assert quantile({0.1: 96, math.inf: 4}, 0.95, BOTH_95).high == math.inf


def test_quantile_of_everything_is_the_highest_bound_that_was_reached() -> None:
    assert quantile({0.1: 3, 0.2: 0}, 1.0, BOTH_95).high == pytest.approx(0.1)
    assert quantile({0.0: 4, 0.1: 1}, 0.5, BOTH_95).estimate == 0.0


@pytest.mark.parametrize("rows", [50, 1000])
def test_quantile_is_within_its_interval_as_often_as_said(rows: int) -> None:
    random, bounds = np.random.default_rng(rows), np.linspace(0.01, 12, 1200)
    truth, hits = -math.log(0.05), 0
    for _ in range(400):
        binned = np.searchsorted(bounds, random.exponential(size=rows))
        found = quantile(
            dict(zip([*bounds, math.inf], np.bincount(binned, minlength=1201).tolist(), strict=True)),
            0.95,
            0.95,
        )
        hits += found.low <= truth <= found.high
    assert hits / 400 >= 0.84


def test_mean_is_within_its_interval_as_often_as_said() -> None:
    random, hits = np.random.default_rng(0), 0
    for _ in range(400):
        losses = random.exponential(size=200)
        found = mean(Losses(200, float(losses.sum()), float((losses**2).sum())), 0.95)
        hits += found.low <= 1 <= found.high
    assert 0.85 <= hits / 400 <= 0.95


def test_interval_of_equal_losses_is_a_point() -> None:
    assert mean(Losses(10, 20.0, 40.0), BOTH_95) == Interval(2.0, 2.0, 2.0)
