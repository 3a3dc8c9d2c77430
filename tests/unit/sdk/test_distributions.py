"""Distributions of predictions: small, and those of scikit-learn where it has them."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from holdfast.answers import Answers
from holdfast.distributions import distributions_of
from holdfast.evaluation_metrics import Task
from holdfast.predictions import Predictions

RNG = np.random.default_rng(3)
TRUTH = RNG.normal(size=2000)
CLASSES = np.array(["no", "yes"])
SAID_YES = RNG.random(2000)
IS_YES = RNG.random(2000) < SAID_YES
Array = NDArray[Any]


def answers(task: Task, truth: Array, candidate: Predictions, champion: Predictions | None = None) -> Answers:
    return Answers(task, truth, candidate, champion, np.arange(len(truth)))


def scored(scores: Array, **fields: Any) -> Predictions:
    table = np.column_stack([1 - scores, scores])
    labels = CLASSES[(scores > 0.5).astype(int)]
    return Predictions(
        **({"labels": labels, "scores": table, "classes": CLASSES, "positive": "yes"} | fields)
    )


def regression(*predictions: Array, truth: Array = TRUTH) -> Any:
    both = [Predictions(values=each) for each in predictions]
    return distributions_of(answers(Task.REGRESSION, truth, *both))


def test_errors_of_both_models_are_counted_in_the_same_bins() -> None:
    found = regression(TRUTH + 1, TRUTH + RNG.normal(size=2000)).residuals
    assert len(found.edges) == 31
    assert sum(found.candidate) == sum(found.champion) == 2000
    peak = int(np.argmax(found.candidate))
    assert found.edges[peak] <= 1 <= found.edges[peak + 1]


def test_what_lies_far_out_is_counted_in_the_outermost_bin() -> None:
    found = regression(TRUTH + np.where(np.arange(2000) == 0, 1e9, RNG.normal(size=2000))).residuals
    assert found.edges[-1] < 10
    assert sum(found.candidate) == 2000
    assert found.champion is None


def test_a_perfect_model_has_one_bin_and_no_prediction_at_all_has_none() -> None:
    assert max(regression(TRUTH).residuals.candidate) == 2000
    nothing = regression(np.full(2000, np.nan))
    assert (nothing.residuals, nothing.calibration) == (None, None)


def test_calibration_of_a_regression_is_in_tenths_of_the_rows() -> None:
    found = regression(TRUTH, np.zeros(2000)).calibration
    assert [each.rows for each in found.candidate] == [200] * 10
    assert all(each.predicted == pytest.approx(each.actual) for each in found.candidate)
    (single,) = found.champion
    assert (single.predicted, single.rows) == (0, 2000)
    assert single.actual == pytest.approx(TRUTH.mean())


def test_curve_of_a_classifier_has_the_area_that_scikit_learn_says() -> None:
    truth = CLASSES[IS_YES.astype(int)]
    rounded = scored(SAID_YES.round(1))
    found = distributions_of(answers(Task.CLASSIFICATION, truth, scored(SAID_YES), rounded))
    assert found.roc is not None
    assert found.roc.champion is not None
    for points, scores in ((found.roc.candidate, SAID_YES), (found.roc.champion, SAID_YES.round(1))):
        x, y = zip(*points, strict=True)
        assert len(points) <= 65
        assert (points[0], points[-1]) == ((0, 0), (1, 1))
        area = sklearn_metrics.roc_auc_score(IS_YES, scores)
        assert np.trapezoid(y, x) == pytest.approx(area, abs=0.005)
    assert found.calibration is not None
    assert all(abs(each.predicted - each.actual) < 0.1 for each in found.calibration.candidate)


@pytest.mark.parametrize(
    ("truth", "candidate", "has_roc", "has_calibration"),
    [
        pytest.param(CLASSES[IS_YES.astype(int)], scored(SAID_YES * 3), True, False, id="no probabilities"),
        pytest.param(np.full(2000, "yes"), scored(SAID_YES), False, True, id="one class"),
        pytest.param(
            CLASSES[IS_YES.astype(int)],
            Predictions(labels=CLASSES[IS_YES.astype(int)], positive="yes"),
            False,
            False,
            id="no scores",
        ),
        pytest.param(
            CLASSES[IS_YES.astype(int)], scored(SAID_YES, positive="other"), False, False, id="another class"
        ),
    ],
)
def test_what_is_not_defined_is_not_shown(
    truth: Array, candidate: Predictions, has_roc: bool, has_calibration: bool
) -> None:
    found = distributions_of(answers(Task.CLASSIFICATION, truth, candidate))
    assert (found.roc is not None, found.calibration is not None) == (has_roc, has_calibration)


def test_of_many_classes_the_recall_of_the_most_frequent_is_shown() -> None:
    truth = np.repeat(np.arange(30), np.arange(1, 31))
    right, wrong = Predictions(labels=truth), Predictions(labels=np.zeros_like(truth))
    found = distributions_of(answers(Task.CLASSIFICATION, truth, right, wrong)).classes
    assert [each.name for each in found] == [str(each) for each in range(10, 30)]
    assert {(each.candidate, each.champion) for each in found} == {(1.0, 0.0)}
    alone = distributions_of(answers(Task.CLASSIFICATION, truth, right)).classes
    assert {each.champion for each in alone} == {None}


def test_a_ranking_shows_none() -> None:
    found = distributions_of(answers(Task.RANKING, TRUTH, Predictions(values=TRUTH)))
    assert (found.residuals, found.calibration, found.classes) == (None, None, [])
