"""Columns counted together have the counts that each has by itself, row by row."""

import math
from bisect import bisect_right
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from holdfast.numeric_block import ROWS_AT_ONCE, ColumnCounts, NumericBlock
from holdfast.profile import NumericColumn

Array = np.ndarray[Any, Any]
COLUMNS = 3
GREATEST = float(np.finfo(np.float64).max)
FEW = st.sampled_from(
    [-1.5, -1.0, 0.0, 0.1, float(np.float32(0.1)), 1.0, GREATEST, -GREATEST, 1e39, 2.0**53 + 2]
)
FINITE = st.one_of(FEW, st.floats(allow_nan=False, allow_infinity=False))


def column(edges: Sequence[float], low: float | None, high: float | None) -> NumericColumn:
    counts = (0,) * (len(edges) + 1)
    common = {"kind": "feature", "name": "x", "tensor": "x", "missing": 0}
    return NumericColumn(**common, counts=counts, edges=edges, minimum=low, maximum=high, median=low)


@st.composite
def columns(draw: st.DrawFn) -> NumericColumn:
    """Any edges and range, also those that no reference rows can have."""
    edges = sorted(draw(st.sets(FINITE, max_size=9)))
    low, high = sorted([draw(FINITE), draw(FINITE)]) if draw(st.booleans()) else (None, None)
    return column(edges, low, high)


def values(dtype: str) -> st.SearchStrategy[Array]:
    kind = np.dtype(dtype)
    elements = st.one_of(npst.from_dtype(kind), FEW.map(lambda value: cast(value, kind)))
    return npst.arrays(kind, st.tuples(st.just(COLUMNS), st.integers(0, 40)), elements=elements)


def cast(value: float, dtype: np.dtype[Any]) -> Any:
    if dtype.kind == "f":
        with np.errstate(over="ignore"):
            return dtype.type(value)
    limits = np.iinfo(dtype)
    return dtype.type(int(min(max(value, limits.min // 2), limits.max // 2)))


def counted_one_by_one(column: NumericColumn, values: Array) -> ColumnCounts:
    """Say for each number where it is, in Python's exact comparisons of doubles."""
    numbers = [float(value) for value in values]
    finite = [number for number in numbers if math.isfinite(number)]
    bins = np.zeros(len(column.counts), dtype=np.int64)
    for number in finite:
        bins[bisect_right(column.edges, number)] += 1
    low = -math.inf if column.minimum is None else column.minimum
    high = math.inf if column.maximum is None else column.maximum
    below, above = sum(each < low for each in finite), sum(each > high for each in finite)
    width = high - low or max(abs(high), 1.0)
    far = sum(each < low - width or each > high + width for each in finite)
    return ColumnCounts(bins, len(numbers) - len(finite), below, above, 0, far)


def same(one: ColumnCounts, other: ColumnCounts) -> bool:
    return bool(np.array_equal(one.bins, other.bins)) and one[1:] == other[1:]


@pytest.mark.parametrize("dtype", ["float32", "float64", "float16", "int64", "uint8", "int32"])
@given(data=st.data())
def test_a_block_counts_every_column_as_one_by_one(dtype: str, data: st.DataObject) -> None:
    block = data.draw(st.lists(columns(), min_size=COLUMNS, max_size=COLUMNS))
    table = data.draw(values(dtype))
    counted = NumericBlock(block).count(table)
    expected = [counted_one_by_one(*each) for each in zip(block, table, strict=True)]
    assert all(same(*each) for each in zip(counted, expected, strict=True))
    assert all(counts.bins.dtype == np.int64 for counts in counted)


def test_more_rows_than_are_compared_at_once_add_up() -> None:
    rows = 2 * ROWS_AT_ONCE + 5
    [counts] = NumericBlock([column([0.0], -1, 1)]).count(np.full((1, rows), 2.0))
    assert (counts.bins.tolist(), counts.above, counts.missing) == ([0, rows], rows, 0)


@pytest.mark.parametrize(
    ("low", "high", "near", "far"),
    [
        pytest.param(10.0, 15.0, [5.0, 20.0], [4.9, 20.1], id="a range further than the range"),
        pytest.param(
            2011.0, 2011.0, [2012.0, 0.0], [20110.0, -1.0], id="a constant is as wide as it is large"
        ),
        pytest.param(0.0, 0.0, [1.0, -1.0], [1.1, -1.1], id="and zero is one wide"),
        pytest.param(-GREATEST, GREATEST, [GREATEST], [], id="nothing is further than all numbers"),
    ],
)
def test_far_is_what_another_unit_would_be(
    low: float, high: float, near: list[float], far: list[float]
) -> None:
    [counts] = NumericBlock([column([], low, high)]).count(np.array([[*near, *far]]))
    assert counts.far == len(far)
