"""Metrics of one model on the holdout, by scikit-learn."""

import math
import warnings
from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics as sklearn_metrics

from holdfast.predictions import Predictions
from holdfast.replicates import true_class_probability

Array = NDArray[Any]


def score(name: str, truth: Array, predictions: Predictions) -> float | None:
    """Return a metric, or None when these predictions or labels do not define it.

    Undefined are ``auc`` and ``logLoss`` without scores or with labels of an unknown class, ``auc`` with a
    single class, and ``logLoss`` of scores that are no probabilities.
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
}
