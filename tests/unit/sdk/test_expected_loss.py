"""The estimate without labels follows what is predicted, and nothing else."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numpy.typing import NDArray

from holdfast.binning import bin_numbers, count_bins, profile_of
from holdfast.expected_loss import ExpectedLoss
from holdfast.profile import Profile

RANDOM = np.random.default_rng(0)
PREDICTED = RANDOM.uniform(0, 100, 5_000)
ERRORS = PREDICTED / 10
"""A model that is the more wrong, the more it predicts."""


def profile_of_outputs(**outputs: NDArray[Any]) -> Profile:
    rows = len(next(iter(outputs.values())))
    return profile_of({"x": np.zeros(rows)}, outputs)


def counts_of(profile: Profile, name: str, values: NDArray[Any]) -> list[int]:
    column = profile.column("output", name)
    assert column is not None
    counted: list[int] = count_bins(column, values).bins.tolist()
    return counted


@pytest.fixture(scope="module")
def profile() -> Profile:
    return profile_of_outputs(noise=RANDOM.normal(size=5_000), count=PREDICTED)


@pytest.fixture(scope="module")
def expected(profile: Profile) -> ExpectedLoss:
    outputs = {"noise": RANDOM.normal(size=5_000), "count": PREDICTED}
    fitted = ExpectedLoss.fit("mae", profile, outputs, ERRORS)
    assert fitted is not None
    return fitted


def test_output_that_tells_losses_apart_is_chosen(expected: ExpectedLoss) -> None:
    assert expected.output == "count"
    assert expected.mean == pytest.approx(5, rel=0.02)


def test_holdouts_own_rows_are_as_wrong_as_they_were(profile: Profile, expected: ExpectedLoss) -> None:
    assert expected.estimate(counts_of(profile, "count", PREDICTED)) == pytest.approx(expected.mean)


def test_rows_with_higher_predictions_are_expected_to_be_more_wrong(
    profile: Profile, expected: ExpectedLoss
) -> None:
    high = RANDOM.uniform(80, 100, 1_000)
    assert expected.estimate(counts_of(profile, "count", high)) == pytest.approx(9, rel=0.02)


def test_uncertain_class_is_expected_to_be_wrong_more_often() -> None:
    label = np.array([0, 0, 0, 0, 1, 1])
    profile = profile_of_outputs(label=label)
    fitted = ExpectedLoss.fit("errorRate", profile, {"label": label}, np.array([0, 0, 0, 1.0, 1, 0]))
    assert fitted is not None
    assert fitted.estimate(counts_of(profile, "label", np.array([1, 1, 1, 0]))) == pytest.approx(0.4375)


def test_bin_without_rows_has_the_mean_loss(profile: Profile) -> None:
    low = np.linspace(0, 40, 100)
    fitted = ExpectedLoss.fit("mae", profile, {"count": low}, np.linspace(0, 4, 100))
    assert fitted is not None
    assert fitted.losses[-1] == fitted.mean == pytest.approx(2)


@pytest.mark.parametrize(
    ("outputs", "losses"),
    [
        pytest.param({}, [1.0], id="no output is in the profile"),
        pytest.param({"count": np.zeros(0)}, [], id="no rows"),
    ],
)
def test_nothing_is_expected_of_nothing(
    profile: Profile, outputs: dict[str, NDArray[Any]], losses: list[float]
) -> None:
    assert ExpectedLoss.fit("mae", profile, outputs, np.array(losses)) is None


@pytest.mark.parametrize("counts", [[0] * 10, [1] * 9])
def test_no_rows_or_other_bins_give_no_estimate(expected: ExpectedLoss, counts: list[int]) -> None:
    assert expected.estimate(counts) is None


@given(npst.arrays(np.float32, st.integers(1, 200), elements=st.floats(width=32)))
def test_bin_of_each_number_is_that_in_which_it_is_counted(values: NDArray[np.float32]) -> None:
    profile = profile_of_outputs(y=RANDOM.normal(size=300).astype(np.float32))
    [column] = profile.of_kind("output")
    bins = bin_numbers(column, values)
    counted = np.bincount(bins[bins >= 0], minlength=len(column.counts))
    assert counted.tolist() == counts_of(profile, "y", values)


@given(st.lists(st.sampled_from(["a", "b", "", "new", None]), min_size=1, max_size=50))
def test_bin_of_each_category_is_that_in_which_it_is_counted(values: list[str | None]) -> None:
    profile = profile_of_outputs(y=np.array(["a", "b", "b"], dtype=object))
    [column] = profile.of_kind("output")
    bins = bin_numbers(column, np.array(values, dtype=object))
    counted = np.bincount(bins[bins >= 0], minlength=len(column.counts))
    assert counted.tolist() == counts_of(profile, "y", np.array(values, dtype=object))
