"""How the predictions of champion and candidate are distributed, in a few hundred numbers. Pure."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast.answers import Answers
from holdfast.evaluation_metrics import Task
from holdfast.predictions import Predictions
from holdfast.report.document import Calibration, ClassRecall, Curve, Distributions, Histogram, Point

BINS: Final = 30
TENTHS: Final = 10
CURVE_POINTS: Final = 65
MAX_CLASSES: Final = 20
_TAIL: Final = 0.005
"""Of the errors of either model, so much at both ends is counted in the outermost bins."""

Array = NDArray[Any]
Floats = NDArray[np.float64]


def distributions_of(answers: Answers) -> Distributions:
    """Return what the task has to show: errors, calibration, ROC curves, or the recall of each class."""
    if answers.task == Task.REGRESSION:
        return Distributions(residuals=_residuals(answers), calibration=_calibration(answers))
    if answers.task == Task.CLASSIFICATION:
        if answers.candidate.positive is None:
            return Distributions(classes=_recalls(answers))
        return Distributions(calibration=_calibration(answers), roc=_curves(answers))
    return Distributions()


def _residuals(answers: Answers) -> Histogram | None:
    errors = [np.asarray(each.values) - answers.truth.astype(np.float64) for each in answers.contenders]
    both = np.concatenate(errors)
    both = both[np.isfinite(both)]
    if len(both) == 0:
        return None
    low, high = (float(each) for each in np.quantile(both, [_TAIL, 1 - _TAIL]))
    if high <= low:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BINS + 1)
    counts = [_counts(each, edges) for each in errors]
    return Histogram(
        edges=edges.tolist(), candidate=counts[0], champion=counts[1] if len(counts) > 1 else None
    )


def _counts(errors: Floats, edges: Floats) -> list[int]:
    inside = np.clip(errors[np.isfinite(errors)], edges[0], edges[-1])
    return [int(count) for count in np.histogram(inside, edges)[0]]


def _calibration(answers: Answers) -> Calibration | None:
    truth = _truth(answers)
    found = [
        _points(predicted, truth) for each in answers.contenders if (predicted := _quantity(each)) is not None
    ]
    if not found or not found[0]:
        return None
    return Calibration(candidate=found[0], champion=found[1] if len(found) > 1 else None)


def _truth(answers: Answers) -> Floats:
    positive = answers.candidate.positive
    is_regression = answers.task == Task.REGRESSION
    return (answers.truth if is_regression else answers.truth == positive).astype(np.float64)


def _quantity(predictions: Predictions) -> Floats | None:
    """Return the values of a regression, or the probabilities of the positive class where there are some."""
    if predictions.values is not None:
        return predictions.values
    return _score(predictions) if predictions.probabilities else None


def _score(predictions: Predictions) -> Floats | None:
    if predictions.scores is None or predictions.classes is None:
        return None
    column = np.flatnonzero(predictions.classes == predictions.positive)
    return np.asarray(predictions.scores[:, column[0]]) if len(column) else None


def _points(predicted: Floats, truth: Floats) -> list[Point]:
    finite = np.isfinite(predicted)
    predicted, truth = predicted[finite], truth[finite]
    if len(predicted) == 0:
        return []
    edges = np.unique(np.quantile(predicted, np.linspace(0, 1, TENTHS + 1)[1:-1]))
    part = np.searchsorted(edges, predicted, side="right")
    chosen = [part == each for each in np.unique(part)]
    return [
        Point(predicted=float(predicted[rows].mean()), actual=float(truth[rows].mean()), rows=int(rows.sum()))
        for rows in chosen
    ]


def _curves(answers: Answers) -> Curve | None:
    truth = _truth(answers).astype(bool)
    if truth.all() or not truth.any():
        return None
    found = [_curve(scores, truth) for each in answers.contenders if (scores := _score(each)) is not None]
    if not found:
        return None
    return Curve(candidate=found[0], champion=found[1] if len(found) > 1 else None)


def _curve(scores: Floats, positive: Array) -> list[tuple[float, float]]:
    """Return points of the ROC curve, evenly spread along its length."""
    order = np.argsort(-scores, kind="stable")
    last_of_its_score = np.append(np.diff(scores[order]) != 0, True)
    hits = np.append(0, np.cumsum(positive[order])[last_of_its_score]) / positive.sum()
    misses = np.append(0, np.cumsum(~positive[order])[last_of_its_score]) / (~positive).sum()
    length = np.append(0, np.cumsum(np.diff(hits) + np.diff(misses)))
    at = np.linspace(0, 2, min(CURVE_POINTS, len(length)))
    x, y = np.interp(at, length, misses), np.interp(at, length, hits)
    return [(round(float(a), 4), round(float(b), 4)) for a, b in zip(x, y, strict=True)]


def _recalls(answers: Answers) -> list[ClassRecall]:
    classes, rows = np.unique(answers.truth, return_counts=True)
    chosen = np.sort(np.argsort(-rows, kind="stable")[:MAX_CLASSES])
    return [_recall(answers, classes[each]) for each in chosen]


def _recall(answers: Answers, class_: Any) -> ClassRecall:
    of_class = answers.truth == class_
    shares = [float((np.asarray(each.labels)[of_class] == class_).mean()) for each in answers.contenders]
    return ClassRecall(
        name=str(class_)[:512],
        rows=int(of_class.sum()),
        candidate=shares[0],
        champion=shares[1] if len(shares) > 1 else None,
    )
