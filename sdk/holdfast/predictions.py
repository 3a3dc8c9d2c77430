"""What a model's output tensors say: quantities, or classes with probabilities. Pure."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from holdfast.evaluation_metrics import METRICS, Task
from holdfast.results import TensorSignature
from holdfast.row_arrays import RowsError
from holdfast.signature import DTYPES, Signature

Array = NDArray[Any]
_CERTAINTY = 1e-3


@dataclass(frozen=True)
class Predictions:
    """Predictions for rows: ``values`` of a regression, or class ``labels`` and ``scores`` [rows, classes].

    ``classes`` names the columns of ``scores``; both are None when the model gives no scores or their classes
    are not known. ``probabilities`` tells whether the scores of every row are at least 0 and add up to 1.
    ``positive`` is the class that rates are of, where there are two; ``query`` says which rows a ranking
    orders.
    """

    values: NDArray[np.float64] | None = None
    labels: Array | None = None
    scores: NDArray[np.float64] | None = None
    classes: Array | None = None
    positive: Any = None
    query: NDArray[np.int64] | None = None

    @property
    def probabilities(self) -> bool:
        """Whether scores are probabilities."""
        if self.scores is None:
            return False
        total = self.scores.sum(axis=1)
        return bool((self.scores >= 0).all() and (np.abs(total - 1) < _CERTAINTY).all())

    def of(self, rows: Array) -> Self:
        """Return the predictions of some rows."""

        def chosen(values: Array | None) -> Array | None:
            return None if values is None else values[rows]

        return replace(
            self,
            values=chosen(self.values),
            labels=chosen(self.labels),
            scores=chosen(self.scores),
            query=chosen(self.query),
        )


def task_of(signature: Signature, requested: Collection[str], declared: object = None) -> Task:
    """Return what a model is for: as the requested metrics say, else as declared, else by its outputs.

    ``declared`` is ``task`` in the metadata.json of the trainer: a ranking looks like a regression, and the
    class numbers of a classifier without scores may look like quantities.

    Raises:
        RowsError: there is no such task or metric, or the metrics are of different tasks, or of another one
            than declared.
    """
    unknown = sorted(set(requested) - set(METRICS))
    if unknown:
        raise RowsError(f"there is no metric {unknown[0]!r}; there are {', '.join(METRICS)}")
    tasks = [task for task in Task if all(task in METRICS[name].tasks for name in requested)]
    if not tasks:
        raise RowsError(f"metrics {', '.join(sorted(requested))} are not all for the same task")
    if declared is not None:
        return _declared(declared, tasks)
    if len(tasks) == 1:
        return tasks[0]
    outputs = signature.outputs
    classes = any(is_label(each) for each in outputs) or any(is_score_table(each) for each in outputs)
    return Task.CLASSIFICATION if classes else Task.REGRESSION


def _declared(declared: object, tasks: Sequence[Task]) -> Task:
    task = next((each for each in Task if each == declared), None)
    if task is None:
        raise RowsError(f"metadata.json has task {declared!r}; there are {', '.join(Task)}")
    if task not in tasks:
        raise RowsError(
            f"metadata.json says task {task}, but the gate asks for metrics of {', '.join(tasks)}"
        )
    return task


def positive_class(truth: Array, classes: Array | None) -> Any:
    """Return the second of two classes, which rates are of; None when there are not two."""
    known = np.unique(truth) if classes is None else classes
    return known[1] if len(known) == 2 else None


def is_label(tensor: TensorSignature) -> bool:
    """Return whether an output is a class per row."""
    return DTYPES[tensor.datatype].kind in "Oiub" and tensor.datatype != "BF16" and _is_column(tensor)


def _is_column(tensor: TensorSignature) -> bool:
    return len(tensor.shape) == 1 or (len(tensor.shape) == 2 and tensor.shape[1] == 1)


def _is_score(tensor: TensorSignature) -> bool:
    return DTYPES[tensor.datatype].kind == "f" and len(tensor.shape) in (1, 2)


def is_single_number(tensor: TensorSignature) -> bool:
    """Return whether an output is a floating-point number per row."""
    return _is_score(tensor) and _is_column(tensor)


def is_score_table(tensor: TensorSignature) -> bool:
    """Return whether an output is a row of scores, one for each class."""
    return _is_score(tensor) and len(tensor.shape) == 2 and tensor.shape[1] != 1


def quantities(signature: Signature, outputs: Mapping[str, Array]) -> Predictions:
    """Return the predictions of a regression: its first output with one number per row.

    Raises:
        RowsError: there is none.
    """
    for tensor in signature.outputs:
        values = outputs[tensor.name]
        single = values.ndim == 1 or (values.ndim == 2 and values.shape[1] == 1)
        if single and values.dtype.kind in "fiu":
            return Predictions(values=values.reshape(-1).astype(np.float64))
    raise RowsError("no output of the model has one number per row, as a regression needs")


def classifications(
    signature: Signature, outputs: Mapping[str, Array], truth: Array, classes: Sequence[Any] | None = None
) -> Predictions:
    """Return the predictions of a classifier: class labels, and scores when they can be told apart.

    Scores of shape [rows, k] are one per class; of shape [rows] or [rows, 1] they are for the second of two
    classes. Their classes are ``classes`` (in a package: ``classes`` in metadata.json), else 0 … k-1 for
    whole-number labels below k, else the sorted labels when there are k of them.

    Raises:
        RowsError: there is neither a label nor a score output.
    """
    label = next((outputs[each.name] for each in signature.outputs if is_label(each)), None)
    given = next((outputs[each.name] for each in signature.outputs if _is_score(each)), None)
    labels = None if label is None else comparable(label.reshape(-1))
    if given is None:
        if labels is None:
            raise RowsError("no output of the model has a class or scores of classes")
        return Predictions(labels=labels)
    scores = _per_class(given.astype(np.float64))
    seen = truth if labels is None else np.concatenate([truth, labels])
    known = _classes(scores.shape[1], seen, classes)
    if known is None:
        return _without_classes(labels, scores.shape[1])
    best = known[scores.argmax(axis=1)] if labels is None else labels
    return Predictions(labels=best, scores=scores, classes=known)


def _without_classes(labels: Array | None, columns: int) -> Predictions:
    if labels is None:
        raise RowsError(
            f"the model scores {columns} classes, but the holdout's labels do not say which: "
            "give them in order as 'classes' in metadata.json"
        )
    return Predictions(labels=labels)


def _per_class(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    if scores.ndim == 2 and scores.shape[1] > 1:
        return scores
    second = scores.reshape(-1)
    return np.column_stack([1 - second, second])


def _classes(count: int, seen: Array, given: Sequence[Any] | None) -> Array | None:
    if given is not None:
        named = comparable(np.asarray(list(given)))
        return named if len(named) == count else None
    distinct = np.unique(seen)
    if distinct.dtype.kind in "biu" and int(distinct[0]) >= 0 and int(distinct[-1]) < count:
        return np.arange(count)
    return distinct if len(distinct) == count else None


def comparable(labels: Array) -> Array:
    """Return labels as texts or as numbers, whole ones as int64, so that equal classes are equal."""
    if labels.dtype.kind in "OSU":
        texts = [
            each.decode(errors="replace") if isinstance(each, bytes) else str(each)
            for each in labels.tolist()
        ]
        return np.array(texts, dtype=np.str_)
    numbers = labels.astype(np.float64)
    with np.errstate(invalid="ignore"):
        whole = numbers.astype(np.int64)
    return whole if np.array_equal(whole, numbers) else numbers
