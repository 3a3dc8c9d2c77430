"""Windows are sums of whole buckets."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.cluster.counter_deltas import Series
from holdfast_operator.cluster.windows import BucketedCounts

ROWS: Series = ("rows",)


def at(seconds: float) -> datetime:
    return datetime.fromtimestamp(1_800_000_000 + seconds, UTC)


def test_rows_are_summed_from_start_until_before_end() -> None:
    counts = BucketedCounts(10, 480, at(0))
    for second in (0, 5, 10, 19.9, 20, 30):
        counts.add({ROWS: 1}, at(second))
    assert counts.total(at(10), at(30)) == {ROWS: 3}
    assert counts.total(at(30), at(30)) == {ROWS: 0}


def test_series_that_appear_later_are_summed_too() -> None:
    counts = BucketedCounts(1, 60, at(0))
    counts.add({ROWS: 5}, at(0))
    for index in range(50):
        counts.add({("bin", "feature", "x", str(index)): index}, at(1))
        counts.add({ROWS: 1}, at(2))
    total = counts.total(at(0), at(3))
    assert total[ROWS] == 55
    assert total["bin", "feature", "x", "49"] == 49


def test_no_rows_make_no_bucket_and_old_buckets_are_dropped() -> None:
    counts = BucketedCounts(1, 10, at(0))
    counts.add({ROWS: 7}, at(0))
    counts.add({}, at(100))
    assert counts.total(at(-1000), at(1000)) == {ROWS: 0}


@pytest.mark.parametrize(
    ("asked", "covered"),
    [
        pytest.param(0, 20, id="the counting began within the window"),
        pytest.param(20, 20, id="and within its first bucket"),
        pytest.param(40, 40, id="the counting began before"),
    ],
)
def test_cover_starts_with_the_first_bucket(asked: float, covered: float) -> None:
    assert BucketedCounts(10, 480, at(25)).start_of_cover(at(asked)) == at(covered)


@given(
    width=st.sampled_from([1.0, 1.5, 86400 / 48, 604800 / 48, 1 / 3 + 1]),
    seconds=st.lists(st.floats(0, 1000), max_size=30),
    cut=st.integers(0, 50),
)
def test_neighbouring_windows_share_no_row_and_lose_none(
    width: float, seconds: list[float], cut: int
) -> None:
    start = datetime.fromtimestamp(0, UTC) + timedelta(seconds=round(1_800_000_000 / width) * width)
    counts = BucketedCounts(width, 10_000_000, start)
    for second in seconds:
        counts.add({ROWS: 1}, start + timedelta(seconds=second))
    middle, end = start + timedelta(seconds=cut * width), start + timedelta(seconds=2000 * width)
    parts = counts.total(start, middle).get(ROWS, 0) + counts.total(middle, end).get(ROWS, 0)
    assert parts == len(seconds)
