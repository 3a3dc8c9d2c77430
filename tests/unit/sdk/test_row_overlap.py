"""Rows that were trained on are found again in the holdout, whatever their types."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.row_overlap import overlap_share

NUMBERS = {"x": np.arange(12, dtype=np.float32).reshape(6, 2)}
MIXED = {
    "age": np.array([[30], [40], [50]], np.int64),
    "city": np.array([["Ulm"], ["Berlin"], ["Köln"]], object),
}


def rows(inputs: dict[str, Any], chosen: list[int]) -> dict[str, Any]:
    return {name: values[chosen] for name, values in inputs.items()}


@pytest.mark.parametrize(
    ("training", "holdout", "share"),
    [
        pytest.param([0, 1, 2], [3, 4, 5], 0.0, id="none"),
        pytest.param([0, 1, 2], [2, 3, 4, 5], 0.25, id="some"),
        pytest.param([0, 1, 2], [2, 2, 1], 1.0, id="all"),
        pytest.param([0], [], 0.0, id="no-holdout"),
        pytest.param([], [1], 0.0, id="no-training"),
    ],
)
def test_share_of_rows_that_were_trained_on(training: list[int], holdout: list[int], share: float) -> None:
    assert overlap_share(rows(NUMBERS, training), rows(NUMBERS, holdout)) == share


def test_row_is_the_same_only_if_all_its_inputs_are() -> None:
    other = {**rows(MIXED, [0, 1]), "city": np.array([["Ulm"], ["Ulm"]], object)}
    assert overlap_share(MIXED, other) == 0.5


def test_texts_of_different_lengths_are_compared_whole() -> None:
    short = {"city": np.array([["Ulm"]], object)}
    long = {"city": np.array([["Ulm an der Donau"], ["Ulm"]], object)}
    assert overlap_share(short, long) == 0.5
    assert overlap_share(long, short) == 1.0


@given(st.lists(st.integers(0, 9), max_size=20), st.lists(st.integers(0, 9), min_size=1, max_size=20))
def test_share_is_that_of_counting_by_hand(training: list[int], holdout: list[int]) -> None:
    known, judged = (np.array(each, np.float64).reshape(-1, 1) for each in (training, holdout))
    expected = sum(each in training for each in holdout) / len(holdout)
    assert overlap_share({"x": known}, {"x": judged}) == pytest.approx(expected)
