"""The drift statistics against scipy.stats, and at their edges."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from holdfast.drift import (
    assess_column,
    g_statistic,
    noise_floor,
    p_value,
    psi,
    psi_debiased,
    share_p_value,
)

COUNTS = st.lists(st.integers(0, 10_000), min_size=2, max_size=10)


def two_samples() -> st.SearchStrategy[tuple[list[int], list[int]]]:
    """Pairs of counts over the same bins, both with rows."""
    pairs = st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 10_000)), min_size=2, max_size=10)
    samples = pairs.map(lambda each: ([live for live, _ in each], [past for _, past in each]))
    return samples.filter(lambda sample: sum(sample[0]) > 0 and sum(sample[1]) > 0)


@given(two_samples())
def test_g_statistic_is_that_of_scipy(sample: tuple[list[int], list[int]]) -> None:
    live, past = (np.array(side) for side in sample)
    used = live + past > 0
    expected = stats.chi2_contingency(
        np.array([live[used], past[used]]), lambda_="log-likelihood", correction=False
    )
    g, df, n_eff = g_statistic(live, past)
    assert g == pytest.approx(expected.statistic, rel=1e-9, abs=1e-7)
    assert df == expected.dof
    assert n_eff == pytest.approx(live.sum() * past.sum() / (live.sum() + past.sum()))
    if df:
        assert p_value(g, df, n_eff, 0) == pytest.approx(expected.pvalue, rel=1e-6, abs=1e-12)


@pytest.mark.parametrize("df", [1, 5, 9, 19])
@pytest.mark.parametrize("n_eff", [50, 1_000, 100_000])
@pytest.mark.parametrize("tolerance", [0.02, 0.1, 0.25])
def test_p_value_with_a_tolerance_is_the_noncentral_tail(df: int, n_eff: float, tolerance: float) -> None:
    noncentrality = n_eff * tolerance
    spread = np.sqrt(2 * (df + 2 * noncentrality))
    for deviations in (-2, 0, 1, 3, 5):
        g = max(df + noncentrality + deviations * spread, 0.0)
        expected = stats.ncx2.sf(g, df, noncentrality)
        assert p_value(g, df, n_eff, tolerance) == pytest.approx(expected, rel=1e-5, abs=1e-11)


def test_a_tolerance_never_makes_drift_more_certain() -> None:
    values = [p_value(80, 9, 1_000, tolerance) for tolerance in (0, 0.01, 0.02, 0.05, 0.1, 0.25)]
    assert values == sorted(values)


@pytest.mark.parametrize(
    ("live", "past"),
    [
        pytest.param([0, 0, 0], [10, 20, 30], id="no live rows"),
        pytest.param([10, 20, 30], [0, 0, 0], id="no reference rows"),
        pytest.param([], [], id="no bins"),
    ],
)
def test_without_rows_nothing_has_drifted(live: list[int], past: list[int]) -> None:
    drift = assess_column("age", "feature", live, past, 0.1)
    assert (drift.psi, drift.noise_floor, drift.p_value) == (0, 0, 1)
    assert psi(live, past) == 0
    assert g_statistic(live, past) == (0, 0, 0)


def test_a_column_with_one_bin_cannot_drift() -> None:
    drift = assess_column("constant", "feature", [500], [1_000], 0.0)
    assert (drift.psi, drift.noise_floor, drift.p_value) == (0, 0, 1)


def test_equal_shares_have_no_divergence() -> None:
    drift = assess_column("age", "feature", [100, 200, 300], [200, 400, 600], 0.0)
    assert drift.psi == 0
    assert drift.p_value == pytest.approx(1)


def test_a_gross_shift_is_certain_and_a_tiny_sample_is_not() -> None:
    certain = assess_column("age", "feature", [900, 50, 50], [300, 300, 300], 0.1)
    assert certain.psi > 1
    assert certain.p_value < 1e-12
    tiny = assess_column("age", "feature", [2, 0, 1], [300, 300, 300], 0.1)
    assert tiny.p_value > 0.1
    assert tiny.noise_floor > 0.25


@pytest.mark.parametrize(
    ("live", "past", "message"),
    [
        pytest.param([1, 2], [1, 2, 3], "cannot be compared", id="other bins"),
        pytest.param([[1, 2]], [[1, 2]], "cannot be compared", id="a table"),
        pytest.param([1, -2], [1, 2], "at least 0", id="negative live"),
        pytest.param([1, 2], [1, -2], "at least 0", id="negative reference"),
        pytest.param([1, float("nan")], [1, 2], "at least 0", id="not a number"),
    ],
)
def test_counts_that_are_no_counts_are_refused(live: list[int], past: list[int], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        g_statistic(live, past)


def test_psi_is_the_textbook_sum() -> None:
    live, past = np.array([50, 30, 20]), np.array([40, 40, 20])
    p, q = live / 100, past / 100
    assert psi(live, past) == pytest.approx(float(((p - q) * np.log(p / q)).sum()))


def test_psi_of_an_empty_cell_is_finite() -> None:
    assert 0 < psi([0, 100], [50, 50]) < 10
    assert 0 < psi([50, 50], [0, 100]) < 10


@given(COUNTS)
def test_psi_is_symmetric_and_zero_for_the_same_counts(counts: list[int]) -> None:
    other = list(reversed(counts))
    assert psi(counts, other) == pytest.approx(psi(other, counts))
    assert psi(counts, counts) == pytest.approx(0)
    assert psi_debiased(counts, counts) == 0


def test_debiased_psi_is_about_zero_where_the_plain_one_is_not() -> None:
    generator = np.random.default_rng(7)
    share = np.full(10, 0.1)
    pairs = [(generator.multinomial(50, share), generator.multinomial(1_000, share)) for _ in range(400)]
    plain = np.mean([psi(live, past) for live, past in pairs])
    floor = noise_floor(50, 1_000, 10)
    assert plain > 0.15
    assert np.mean([psi_debiased(live, past) <= floor for live, past in pairs]) > 0.9


def test_noise_floor_is_the_95th_percentile_of_the_debiased_psi() -> None:
    generator = np.random.default_rng(3)
    share = np.full(10, 0.1)
    values = [
        psi_debiased(generator.multinomial(1_000, share), generator.multinomial(2_000, share))
        for _ in range(1_000)
    ]
    assert np.mean(np.array(values) > noise_floor(1_000, 2_000, 10)) == pytest.approx(0.05, abs=0.02)


@pytest.mark.parametrize(
    ("n", "m", "bins"), [pytest.param(0, 9, 10, id="n"), pytest.param(9, 0, 10, id="m"), (9, 9, 1)]
)
def test_noise_floor_without_rows_or_bins_is_zero(n: float, m: float, bins: int) -> None:
    assert noise_floor(n, m, bins) == 0


def test_false_alarms_of_the_plain_test_are_as_nominal() -> None:
    generator = np.random.default_rng(11)
    share = generator.dirichlet(np.full(10, 5.0))
    values = np.array(
        [
            assess_column(
                "x", "feature", generator.multinomial(500, share), generator.multinomial(2_000, share), 0
            ).p_value
            for _ in range(2_000)
        ]
    )
    assert np.mean(values < 0.05) == pytest.approx(0.05, abs=0.015)


def test_drift_just_at_the_tolerance_rarely_alarms() -> None:
    generator = np.random.default_rng(13)
    past_share = np.array([0.25, 0.25, 0.25, 0.25])
    live_share = np.array([0.33, 0.27, 0.22, 0.18])
    tolerance = float(((live_share - past_share) * np.log(live_share / past_share)).sum())
    values = np.array(
        [
            assess_column(
                "x",
                "feature",
                generator.multinomial(2_000, live_share),
                generator.multinomial(4_000, past_share),
                tolerance,
            ).p_value
            for _ in range(500)
        ]
    )
    assert np.mean(values < 0.01) < 0.03


@pytest.mark.parametrize(
    ("count", "rows", "share", "margin"), [(30, 100, 0.02, 0.1), (1, 50, 0.0, 0.01), (200, 200, 0.5, 0.25)]
)
def test_share_p_value_is_the_exact_binomial_test(count: int, rows: int, share: float, margin: float) -> None:
    expected = stats.binomtest(count, rows, share + margin, alternative="greater").pvalue
    assert share_p_value(count, rows, share, margin) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("count", "rows", "share"),
    [
        pytest.param(0, 100, 0.0, id="none"),
        pytest.param(0, 0, 0.0, id="no rows"),
        pytest.param(100, 100, 0.9, id="all allowed"),
    ],
)
def test_share_that_cannot_have_grown_is_no_evidence(count: int, rows: int, share: float) -> None:
    assert share_p_value(count, rows, share, 0.25) == 1
