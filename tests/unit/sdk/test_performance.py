"""The sequential test of losses: how soon it finds harm, how rarely it is wrong, and that sums do."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy import stats

from holdfast.performance import (
    NO_LOSSES,
    Losses,
    LossKind,
    accumulate,
    evidence_share,
    is_alarm,
    log_evidence,
    log_growth,
    no_evidence,
    upper_bound,
)

RUN_LENGTH = 10_000
"""Mean labels between false alarms, at least."""
TOLERANCE = 0.02


def labels_until_alarm(
    baseline: float, error: float, labels: int, runs: int = 200, block: int = 1
) -> NDArray[np.float64]:
    """Return, of each run, after how many labels it alarmed; infinite if it did not."""
    draw = np.random.default_rng(7)
    growths = [
        log_growth(LossKind.ERROR, baseline + TOLERANCE, Losses(block, wrong, wrong))
        for wrong in range(block + 1)
    ]
    table = np.array(growths)
    evidence = np.tile(no_evidence(), (runs, 1))
    found = np.full(runs, math.inf)
    for seen in range(block, labels + 1, block):
        evidence = accumulate(evidence, table[draw.binomial(block, error, runs)], block / RUN_LENGTH)
        alarmed = (log_evidence(evidence) >= 0) & np.isinf(found)
        found[alarmed] = seen
        if np.isfinite(found).all():
            break
    return found


@pytest.mark.parametrize(
    ("baseline", "error", "median"),
    [
        pytest.param(0.05, 0.10, 1323, id="5 to 10 %"),
        pytest.param(0.05, 0.15, 217, id="5 to 15 %"),
        pytest.param(0.05, 0.30, 38, id="5 to 30 %"),
        pytest.param(0.20, 0.30, 476, id="20 to 30 %"),
    ],
)
def test_more_errors_are_found_after_as_many_labels_as_documented(
    baseline: float, error: float, median: int
) -> None:
    found = labels_until_alarm(baseline, error, 8 * median)
    assert 0.75 * median < np.median(found) < 1.25 * median
    assert np.quantile(found, 0.9) < 2.5 * median


@pytest.mark.parametrize(
    ("error", "share"),
    [
        pytest.param(0.05, 0.03, id="as the baseline"),
        pytest.param(0.07, 0.15, id="all of the tolerance used up"),
    ],
)
def test_false_alarms_are_rare(error: float, share: float) -> None:
    assert np.isfinite(labels_until_alarm(0.05, error, RUN_LENGTH)).mean() <= share


def test_labels_that_come_in_blocks_take_hardly_more_of_them() -> None:
    found = labels_until_alarm(0.05, 0.15, 4000, block=50)
    assert np.median(found) <= 300
    assert np.isfinite(labels_until_alarm(0.05, 0.05, RUN_LENGTH, block=50)).mean() <= 0.03


def losses_of(values: NDArray[np.float64]) -> Losses:
    return Losses(len(values), float(values.sum()), float((values**2).sum()))


def errors_until_alarm(mean: float, blocks: int, runs: int = 60) -> NDArray[np.float64]:
    """Return after how many labels a mean absolute error above 1.1 is found, in blocks of 10."""
    draw = np.random.default_rng(11)
    found = np.full(runs, math.inf)
    for run in range(runs):
        evidence = no_evidence()
        for block in range(1, blocks + 1):
            losses = losses_of(draw.exponential(mean, 10))
            growth = log_growth(LossKind.ABSOLUTE_ERROR, 1.1, losses)
            evidence = accumulate(evidence, growth, 10 / RUN_LENGTH)
            if is_alarm(evidence):
                found[run] = 10 * block
                break
    return found


def test_larger_errors_of_numbers_are_found_without_a_bound_on_them() -> None:
    assert np.median(errors_until_alarm(3.0, 50)) <= 90
    assert np.median(errors_until_alarm(1.5, 200)) <= 700
    assert np.isinf(errors_until_alarm(1.0, 300)).all()
    assert np.isfinite(errors_until_alarm(1.1, 300)).mean() <= 0.15


@pytest.mark.parametrize(
    ("kind", "draw"),
    [
        pytest.param(LossKind.ERROR, "binomial", id="errors"),
        pytest.param(LossKind.ABSOLUTE_ERROR, "exponential", id="light tails"),
        pytest.param(LossKind.ABSOLUTE_ERROR, "lognormal", id="heavy tails"),
    ],
)
def test_evidence_does_not_grow_on_average_while_losses_are_within_the_bound(
    kind: LossKind, draw: str
) -> None:
    generator = np.random.default_rng(3)
    shape = (20_000, 5)
    losses = {
        "binomial": generator.binomial(1, 0.2, shape).astype(float),
        "exponential": generator.exponential(0.2, shape),
        "lognormal": generator.lognormal(math.log(0.2) - 0.5, 1.0, shape),
    }[draw]
    factors = np.exp([log_growth(kind, 0.2, losses_of(block)) for block in losses])
    error = factors.std(axis=0) / math.sqrt(len(factors))
    assert (factors.mean(axis=0) <= 1 + 4 * error).all()


@given(
    kind=st.sampled_from(LossKind),
    first=st.lists(st.floats(0, 100), min_size=1, max_size=5),
    second=st.lists(st.floats(0, 100), min_size=1, max_size=5),
    bound=st.floats(0.01, 0.9),
)
def test_blocks_that_are_added_say_what_they_said_one_by_one(
    kind: LossKind, first: list[float], second: list[float], bound: float
) -> None:
    one, other = (losses_of(np.array(values)) for values in (first, second))
    apart = log_growth(kind, bound, one) + log_growth(kind, bound, other)
    assert log_growth(kind, bound, one + other) == pytest.approx(apart, rel=1e-6, abs=1e-6)
    assert one + NO_LOSSES == one


def test_evidence_stops_at_an_alarm_and_goes_when_the_losses_are_good_again() -> None:
    weight = 1e-4
    bad = log_growth(LossKind.ERROR, 0.07, Losses(10_000, 9_000, 9_000))
    alarmed = accumulate(no_evidence(), bad, weight)
    assert is_alarm(alarmed)
    assert evidence_share(alarmed, weight) == 1
    assert log_evidence(alarmed) <= math.log(5) + 1e-9
    good = log_growth(LossKind.ERROR, 0.07, Losses(500, 15, 15))
    recovered = accumulate(alarmed, good, weight)
    assert not is_alarm(recovered)
    assert evidence_share(recovered, weight) < 0.5
    again = accumulate(accumulate(recovered, 5 * good, weight), bad, weight)
    assert is_alarm(again), "what was good for long does not hide what is bad now"


def test_evidence_share_rises_from_nothing_to_all() -> None:
    weight = 1e-4
    assert evidence_share(no_evidence(), weight) == 0
    growth = log_growth(LossKind.ERROR, 0.07, Losses(20, 4, 4))
    evidence, shares = no_evidence(), []
    while not is_alarm(evidence):
        evidence = accumulate(evidence, growth, weight)
        shares.append(evidence_share(evidence, weight))
    assert shares == sorted(shares)
    assert 0 <= shares[0] < 0.2
    assert shares[-1] == 1


def test_upper_bound_of_an_error_rate_is_that_of_clopper_and_pearson() -> None:
    exact = stats.binomtest(25, 500).proportion_ci(0.90, "exact").high
    assert upper_bound(LossKind.ERROR, Losses(500, 25, 25)) == pytest.approx(exact)
    assert upper_bound(LossKind.ERROR, Losses(40, 40, 40)) == 1
    assert upper_bound(LossKind.ERROR, NO_LOSSES) == math.inf


def test_upper_bound_of_a_mean_narrows_with_the_rows() -> None:
    few, many = (Losses(rows, 32.7 * rows, (32.7**2 + 40**2) * rows) for rows in (100, 10_000))
    assert upper_bound(LossKind.ABSOLUTE_ERROR, few) == pytest.approx(32.7 + 1.6449 * 4, abs=0.01)
    assert 32.7 < upper_bound(LossKind.ABSOLUTE_ERROR, many) < 33.4
    assert Losses(4, 2.0).mean == 0.5
    assert NO_LOSSES.mean is None
