"""Bootstrap replicates against scikit-learn, and intervals that hold what they promise."""

from typing import Any

import numpy as np
import pytest

from holdfast.bootstrap import MAX_GROUPS, group_weights, interval, largest_beyond_doubt, merged
from holdfast.evaluation_metrics import ACCURACY_METRICS, METRICS
from holdfast.predictions import Predictions
from holdfast.replicates import Parts, replicate
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
        positive=1,
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
    "name", sorted(each for each in ACCURACY_METRICS if METRICS[each].tasks == METRICS["auc"].tasks)
)
def test_replicates_are_the_scikit_learn_metric_of_the_drawn_rows(case: str, name: str) -> None:
    check_replicates(name, TRUTHS[case], CASES[case])


@pytest.mark.parametrize("name", ["mae", "rmse", "r2"])
def test_replicates_of_regressions_are_the_scikit_learn_metric(name: str) -> None:
    check_replicates(name, Y, Predictions(values=Y * 0.8 + RNG.normal(size=400)))


def test_replicates_of_rankings_are_the_metric_of_the_drawn_queries() -> None:
    group = np.arange(400) // 16
    relevance, predictions = (
        np.digitize(Y, [-1, 0, 1]),
        Predictions(values=X[:, 0].astype(np.float64), query=group),
    )
    values = replicate("ndcgAt10", relevance, predictions, group)[0]
    of_query = [
        score("ndcgAt10", relevance[group == each], predictions.of(group == each)) for each in range(25)
    ]
    weights = group_weights(25)[7]
    assert values[7] == pytest.approx((weights * np.array(of_query)).sum() / 25)


def test_areas_of_many_rows_are_as_good_as_exact() -> None:
    generator = np.random.default_rng(3)
    truth = generator.integers(0, 2, 5_000)
    chance = np.clip(truth * 0.2 + generator.random(5_000) * 0.8, 0, 1)
    predictions = Predictions(scores=np.column_stack([1 - chance, chance]), classes=np.array([0, 1]))
    group = np.arange(5_000) % 500
    found = replicate("auc", truth, predictions, group)[0, 4]
    drawn = np.repeat(np.arange(5_000), group_weights(500)[4][group].astype(int))
    assert found == pytest.approx(score("auc", truth[drawn], predictions.of(drawn)), abs=1e-4)


def test_many_classes_are_counted_in_parts() -> None:
    truth = RNG.integers(0, 100, 400)
    parts = Parts(np.arange(400) % 20, 20)
    predictions = Predictions(labels=np.where(RNG.random(400) < 0.7, truth, 0))
    values = replicate("f1", truth, predictions, np.arange(400) // 16, parts)
    rows = parts.of == 17
    alone = replicate("f1", truth[rows], predictions.of(rows), (np.arange(400) // 16)[rows])
    assert values.shape == (20, 1_000)
    assert values[17] == pytest.approx(alone[0], nan_ok=True)


def check_replicates(name: str, truth: Any, predictions: Predictions) -> None:
    group = np.arange(400) // 16
    values = replicate(name, truth, predictions, group)[0]
    weights = group_weights(25)
    assert values.shape == (1_000,)
    for each in (0, 1, 500, 999):
        drawn = np.repeat(np.arange(400), weights[each][group].astype(int))
        expected = score(name, truth[drawn], predictions.of(drawn))
        assert expected is None or values[each] == pytest.approx(expected, rel=1e-9)


def test_every_resample_draws_as_many_groups_as_there_are() -> None:
    assert group_weights(50).shape == (1_000, 50)
    assert (group_weights(50).sum(axis=1) == 50).all()


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
        replicates = group_weights(12) @ difference / 12
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


def test_the_largest_of_many_equal_differences_is_rarely_beyond_doubt() -> None:
    generator = np.random.default_rng(29)
    alarms = 0
    for _ in range(200):
        samples = generator.normal(0, 1, (12, 60))
        estimates = samples.mean(axis=1)
        replicates = samples @ group_weights(60).T / 60
        alarms += largest_beyond_doubt(estimates, replicates, 60) > 0
    assert alarms / 200 <= 0.1


def test_a_difference_that_never_varies_is_beyond_doubt() -> None:
    assert largest_beyond_doubt(np.array([0.2, -0.5]), np.array([[0.2] * 9, [-0.5] * 9]), 9) == 0.5
