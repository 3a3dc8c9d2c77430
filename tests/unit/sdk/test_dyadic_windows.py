"""Windows are sums of blocks, and each finished window is given out once."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.dyadic_windows import FinishedWindow, Scale, WindowSums, dyadic_scales

SCALES = (*dyadic_scales(16), Scale(3, 4))
COMING = st.lists(st.tuples(st.integers(0, 40), st.integers(1, 9)), max_size=30)
"""Buckets that pass, and how many rows are counted then."""


def play(sums: WindowSums, coming: Sequence[tuple[int, int]], start: int = 1000) -> list[FinishedWindow]:
    bucket, windows = start, list(sums.advance(start))
    for passed, rows in coming:
        bucket += passed
        windows += sums.advance(bucket)
        sums.add(np.array([rows, 1]))
    return [*windows, *sums.advance(bucket + 100)]


@pytest.mark.parametrize(
    ("longest", "lengths"),
    [
        pytest.param(4, [1, 2, 4], id="until as long as the longest"),
        pytest.param(20, [1, 2, 4, 8, 16, 32], id="or longer"),
        pytest.param(1440, [2**each for each in range(12)], id="a day of minutes"),
        pytest.param(10**6, [2**each for each in range(12)], id="not longer than 2048"),
    ],
)
def test_dyadic_windows_double(longest: int, lengths: list[int]) -> None:
    scales = dyadic_scales(longest)
    assert [scale.length for scale in scales] == lengths
    assert all(scale.stride == scale.length // 2 for scale in scales[1:])


@given(COMING)
def test_each_window_with_rows_is_given_out_once_with_the_sum_of_its_rows(
    coming: list[tuple[int, int]],
) -> None:
    windows = play(WindowSums(SCALES, 2), coming)
    rows = np.zeros(3000, dtype=np.int64)
    bucket = 1000
    for passed, count in coming:
        bucket += passed
        rows[bucket] += count
    expected = {
        (index, end - scale.length, end, int(rows[end - scale.length : end].sum()))
        for index, scale in enumerate(SCALES)
        for end in range(scale.stride, bucket + 101, scale.stride)
        if end >= scale.length and end > 1000 and rows[end - scale.length : end].any()
    }
    found = [(each.scale, each.start, each.end, int(each.counts[0])) for each in windows]
    assert len(found) == len(set(found))
    assert set(found) == expected


@given(COMING, st.integers(0, 5))
def test_rows_of_replicas_add_up_in_any_order(coming: list[tuple[int, int]], seed: int) -> None:
    merged, apart = WindowSums(SCALES, 2), WindowSums(SCALES, 2)
    split = [part for passed, rows in coming for part in ((passed, rows), (0, seed))]
    whole = play(merged, [(passed, rows + seed) for passed, rows in coming])
    parts = play(apart, split)
    assert [(each.scale, each.end, each.counts[0]) for each in whole] == [
        (each.scale, each.end, each.counts[0]) for each in parts
    ]


def test_time_does_not_go_back() -> None:
    sums = WindowSums(SCALES, 1)
    list(sums.advance(10))
    sums.add(np.array([5]))
    assert list(sums.advance(7)) == []
    assert sums.bucket == 10
    assert [each.counts.tolist() for each in sums.advance(11)] == [[5], [5]]


def test_memory_is_bounded() -> None:
    sums = WindowSums((*dyadic_scales(1440), Scale(360, 4)), 30 * 13)
    assert sums.sums.nbytes < 90_000
