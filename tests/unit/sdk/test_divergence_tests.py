"""The tests of many columns at once are those of each alone."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.stats import ncx2

from holdfast.divergence_tests import g_statistics, p_values, share_p_values
from holdfast.drift import g_statistic, p_value, share_p_value

BINS = 5
COUNTS = st.lists(st.integers(0, 3000), min_size=BINS, max_size=BINS).filter(any)
PAIRS = st.lists(st.tuples(COUNTS, COUNTS), min_size=1, max_size=6)


def arrays(pairs: list[tuple[list[int], list[int]]]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    live, past = zip(*pairs, strict=True)
    return np.array(live, dtype=float), np.array(past, dtype=float)


@given(PAIRS)
def test_g_is_that_of_each_pair(pairs: list[tuple[list[int], list[int]]]) -> None:
    g, df, n_eff = g_statistics(*arrays(pairs))
    for index, (live, past) in enumerate(pairs):
        expected = g_statistic(live, past)
        assert (df[index], n_eff[index]) == pytest.approx(expected[1:])
        assert g[index] == pytest.approx(expected[0], rel=1e-9, abs=1e-6)


@given(PAIRS, st.sampled_from([0.0, 0.02, 0.1, 1.0]))
def test_p_value_is_that_of_each_pair_wherever_it_is_evidence(
    pairs: list[tuple[list[int], list[int]]], tolerance: float
) -> None:
    g, df, n_eff = g_statistics(*arrays(pairs))
    for index, p in enumerate(p_values(g, df, n_eff, tolerance)):
        exact = p_value(g[index], int(df[index]), n_eff[index], tolerance)
        assert p == pytest.approx(exact, abs=1e-12) or (p == 1 and exact > 0.01)


@given(st.floats(1, 200), st.floats(0, 1e5))
def test_what_is_not_computed_is_no_evidence(df: float, shift: float) -> None:
    skipped_below = df + shift + 2 * np.sqrt(2 * (df + 2 * shift))
    assert ncx2.sf(skipped_below, df, shift) > 0.01


@given(st.integers(0, 300), st.integers(1, 300), st.floats(0, 1))
def test_share_is_tested_as_by_itself_wherever_it_is_evidence(count: int, rows: int, allowed: float) -> None:
    count = min(count, rows)
    (p,) = share_p_values(np.array([count]), np.array([rows]), np.array([allowed]))
    exact = share_p_value(count, rows, allowed, 0.0)
    assert p == pytest.approx(exact, abs=1e-9) or (p == 1 and exact > 0.01)
