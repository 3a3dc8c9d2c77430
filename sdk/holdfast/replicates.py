"""Metrics of many bootstrap resamples at once, from sums over groups where a metric is made of sums. Pure.

A test holds each against scikit-learn; computing them there, one resample at a time, would take minutes.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast.bootstrap import group_weights
from holdfast.predictions import Predictions

Array = NDArray[Any]
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Sums:
    """A metric made of sums: what each row contributes [rows, k], and the metric from sums [resamples, k]."""

    rows: Callable[[Array, Predictions], Floats]
    metric: Callable[[Floats], Floats]


def replicate(name: str, truth: Array, predictions: Predictions, group: Array) -> Floats:
    """Return the metric of every resample, in the order of ``group_weights``; NaN where it is undefined.

    ``group`` numbers the group of each row, from 0.
    """
    groups = int(group.max()) + 1
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "auc":
            return _auc(truth, predictions, group, groups)
        kind = SUMS[name]
        contributions = kind.rows(truth, predictions)
        sums = np.zeros((groups, contributions.shape[1]))
        np.add.at(sums, group, contributions)
        batches = [kind.metric(weights @ sums) for weights in group_weights(groups)]
    return np.concatenate(batches)


def _errors(truth: Array, predictions: Predictions) -> Floats:
    return np.asarray(predictions.values) - truth.astype(np.float64)


def _mae_rows(truth: Array, predictions: Predictions) -> Floats:
    return _with_ones(np.abs(_errors(truth, predictions)))


def _rmse_rows(truth: Array, predictions: Predictions) -> Floats:
    return _with_ones(_errors(truth, predictions) ** 2)


def _r2_rows(truth: Array, predictions: Predictions) -> Floats:
    # Centred first: the variance as a difference of large sums would lose its digits.
    centred = truth.astype(np.float64) - truth.mean()
    return _with_ones(_errors(truth, predictions) ** 2, centred, centred**2)


def _r2(sums: Floats) -> Floats:
    squares = sums[:, 2] - sums[:, 1] ** 2 / sums[:, 3]
    return 1 - sums[:, 0] / np.where(squares > 0, squares, np.nan)


def _accuracy_rows(truth: Array, predictions: Predictions) -> Floats:
    return _with_ones(np.equal(np.asarray(predictions.labels), truth).astype(np.float64))


def _log_loss_rows(truth: Array, predictions: Predictions) -> Floats:
    return _with_ones(-np.log(true_class_probability(truth, predictions)))


def true_class_probability(truth: Array, predictions: Predictions) -> Floats:
    """Return the probability that was given to the right class of each row, clipped away from 0 as usual."""
    scores, classes = np.asarray(predictions.scores), np.asarray(predictions.classes)
    right = truth[:, np.newaxis] == classes[np.newaxis, :]
    chosen = np.where(right, scores, 0).sum(axis=1) / scores.sum(axis=1)
    epsilon = np.finfo(np.float64).eps
    return np.asarray(np.clip(chosen, epsilon, 1 - epsilon))


def _class_rows(truth: Array, predictions: Predictions) -> Floats:
    """Return, for each class, whether a row is of it and found, is of it, and is said to be of it."""
    labels = np.asarray(predictions.labels)
    classes = np.unique(np.concatenate([truth, labels]))[np.newaxis, :]
    is_of, said = truth[:, np.newaxis] == classes, labels[:, np.newaxis] == classes
    return np.hstack([is_of & said, is_of, said]).astype(np.float64)


def _balanced_accuracy(sums: Floats) -> Floats:
    found, of, _ = np.split(sums, 3, axis=1)
    return _mean_of_defined(found / of)


def _f1(sums: Floats) -> Floats:
    found, of, said = np.split(sums, 3, axis=1)
    return _mean_of_defined(2 * found / (of + said))


def _mean_of_defined(values: Floats) -> Floats:
    defined = np.isfinite(values)
    return np.asarray(np.where(defined, values, 0).sum(axis=1) / defined.sum(axis=1))


def _mean(sums: Floats) -> Floats:
    return sums[:, 0] / sums[:, 1]


def _root_mean(sums: Floats) -> Floats:
    return np.sqrt(sums[:, 0] / sums[:, 1])


def _with_ones(*columns: Floats) -> Floats:
    return np.column_stack([*columns, np.ones(len(columns[0]))])


def _auc(truth: Array, predictions: Predictions, group: Array, groups: int) -> Floats:
    """Return the AUC of the second of two classes, or the mean over classes of each against the rest."""
    scores, classes = np.asarray(predictions.scores), np.asarray(predictions.classes)
    columns = range(len(classes)) if len(classes) > 2 else range(1, 2)
    curves = [_Curve.of(scores[:, each], truth == classes[each], group) for each in columns]
    cells = 3 * len(truth) // groups + 1
    return np.concatenate(
        [
            np.mean([curve.areas(weights) for curve in curves], axis=0)
            for weights in group_weights(groups, row_cells=cells)
        ]
    )


@dataclass(frozen=True)
class _Curve:
    """Rows sorted by score: their groups, whether positive, and where each distinct score begins."""

    group: Array
    positive: Floats
    starts: Array

    @classmethod
    def of(cls, scores: Floats, positive: Array, group: Array) -> "_Curve":
        order = np.argsort(scores, kind="stable")
        ranked = scores[order]
        starts = np.flatnonzero(np.concatenate([[True], ranked[1:] != ranked[:-1]]))
        return cls(group[order], positive[order].astype(np.float64), starts)

    def areas(self, weights: Floats) -> Floats:
        """Return the chance that a positive row outscores a negative one, ties half, per resample."""
        drawn = weights[:, self.group]
        positive = np.add.reduceat(drawn * self.positive, self.starts, axis=1)
        negative = np.add.reduceat(drawn * (1 - self.positive), self.starts, axis=1)
        below = np.cumsum(negative, axis=1) - negative
        pairs = positive.sum(axis=1) * negative.sum(axis=1)
        return np.asarray((positive * (below + negative / 2)).sum(axis=1) / pairs)


SUMS: Final[Mapping[str, Sums]] = {
    "mae": Sums(_mae_rows, _mean),
    "rmse": Sums(_rmse_rows, _root_mean),
    "r2": Sums(_r2_rows, _r2),
    "accuracy": Sums(_accuracy_rows, _mean),
    "balancedAccuracy": Sums(_class_rows, _balanced_accuracy),
    "f1": Sums(_class_rows, _f1),
    "logLoss": Sums(_log_loss_rows, _mean),
}
"""Metrics made of sums, by name."""
