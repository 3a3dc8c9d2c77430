"""Judging a candidate against the champion on the same holdout, and how certain each difference is."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast.batches import run_rows
from holdfast.bootstrap import interval, merged
from holdfast.evaluation_metrics import ACCURACY_METRICS, METRICS, Task
from holdfast.onnx import Session
from holdfast.predictions import Predictions, classifications, comparable, quantities, task_of
from holdfast.replicates import replicate
from holdfast.results import MetricComparison
from holdfast.row_arrays import RowsError
from holdfast.rows import Rows
from holdfast.scores import score

LATENCY: Final = "latencyP95Milliseconds"
PACKAGE_BYTES: Final = "packageBytes"
WARM_UP_RUNS: Final = 20
LATENCY_RUNS: Final = 200
MAX_SLICES: Final = 20

Array = NDArray[Any]


@dataclass(frozen=True)
class Contender:
    """A model under judgement: its session, the size of its package, and its classes where they are known."""

    session: Session
    package_bytes: int
    classes: Sequence[Any] | None = None


@dataclass(frozen=True)
class SliceComparison:
    """Metrics of the rows that have one value of a slice column."""

    name: str
    value: str
    rows: int
    metrics: Sequence[MetricComparison]


@dataclass(frozen=True)
class Evaluation:
    """What was found: task, rows and groups of the holdout, metrics overall and (no intervals) by slice."""

    task: Task
    rows: int
    groups: int
    metrics: Sequence[MetricComparison]
    slices: Sequence[SliceComparison] = field(default_factory=tuple)

    def metric(self, name: str) -> MetricComparison | None:
        """Return a metric by name, or None when it was not computed."""
        return next((each for each in self.metrics if each.name == name), None)


@dataclass(frozen=True)
class _Answers:
    """The right answers, the predictions of both models, and the group of each row."""

    truth: Array
    candidate: Predictions
    champion: Predictions | None
    group: Array


def evaluate(
    holdout: Rows, candidate: Contender, champion: Contender | None = None, requested: Collection[str] = ()
) -> Evaluation:
    """Return every metric of the task that is defined here, of candidate and champion on the same rows.

    Intervals are of the regression (how much worse the candidate is), by a paired bootstrap over groups with
    a fixed seed: the same input gives the same answer, except for the measured latency.

    Raises:
        RowsError: the holdout has no labels, a requested metric is unknown, of the other task, or not defined
            for these labels and outputs.
        ModelError: CheckFailed when a model fails on the holdout.
    """
    if holdout.label is None:
        raise RowsError("the holdout has no array 'label': the right answer for each row")
    task = task_of(candidate.session.signature, requested)
    group = np.arange(holdout.count) if holdout.group is None else holdout.group
    groups = int(group.max()) + 1
    truth = _truth(task, holdout.label)
    answers = _Answers(
        truth=truth,
        candidate=_predict(task, candidate, holdout, truth),
        champion=None if champion is None else _predict(task, champion, holdout, truth),
        group=merged(group),
    )
    accuracy = _compare_all(task, answers)
    others = [_latency(holdout, candidate, champion), _package_bytes(candidate, champion)]
    found = [*accuracy, *others]
    _require_found(requested, found)
    return Evaluation(
        task=task,
        rows=holdout.count,
        groups=groups,
        metrics=found,
        slices=_slices(task, holdout, answers),
    )


def _truth(task: Task, label: Array) -> Array:
    if task == Task.CLASSIFICATION:
        return comparable(label)
    if label.dtype.kind not in "biuf":
        raise RowsError(f"array 'label' holds {label.dtype}, but a regression needs numbers")
    return label.astype(np.float64)


def _predict(task: Task, contender: Contender, holdout: Rows, truth: Array) -> Predictions:
    signature = contender.session.signature
    outputs = run_rows(contender.session, holdout.inputs)
    if task == Task.REGRESSION:
        return quantities(signature, outputs)
    return classifications(signature, outputs, truth, contender.classes)


def _compare_all(task: Task, answers: _Answers) -> list[MetricComparison]:
    found = (_compare(name, answers) for name in _accuracy_metrics(task))
    return [each for each in found if each is not None]


def _accuracy_metrics(task: Task) -> list[str]:
    return [name for name, metric in METRICS.items() if name in ACCURACY_METRICS and task in metric.tasks]


def _compare(name: str, answers: _Answers) -> MetricComparison | None:
    points = _points(name, answers)
    if points is None or points.champion is None or answers.champion is None:
        return points
    ours = replicate(name, answers.truth, answers.candidate, answers.group)
    theirs = replicate(name, answers.truth, answers.champion, answers.group)
    worse = ours - theirs if not METRICS[name].higher_is_better else theirs - ours
    bounds = interval(worse, int(answers.group.max()) + 1)
    if bounds is None:
        return points
    return points.model_copy(update={"regression_low": bounds[0], "regression_high": bounds[1]})


def _points(name: str, answers: _Answers) -> MetricComparison | None:
    ours = score(name, answers.truth, answers.candidate)
    if ours is None:
        return None
    theirs = None if answers.champion is None else score(name, answers.truth, answers.champion)
    return _comparison(name, ours, theirs)


def _comparison(name: str, candidate: float, champion: float | None) -> MetricComparison:
    regression = None if champion is None else METRICS[name].regression(champion, candidate)
    return MetricComparison(name=name, champion=champion, candidate=candidate, regression=regression)


def _package_bytes(candidate: Contender, champion: Contender | None) -> MetricComparison:
    return _comparison(
        PACKAGE_BYTES, candidate.package_bytes, None if champion is None else champion.package_bytes
    )


def _latency(holdout: Rows, candidate: Contender, champion: Contender | None) -> MetricComparison:
    """Time one row at a time, the models in turn, so that whatever else the machine does hits both alike."""
    contenders = [candidate] if champion is None else [candidate, champion]
    seconds = np.zeros((WARM_UP_RUNS + LATENCY_RUNS, len(contenders)))
    for run in range(len(seconds)):
        row = {name: values[run % len(values)][np.newaxis] for name, values in holdout.inputs.items()}
        for column, contender in enumerate(contenders):
            begun = time.perf_counter()
            run_rows(contender.session, row)
            seconds[run, column] = time.perf_counter() - begun
    slow = np.quantile(seconds[WARM_UP_RUNS:], 0.95, axis=0) * 1000
    return _comparison(LATENCY, float(slow[0]), None if champion is None else float(slow[1]))


def _require_found(requested: Collection[str], found: Sequence[MetricComparison]) -> None:
    missing = sorted(set(requested) - {each.name for each in found})
    if missing:
        raise RowsError(
            f"metric {missing[0]!r} is not defined here: it needs varied labels and, for auc and "
            "logLoss, scores of known classes"
        )


def _slices(task: Task, holdout: Rows, answers: _Answers) -> list[SliceComparison]:
    return [
        _slice(task, name, value, comparable(values) == value, answers)
        for name, values in holdout.slices.items()
        for value in np.unique(comparable(values))[:MAX_SLICES]
    ]


def _slice(task: Task, name: str, value: Any, chosen: Array, answers: _Answers) -> SliceComparison:
    part = _Answers(
        truth=answers.truth[chosen],
        candidate=_chosen(answers.candidate, chosen),
        champion=None if answers.champion is None else _chosen(answers.champion, chosen),
        group=answers.group[chosen],
    )
    found = (_points(metric, part) for metric in _accuracy_metrics(task))
    metrics = [each for each in found if each is not None]
    return SliceComparison(name=name, value=str(value), rows=int(chosen.sum()), metrics=metrics)


def _chosen(predictions: Predictions, rows: Array) -> Predictions:
    def of(values: Array | None) -> Array | None:
        return None if values is None else values[rows]

    return Predictions(
        values=of(predictions.values),
        labels=of(predictions.labels),
        scores=of(predictions.scores),
        classes=predictions.classes,
    )
