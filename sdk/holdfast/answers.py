"""The right answers of a holdout and what both models say to its rows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from holdfast.batches import run_rows
from holdfast.bootstrap import merged
from holdfast.evaluation_metrics import METRICS, Scope, Task
from holdfast.onnx import Session
from holdfast.predictions import Predictions, classifications, comparable, positive_class, quantities
from holdfast.row_arrays import RowsError
from holdfast.rows import Rows

Array = NDArray[Any]
MIN_CLASS_ROWS = 10
"""With fewer rows of a class, an area or a rate of it is not judged: resamples would hardly differ."""


@dataclass(frozen=True)
class Contender:
    """A model under judgement: its session, the size of its package, and its classes where they are known."""

    session: Session
    package_bytes: int
    classes: Sequence[Any] | None = None


@dataclass(frozen=True)
class Answers:
    """The right answers, the predictions of both models, and the group of each row (0 to at most 1,999)."""

    task: Task
    truth: Array
    candidate: Predictions
    champion: Predictions | None
    group: Array

    @classmethod
    def gather(cls, task: Task, holdout: Rows, candidate: Contender, champion: Contender | None) -> Self:
        """Ask both models about every row.

        Raises:
            RowsError: the labels or the outputs do not fit the task.
            ModelError: CheckFailed when a model fails on the holdout.
        """
        truth = _truth(task, holdout)
        group = np.arange(holdout.count) if holdout.group is None else holdout.group
        ours = _predict(task, candidate, holdout, truth)
        theirs = None if champion is None else _predict(task, champion, holdout, truth)
        positive = positive_class(truth, ours.classes) if task == Task.CLASSIFICATION else None
        return cls(
            task,
            truth,
            _completed(ours, positive, holdout),
            None if theirs is None else _completed(theirs, positive, holdout),
            merged(group),
        )

    @property
    def contenders(self) -> list[Predictions]:
        """Return the candidate's predictions and, if there is one, the champion's."""
        return [self.candidate] if self.champion is None else [self.candidate, self.champion]

    @property
    def metrics(self) -> list[str]:
        """Return the names of the task's metrics of rows."""
        return [
            name
            for name, metric in METRICS.items()
            if metric.scope == Scope.ROWS and self.task in metric.tasks
        ]

    def of(self, rows: Array) -> Self:
        """Return the answers to some rows."""
        return replace(
            self,
            truth=self.truth[rows],
            candidate=self.candidate.of(rows),
            champion=None if self.champion is None else self.champion.of(rows),
            group=self.group[rows],
        )

    def rows_of(self, metric: str) -> int:
        """Return how many rows a metric is made of; 0 when one of its classes has too few."""
        of_class = int((self.truth == self.candidate.positive).sum())
        classes = [of_class, len(self.truth) - of_class]
        if metric == "auc":
            return len(self.truth) if min(_class_sizes(self.truth)) >= MIN_CLASS_ROWS else 0
        if metric not in ("truePositiveRate", "falsePositiveRate"):
            return len(self.truth)
        rows = classes[metric == "falsePositiveRate"]
        return rows if rows >= MIN_CLASS_ROWS else 0


def _class_sizes(truth: Array) -> list[int]:
    sizes = np.unique(truth, return_counts=True)[1].tolist()
    return sizes if len(sizes) > 1 else [0]


def _completed(predictions: Predictions, positive: Any, holdout: Rows) -> Predictions:
    return replace(predictions, positive=positive, query=holdout.group)


def _truth(task: Task, holdout: Rows) -> Array:
    label = holdout.label
    if label is None:
        raise RowsError("the holdout has no array 'label': the right answer for each row")
    if task == Task.RANKING and holdout.group is None:
        raise RowsError("a ranking needs an array 'group' in the holdout: which rows are of one query")
    if task == Task.CLASSIFICATION:
        return _classes(comparable(label))
    if label.dtype.kind not in "biuf":
        raise RowsError(f"array 'label' holds {label.dtype}, but a {task.lower()} needs numbers")
    return label.astype(np.float64)


def _classes(label: Array) -> Array:
    if label.dtype.kind == "f":
        raise RowsError(
            "array 'label' holds fractions, but the outputs of the model are classes: "
            "write 0, 1, … or texts, or say what the model is for as 'task' in metadata.json"
        )
    return label


def _predict(task: Task, contender: Contender, holdout: Rows, truth: Array) -> Predictions:
    signature = contender.session.signature
    outputs = run_rows(contender.session, holdout.inputs)
    if task == Task.CLASSIFICATION:
        return classifications(signature, outputs, truth, contender.classes)
    return quantities(signature, outputs)
