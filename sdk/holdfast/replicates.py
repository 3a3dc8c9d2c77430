"""Metrics of many bootstrap resamples at once, from sums over groups where a metric is made of sums. Pure.

A test holds each against scikit-learn; computing them there, one resample at a time, would take minutes.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from holdfast.bootstrap import RESAMPLES, group_weights
from holdfast.predictions import Predictions
from holdfast.ranking_gain import query_gains
from holdfast.score_curve import curve_areas

Array = NDArray[Any]
Floats = NDArray[np.float64]
Term: TypeAlias = tuple[int | Array, Array]
"""What every row adds (its value) to which sum (a number for all rows, or one for each)."""

_MAX_SUMS: Final = 4096
"""Sums of each group that are held at once: 65 MB."""


@dataclass(frozen=True)
class Sums:
    """A metric made of sums: the terms of each row, and the metric from sums [..., sums]."""

    terms: Callable[[Array, Predictions], Sequence[Term]]
    metric: Callable[[Floats], Floats]


@dataclass(frozen=True)
class Parts:
    """Rows in ``count`` parts: ``of`` has the part of each row, or -1 for none."""

    of: NDArray[np.int64]
    count: int

    @classmethod
    def whole(cls, rows: int) -> "Parts":
        """Return all rows as one part."""
        return cls(np.zeros(rows, dtype=np.int64), 1)


def replicate(
    name: str, truth: Array, predictions: Predictions, group: Array, parts: Parts | None = None
) -> Floats:
    """Return the metric of every part in every resample [parts, resamples], NaN where it is undefined.

    ``group`` numbers the group of each row, from 0; resamples are in the order of ``group_weights``.
    """
    parts = parts or Parts.whole(len(truth))
    weights = group_weights(int(group.max()) + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        if name == "auc":
            return _areas(truth, predictions, group, parts, weights)
        kind = SUMS[name]
        return _of_sums(kind, kind.terms(truth, predictions), group, parts, weights)


def _of_sums(kind: Sums, terms: Sequence[Term], group: Array, parts: Parts, weights: Floats) -> Floats:
    width = 1 + max(int(np.max(column)) for column, _ in terms)
    step = max(1, _MAX_SUMS // width)
    found = np.empty((parts.count, len(weights)))
    for start in range(0, parts.count, step):
        count = min(step, parts.count - start)
        sums = _sums(terms, group, Parts(parts.of - start, count), (weights.shape[1], width))
        drawn = (weights @ sums).reshape(len(weights), count, width)
        found[start : start + count] = kind.metric(drawn).T
    return found


def _sums(terms: Sequence[Term], group: Array, parts: Parts, shape: tuple[int, int]) -> Floats:
    """Return the sums of each group [groups, parts * width]."""
    groups, width = shape
    inside = (parts.of >= 0) & (parts.of < parts.count)
    cell = (group[inside] * parts.count + parts.of[inside]) * width
    total = np.zeros(groups * parts.count * width)
    for column, values in terms:
        offset = column if isinstance(column, int) else column[inside]
        total += np.bincount(cell + offset, weights=values[inside], minlength=len(total))
    return total.reshape(groups, parts.count * width)


def _areas(truth: Array, predictions: Predictions, group: Array, parts: Parts, weights: Floats) -> Floats:
    """Return the AUC of the second of two classes, or the mean over classes of each against the rest."""
    scores, classes = np.asarray(predictions.scores), np.asarray(predictions.classes)
    columns = range(len(classes)) if len(classes) > 2 else range(1, 2)
    found = np.empty((parts.count, RESAMPLES))
    for part in range(parts.count):
        rows = parts.of == part
        found[part] = np.mean(
            [
                curve_areas(scores[rows, each], truth[rows] == classes[each], group[rows], weights)
                for each in columns
            ],
            axis=0,
        )
    return found


def _columns(*values: Array) -> list[Term]:
    return [(column, each.astype(np.float64)) for column, each in enumerate(values)]


def _mean_of(values: Array) -> list[Term]:
    return _columns(values, np.ones(len(values)))


def _errors(truth: Array, predictions: Predictions) -> Floats:
    return np.asarray(predictions.values) - truth.astype(np.float64)


def _mae_terms(truth: Array, predictions: Predictions) -> list[Term]:
    return _mean_of(np.abs(_errors(truth, predictions)))


def _rmse_terms(truth: Array, predictions: Predictions) -> list[Term]:
    return _mean_of(_errors(truth, predictions) ** 2)


def _r2_terms(truth: Array, predictions: Predictions) -> list[Term]:
    # Centred first: the variance as a difference of large sums would lose its digits.
    centred = truth.astype(np.float64) - truth.mean()
    return _columns(_errors(truth, predictions) ** 2, centred, centred**2, np.ones(len(truth)))


def _r2(sums: Floats) -> Floats:
    squares = sums[..., 2] - sums[..., 1] ** 2 / sums[..., 3]
    return np.asarray(1 - sums[..., 0] / np.where(squares > 0, squares, np.nan))


def _ndcg_terms(truth: Array, predictions: Predictions) -> list[Term]:
    gains, counted = query_gains(
        truth.astype(np.float64), np.asarray(predictions.values), np.asarray(predictions.query)
    )
    return _columns(gains, counted)


def _accuracy_terms(truth: Array, predictions: Predictions) -> list[Term]:
    return _mean_of(np.equal(np.asarray(predictions.labels), truth))


def _log_loss_terms(truth: Array, predictions: Predictions) -> list[Term]:
    return _mean_of(-np.log(true_class_probability(truth, predictions)))


def true_class_probability(truth: Array, predictions: Predictions) -> Floats:
    """Return the probability that was given to the right class of each row, clipped away from 0 as usual."""
    scores = np.asarray(predictions.scores)
    right = class_numbers(truth, np.asarray(predictions.classes))
    chosen = scores[np.arange(len(scores)), right] / scores.sum(axis=1)
    epsilon = np.finfo(np.float64).eps
    return np.asarray(np.clip(chosen, epsilon, 1 - epsilon))


def class_numbers(labels: Array, classes: Array) -> NDArray[np.int64]:
    """Return where each label is among the classes, all of which have to be there."""
    order = np.argsort(classes)
    return np.asarray(order[np.searchsorted(classes, labels, sorter=order)])


def _brier_terms(truth: Array, predictions: Predictions) -> list[Term]:
    scores = np.asarray(predictions.scores)
    shares = scores / scores.sum(axis=1, keepdims=True)
    right = class_numbers(truth, np.asarray(predictions.classes))
    hit = shares[np.arange(len(shares)), right]
    return _mean_of(((shares**2).sum(axis=1) - 2 * hit + 1) / 2)


def _class_terms(truth: Array, predictions: Predictions) -> list[Term]:
    """Return, for each class, whether a row is of it and found, is of it, and is said to be of it."""
    labels = np.asarray(predictions.labels)
    classes = np.unique(np.concatenate([truth, labels]))
    true, said = class_numbers(truth, classes), class_numbers(labels, classes)
    one = np.ones(len(truth))
    nothing = (3 * len(classes) - 1, np.zeros(len(truth)))
    return [
        (3 * true, (true == said).astype(np.float64)),
        (3 * true + 1, one),
        (3 * said + 2, one),
        nothing,
    ]


def _balanced_accuracy(sums: Floats) -> Floats:
    return _mean_of_defined(sums[..., 0::3] / sums[..., 1::3])


def _f1(sums: Floats) -> Floats:
    return _mean_of_defined(2 * sums[..., 0::3] / (sums[..., 1::3] + sums[..., 2::3]))


def _mean_of_defined(values: Floats) -> Floats:
    defined = np.isfinite(values)
    return np.asarray(np.where(defined, values, 0).sum(axis=-1) / defined.sum(axis=-1))


def _selection_terms(truth: Array, predictions: Predictions) -> list[Term]:  # noqa: ARG001 - one signature
    return _mean_of(np.asarray(predictions.labels) == predictions.positive)


def _true_positive_terms(truth: Array, predictions: Predictions) -> list[Term]:
    positive = truth == predictions.positive
    return _columns(positive & (np.asarray(predictions.labels) == predictions.positive), positive)


def _false_positive_terms(truth: Array, predictions: Predictions) -> list[Term]:
    negative = truth != predictions.positive
    return _columns(negative & (np.asarray(predictions.labels) == predictions.positive), negative)


def _mean(sums: Floats) -> Floats:
    return np.asarray(sums[..., 0] / sums[..., 1])


def _root_mean(sums: Floats) -> Floats:
    return np.sqrt(_mean(sums))


SUMS: Final[Mapping[str, Sums]] = {
    "mae": Sums(_mae_terms, _mean),
    "rmse": Sums(_rmse_terms, _root_mean),
    "r2": Sums(_r2_terms, _r2),
    "ndcgAt10": Sums(_ndcg_terms, _mean),
    "accuracy": Sums(_accuracy_terms, _mean),
    "balancedAccuracy": Sums(_class_terms, _balanced_accuracy),
    "f1": Sums(_class_terms, _f1),
    "logLoss": Sums(_log_loss_terms, _mean),
    "brier": Sums(_brier_terms, _mean),
    "selectionRate": Sums(_selection_terms, _mean),
    "truePositiveRate": Sums(_true_positive_terms, _mean),
    "falsePositiveRate": Sums(_false_positive_terms, _mean),
}
"""Metrics made of sums, by name."""
