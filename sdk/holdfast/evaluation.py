"""Judging a candidate against the champion on the same holdout, and how certain each difference is."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast.answers import Answers, Contender
from holdfast.batches import run_rows
from holdfast.bootstrap import interval
from holdfast.evaluation_metrics import METRICS, Task
from holdfast.gaps import GapComparison, compare_gap
from holdfast.gate_terms import CheckTerms, GateTerms
from holdfast.predictions import task_of
from holdfast.replicates import replicate
from holdfast.results import MetricComparison
from holdfast.row_arrays import RowsError
from holdfast.rows import Rows
from holdfast.scores import score
from holdfast.slices import MAX_SLICE_COLUMNS, ColumnFigures, SliceColumn, SliceComparison

LATENCY: Final = "latencyP95Milliseconds"
PACKAGE_BYTES: Final = "packageBytes"
WARM_UP_RUNS: Final = 20
LATENCY_RUNS: Final = 200
_COSTLY: Final = frozenset({"auc"})
"""Metrics whose intervals by slice take seconds: only where the gate asks for them."""

Array = NDArray[Any]

__all__ = ["Contender", "Evaluation", "SliceComparison", "evaluate"]


@dataclass(frozen=True)
class Evaluation:
    """What was found: task, rows and groups of the holdout, metrics overall and by slice, gaps of slices.

    ``columns_left_out`` names slice columns beyond the first eight that no check asks for.
    """

    task: Task
    rows: int
    groups: int
    metrics: Sequence[MetricComparison]
    slices: Sequence[SliceComparison] = ()
    gaps: Sequence[GapComparison] = ()
    columns_left_out: Sequence[str] = ()
    answers: Answers | None = field(default=None, compare=False, repr=False)

    def metric(self, name: str) -> MetricComparison | None:
        """Return a metric by name, or None when it was not computed."""
        return next((each for each in self.metrics if each.name == name), None)


def evaluate(
    holdout: Rows,
    candidate: Contender,
    champion: Contender | None = None,
    gate: GateTerms | None = None,
    declared_task: object = None,
) -> Evaluation:
    """Return every metric of the task that is defined here, of candidate and champion on the same rows.

    Intervals are of the regression (how much worse the candidate is), by a paired bootstrap over groups with
    a fixed seed: the same input gives the same answer, except for the measured latency.

    Raises:
        RowsError: the holdout has no labels, or not the slice columns that the gate asks for; a requested
            metric is unknown, of another task, or not defined for these labels and outputs.
        ModelError: CheckFailed when a model fails on the holdout.
    """
    gate = gate or GateTerms()
    task = task_of(candidate.session.signature, gate.metrics, declared_task)
    wanted, left_out = _columns(gate.checks, holdout)
    answers = Answers.gather(task, holdout, candidate, champion)
    accuracy = [_compare(name, answers) for name in answers.metrics]
    found = [
        *(each for each in accuracy if each is not None),
        _latency(holdout, candidate, champion),
        _package_bytes(candidate, champion),
    ]
    _require_found([rate for check in gate.checks for rate in check.rates], found)
    figures = {
        name: ColumnFigures(SliceColumn.of(name, holdout.slices[name], values), answers)
        for name, values in wanted.items()
    }
    slices, gaps = _slices(gate, figures)
    return Evaluation(
        task=task,
        rows=holdout.count,
        groups=holdout.count if holdout.group is None else int(holdout.group.max()) + 1,
        metrics=found,
        slices=slices,
        gaps=gaps,
        columns_left_out=left_out,
        answers=answers,
    )


def _columns(checks: Sequence[CheckTerms], holdout: Rows) -> tuple[dict[str, list[str]], list[str]]:
    """Return the slice columns with the values that checks name, and the columns there is no time for."""
    wanted: dict[str, list[str]] = {}
    for check in checks:
        if check.slice is not None:
            wanted.setdefault(check.slice.column, []).extend(check.slice.values or ())
    missing = [name for name in wanted if name not in holdout.slices]
    if missing:
        has = ", ".join(holdout.slices) or "none"
        raise RowsError(
            f"the gate judges slices of {missing[0]!r}, but the holdout has no array 'slice:{missing[0]}'; "
            f"its slice columns: {has}"
        )
    others = [name for name in holdout.slices if name not in wanted]
    room = max(0, MAX_SLICE_COLUMNS - len(wanted))
    return wanted | {name: [] for name in others[:room]}, others[room:]


def _slices(
    gate: GateTerms, figures: dict[str, ColumnFigures]
) -> tuple[list[SliceComparison], list[GapComparison]]:
    slices = [
        comparison
        for column in figures.values()
        for comparison in column.comparisons(
            name for name in column.answers.metrics if name not in _COSTLY or name in gate.metrics
        )
    ]
    gaps = [
        compare_gap(check, check.slice, figures[check.slice.column])
        for check in gate.checks
        if check.slice is not None and check.has_gap
    ]
    return slices, gaps


def _compare(name: str, answers: Answers) -> MetricComparison | None:
    points = _points(name, answers)
    if points is None or points.champion is None or answers.champion is None:
        return points
    ours = replicate(name, answers.truth, answers.candidate, answers.group)[0]
    theirs = replicate(name, answers.truth, answers.champion, answers.group)[0]
    worse = theirs - ours if METRICS[name].higher_is_better else ours - theirs
    bounds = interval(worse, int(answers.group.max()) + 1)
    if bounds is None:
        return points
    return points.model_copy(update={"regression_low": bounds[0], "regression_high": bounds[1]})


def _points(name: str, answers: Answers) -> MetricComparison | None:
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
            f"metric {missing[0]!r} is not defined here: it needs varied labels, for auc, logLoss and brier "
            "scores of known classes, and for rates two classes"
        )
