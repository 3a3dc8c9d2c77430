"""Metrics of one model on the holdout by scikit-learn; rates by Fairlearn, imported when needed."""

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from holdfast.predictions import Predictions
from holdfast.ranking_gain import query_gains
from holdfast.replicates import class_numbers, true_class_probability

Array = NDArray[Any]


def score(name: str, truth: Array, predictions: Predictions) -> float | None:
    """Return a metric, or None when these predictions or labels do not define it.

    Undefined are ``auc``, ``logLoss`` and ``brier`` without scores or with labels of an unknown class,
    ``auc`` with a single class, ``logLoss`` and ``brier`` of scores that are no probabilities, and rates
    where there are not two classes, or no rows of the class that they are shares of.
    """
    with warnings.catch_warnings():
        # It warns where it answers NaN, which becomes None here, and of classes that nobody has.
        warnings.simplefilter("ignore")
        value = _SCORES[name](truth, predictions)
    return value if value is not None and math.isfinite(value) else None


def _mae(truth: Array, predictions: Predictions) -> float | None:
    return float(sklearn_metrics.mean_absolute_error(truth, predictions.values))


def _rmse(truth: Array, predictions: Predictions) -> float | None:
    return float(sklearn_metrics.root_mean_squared_error(truth, predictions.values))


def _r2(truth: Array, predictions: Predictions) -> float | None:
    return float(sklearn_metrics.r2_score(truth, predictions.values, force_finite=False))


def _accuracy(truth: Array, predictions: Predictions) -> float | None:
    return float(sklearn_metrics.accuracy_score(truth, predictions.labels))


def _balanced_accuracy(truth: Array, predictions: Predictions) -> float | None:
    return float(sklearn_metrics.balanced_accuracy_score(truth, predictions.labels))


def _f1(truth: Array, predictions: Predictions) -> float | None:
    return float(sklearn_metrics.f1_score(truth, predictions.labels, average="macro"))


def _auc(truth: Array, predictions: Predictions) -> float | None:
    if not _scores_cover(truth, predictions):
        return None
    scores, classes = np.asarray(predictions.scores), np.asarray(predictions.classes)
    if len(classes) == 2:
        return float(sklearn_metrics.roc_auc_score(truth == classes[1], scores[:, 1]))
    one_hot = truth[:, np.newaxis] == classes[np.newaxis, :]
    return float(sklearn_metrics.roc_auc_score(one_hot, scores, average="macro"))


def _log_loss(truth: Array, predictions: Predictions) -> float | None:
    if not _scores_cover(truth, predictions) or not predictions.probabilities:
        return None
    chosen = true_class_probability(truth, predictions)
    both = np.column_stack([1 - chosen, chosen])
    return float(sklearn_metrics.log_loss(np.ones(len(truth)), both, labels=[0, 1]))


def _brier(truth: Array, predictions: Predictions) -> float | None:
    if not _scores_cover(truth, predictions) or not predictions.probabilities:
        return None
    scores, classes = np.asarray(predictions.scores), np.asarray(predictions.classes)
    shares = scores / scores.sum(axis=1, keepdims=True)
    if len(classes) == 2:
        return float(sklearn_metrics.brier_score_loss(truth == classes[1], shares[:, 1]))
    numbers = class_numbers(truth, classes)
    loss = sklearn_metrics.brier_score_loss(
        numbers, shares, labels=np.arange(len(classes)), scale_by_half=True
    )
    return float(loss)


def _ndcg(truth: Array, predictions: Predictions) -> float | None:
    # scikit-learn takes one query at a time, or queries of equal length; a test holds the two together.
    gains, counted = query_gains(
        truth.astype(np.float64), np.asarray(predictions.values), np.asarray(predictions.query)
    )
    return float(gains.sum() / counted.sum()) if counted.any() else None


def _selection_rate(truth: Array, predictions: Predictions) -> float | None:
    return _rate("selection_rate", truth, predictions, among=np.ones(len(truth), dtype=bool))


def _true_positive_rate(truth: Array, predictions: Predictions) -> float | None:
    return _rate("true_positive_rate", truth, predictions, among=truth == predictions.positive)


def _false_positive_rate(truth: Array, predictions: Predictions) -> float | None:
    return _rate("false_positive_rate", truth, predictions, among=truth != predictions.positive)


def _rate(name: str, truth: Array, predictions: Predictions, among: Array) -> float | None:
    if predictions.positive is None or not among.any():
        return None
    import fairlearn.metrics

    is_of, said = truth == predictions.positive, np.asarray(predictions.labels) == predictions.positive
    return float(getattr(fairlearn.metrics, name)(is_of.astype(int), said.astype(int), pos_label=1))


def _scores_cover(truth: Array, predictions: Predictions) -> bool:
    return predictions.classes is not None and bool(np.isin(truth, predictions.classes).all())


_SCORES: Final[Mapping[str, Callable[[Array, Predictions], float | None]]] = {
    "mae": _mae,
    "rmse": _rmse,
    "r2": _r2,
    "accuracy": _accuracy,
    "balancedAccuracy": _balanced_accuracy,
    "f1": _f1,
    "auc": _auc,
    "logLoss": _log_loss,
    "brier": _brier,
    "ndcgAt10": _ndcg,
    "selectionRate": _selection_rate,
    "truePositiveRate": _true_positive_rate,
    "falsePositiveRate": _false_positive_rate,
}
