"""Permutation importance: what each feature is worth to champion and candidate on the same holdout rows.

Source: Breiman (2001), "Random Forests", Machine Learning 45; for any model: Fisher, Rudin, Dominici (2019),
"All Models are Wrong, but Many are Useful", Journal of Machine Learning Research 20.
"""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from holdfast.answers import Answers, Contender
from holdfast.bootstrap import SEED
from holdfast.evaluation_metrics import METRICS, Task
from holdfast.predictions import Predictions
from holdfast.report.document import FeatureImportance, Importance
from holdfast.rows import Rows
from holdfast.scores import score

MAX_ROWS: Final = 2000
MAX_FEATURES: Final = 64
MAX_SECONDS: Final = 20.0

Array = NDArray[Any]
FeatureNames: TypeAlias = Mapping[tuple[str, int | None], str]
"""By tensor and column."""


@dataclass(frozen=True)
class Feature:
    """One column of a table [rows, features], or a whole tensor (``index`` None)."""

    name: str
    tensor: str
    index: int | None

    def values(self, rows: Rows) -> Array:
        """Return its values, one for each row; of a tensor of more dimensions the whole."""
        tensor = rows.inputs[self.tensor]
        if self.index is not None:
            return np.asarray(tensor[:, self.index])
        return np.asarray(tensor[:, 0] if tensor.ndim == 2 else tensor)

    def shuffled(self, rows: Rows, order: Array) -> Rows:
        """Return the rows with this feature's values given to others."""
        values = rows.inputs[self.tensor]
        if self.index is None:
            mixed = values[order]
        else:
            mixed = values.copy()
            mixed[:, self.index] = values[order, self.index]
        return replace(rows, inputs={**rows.inputs, self.tensor: mixed})


def importance_of(
    metric: str,
    task: Task,
    holdout: Rows,
    contenders: tuple[Contender, Contender | None],
    names: FeatureNames = MappingProxyType({}),
    clock: Callable[[], float] = time.monotonic,
) -> Importance | None:
    """Return how much worse the metric becomes when each feature is shuffled once, with a fixed seed.

    At most 2,000 rows (whole groups) and 64 features are looked at, for about 20 seconds; what is left out
    is counted. ``names`` are of features, by tensor and column. None when the metric is not defined there.

    Raises:
        ModelError: CheckFailed when a model fails on shuffled rows.
    """
    rows = _sample(holdout)
    before = _scores(metric, Answers.gather(task, rows, *contenders))
    if before is None:
        return None
    known = list(features_of(holdout, names))
    order = np.random.default_rng(SEED).permutation(rows.count)
    until = clock() + MAX_SECONDS
    found: list[FeatureImportance] = []
    for feature in known[:MAX_FEATURES]:
        if clock() > until:
            break
        after = _scores(metric, Answers.gather(task, feature.shuffled(rows, order), *contenders))
        if after is not None:
            found.append(_importance(feature, metric, before, after))
    found.sort(key=lambda each: each.candidate, reverse=True)
    return Importance(metric=metric, rows=rows.count, features=found, left_out=len(known) - len(found))


def _importance(
    feature: Feature, metric: str, before: Sequence[float], after: Sequence[float]
) -> FeatureImportance:
    worse = [METRICS[metric].regression(*pair) for pair in zip(before, after, strict=True)]
    return FeatureImportance(
        name=feature.name[:512], candidate=worse[0], champion=worse[1] if len(worse) > 1 else None
    )


def _scores(metric: str, answers: Answers) -> list[float] | None:
    found = [score(metric, answers.truth, each) if _is_finite(each) else None for each in answers.contenders]
    known = [each for each in found if each is not None]
    return known if len(known) == len(found) else None


def _is_finite(predictions: Predictions) -> bool:
    """Tell whether there is a number for every row: shuffled rows may be such as never occur."""
    numbers = predictions.values if predictions.values is not None else predictions.scores
    return numbers is None or bool(np.isfinite(numbers).all())


def _sample(holdout: Rows) -> Rows:
    """Return rows of whole groups in random order, as many as there is room for, but at least one group."""
    if holdout.count <= MAX_ROWS:
        return holdout
    group = np.arange(holdout.count) if holdout.group is None else holdout.group
    sizes = np.bincount(group)
    order = np.random.default_rng(SEED).permutation(len(sizes))
    fits = np.cumsum(sizes[order]) <= MAX_ROWS
    chosen = order[fits] if fits.any() else order[:1]
    rows = np.flatnonzero(np.isin(group, chosen))[:MAX_ROWS]
    return Rows(
        inputs={name: values[rows] for name, values in holdout.inputs.items()},
        label=None if holdout.label is None else holdout.label[rows],
        group=None if holdout.group is None else np.unique(holdout.group[rows], return_inverse=True)[1],
    )


def features_of(holdout: Rows, names: FeatureNames) -> Iterator[Feature]:
    """Return every column of a table, and every other tensor as a whole."""
    for tensor, values in holdout.inputs.items():
        if values.ndim != 2 or values.shape[1] == 1:
            yield Feature(names.get((tensor, None), tensor), tensor, None)
            continue
        for index in range(values.shape[1]):
            yield Feature(names.get((tensor, index), f"{tensor}[{index}]"), tensor, index)
