"""Bootstrap replicates against scikit-learn, and intervals that hold what they promise."""

from typing import Any

import numpy as np
import pytest

from holdfast.bootstrap import MAX_GROUPS, group_weights, interval, merged
from holdfast.evaluation_metrics import ACCURACY_METRICS, METRICS
from holdfast.predictions import Predictions
from holdfast.replicates import replicate
from holdfast.scores import score

RNG = np.random.default_rng(5)
X = RNG.normal(size=(400, 3)).astype(np.float32)
Y = X @ np.array([1.0, -2.0, 0.5]) + RNG.normal(size=400)
TRUE_CLASS = (Y > 0).astype(np.int64)


CASES = {
    "two": Predictions(
        labels=(X[:, 0] > 0).astype(np.int64),
        scores=np.column_stack([1 - 1 / (1 + np.exp(-X[:, 0])), 1 / (1 + np.exp(-X[:, 0]))]).astype(
            np.float64
        ),
        classes=np.array([0, 1]),
    ),
    "three": Predictions(
        labels=np.digitize(X[:, 0], [-0.5, 0.5]),
        scores=np.round(RNG.dirichlet([1.0, 1.0, 1.0], 400), 2) + 0.01,
        classes=np.array([0, 1, 2]),
    ),
}
TRUTHS = {"two": TRUE_CLASS, "three": np.digitize(Y, [-1, 1])}


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.parametrize(
    "name", sorted(each for each in ACCURACY_METRICS if METRICS[each].tasks != METRICS["mae"].tasks)
)
def test_replicates_are_the_scikit_learn_metric_of_the_drawn_rows(case: str, name: str) -> None:
    check_replicates(name, TRUTHS[case], CASES[case])


@pytest.mark.parametrize("name", ["mae", "rmse", "r2"])
def test_replicates_of_regressions_are_the_scikit_learn_metric(name: str) -> None:
    check_replicates(name, Y, Predictions(values=Y * 0.8 + RNG.normal(size=400)))


def check_replicates(name: str, truth: Any, predictions: Predictions) -> None:
    group = np.arange(400) // 16
    values = replicate(name, truth, predictions, group)
    weights = np.concatenate(list(group_weights(25)))
    assert values.shape == (1_000,)
    for each in (0, 1, 500, 999):
        drawn = np.repeat(np.arange(400), weights[each][group].astype(int))
        part = Predictions(
            values=None if predictions.values is None else predictions.values[drawn],
            labels=None if predictions.labels is None else predictions.labels[drawn],
            scores=None if predictions.scores is None else predictions.scores[drawn],
            classes=predictions.classes,
        )
        expected = score(name, truth[drawn], part)
        assert expected is None or values[each] == pytest.approx(expected, rel=1e-9)


def test_batches_do_not_change_what_is_drawn() -> None:
    whole = np.concatenate(list(group_weights(50, 100)))
    parts = np.concatenate(list(group_weights(50, 100, row_cells=100_000)))
    assert (whole == parts).all()
    assert (whole.sum(axis=1) == 50).all()


def test_many_groups_are_merged_evenly() -> None:
    group = np.arange(5_000)
    blocks = merged(group)
    assert len(np.unique(blocks)) == MAX_GROUPS
    assert np.bincount(blocks).max() == 3
    few = np.array([0, 1, 1])
    assert merged(few) is few


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    generator = np.random.default_rng(17)
    hits = 0
    for _ in range(300):
        difference = generator.normal(1.0, 1.0, 12)
        replicates = np.concatenate([weights @ difference / 12 for weights in group_weights(12)])
        bounds = interval(replicates, 12)
        assert bounds is not None
        hits += bounds[0] <= 1.0 <= bounds[1]
    assert hits / 300 == pytest.approx(0.95, abs=0.04)


@pytest.mark.parametrize(
    ("replicates", "groups"),
    [
        pytest.param(np.ones(100), 1, id="one group"),
        pytest.param(np.full(100, np.nan), 9, id="never defined"),
        pytest.param(np.r_[np.full(60, np.nan), np.ones(40)], 9, id="mostly undefined"),
    ],
)
def test_without_evidence_there_is_no_interval(replicates: Any, groups: int) -> None:
    assert interval(replicates, groups) is None
