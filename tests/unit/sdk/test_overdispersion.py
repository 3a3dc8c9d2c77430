"""By how much windows differ from each other is learned from live traffic."""

import numpy as np
import pytest
from scipy.stats import chi2_contingency

from holdfast.count_table import CountTable
from holdfast.overdispersion import LARGEST_SPREAD, Overdispersion, Spread, degrees_of_freedom, phi
from tests.unit.sdk.drift_traffic import Traffic, detector_of, profile

ROWS, WINDOWS = 600, 40


def learned(shifts: list[float], rows: int = ROWS, missing: int = 0) -> Overdispersion:
    detector = detector_of()
    traffic, learning = Traffic(detector), Overdispersion(detector.table, 3)
    for index, shift in enumerate(shifts):
        faults = [("x0", "missing", missing * (index % 2))]
        learning.learn(0, index, traffic.rows(rows, [shift], faults))
    return learning


def spread_of(learning: Overdispersion, scale: int = 0) -> Spread:
    found = learning.spread(scale)
    assert found is not None
    return found


def test_independent_rows_have_almost_no_spread() -> None:
    bins = spread_of(learned([0.0] * WINDOWS)).bins
    assert (ROWS * bins < 5).all()


def test_spread_is_the_excess_of_chi_square_between_windows() -> None:
    detector = detector_of()
    traffic, learning = Traffic(detector), Overdispersion(detector.table, 1)
    windows = [traffic.rows(ROWS, [shift]) for shift in (0.3, -0.3) * 10]
    for index, window in enumerate(windows):
        learning.learn(0, index, window)
    table = np.array([window[detector.table.bins[0]] for window in windows])
    found = chi2_contingency(table, correction=False)
    excess = (found.statistic - found.dof) / table.sum()
    assert spread_of(learning).bins[0] == pytest.approx(excess)
    assert ROWS * spread_of(learning).bins[1] < 5


def test_spread_of_faults_is_that_of_their_share() -> None:
    learning = learned([0.0] * WINDOWS, missing=60)
    table = CountTable(profile())
    by_name = {
        (table.columns[each.column].name, each.anomaly): spread
        for each, spread in zip(table.shares, spread_of(learning).shares, strict=True)
    }
    # 0 % and 10 % in turn: (0.05² / (0.05 · 0.95)), less what chance does.
    assert by_name["x0", "missing"] == pytest.approx(0.0526, abs=0.003)
    assert by_name["x1", "missing"] == 0


def test_drift_in_the_warm_up_excuses_no_more_than_a_cap() -> None:
    assert spread_of(learned([0.0] * 2 + [9.0] * 3 + [-9.0] * 3)).bins[0] == LARGEST_SPREAD


def test_too_few_windows_tell_nothing_and_longer_ones_take_over_from_shorter() -> None:
    assert learned([0.0] * 3).spread(2) is None
    learning = learned([0.5, -0.5] * 4)
    assert spread_of(learning, 2) == spread_of(learning, 0)
    unknown = Overdispersion(CountTable(profile()), 2)
    unknown.finish()
    assert unknown.is_learning


def test_what_was_learned_stays_when_learning_is_over() -> None:
    learning = learned([0.5, -0.5] * 4)
    before = spread_of(learning)
    learning.finish()
    assert not learning.is_learning
    assert spread_of(learning, 1) is before
    assert learning.fits(0, before)
    assert not learning.fits(3, before)
    assert not learning.fits(0, Spread(before.bins[1:], before.shares))


def test_window_without_values_is_no_excuse() -> None:
    learning = learned([0.0] * 5, rows=0)
    assert spread_of(learning).bins.tolist() == [0.0] * 5


def test_statistic_of_clustered_rows_is_scaled_along_one_direction() -> None:
    n, df = np.array([100.0, 100.0]), np.array([9.0, 9.0])
    spread = np.array([0.005, 0.5])
    assert phi(n, spread).tolist() == [1, 50]
    assert degrees_of_freedom(n, df, spread).tolist() == [9.5, pytest.approx(59 / 50)]
