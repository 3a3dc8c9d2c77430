"""Names, directions and meaning of the metrics that judge a candidate, as data for both sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Task(StrEnum):
    """What a model is for, told by its holdout labels and outputs."""

    REGRESSION = "Regression"
    """The label is a quantity."""
    CLASSIFICATION = "Classification"
    """The label is a class."""


@dataclass(frozen=True)
class EvaluationMetric:
    """One metric: its name in the API, its direction, the tasks that have it, and what it says."""

    name: str
    higher_is_better: bool
    tasks: frozenset[Task]
    help: str

    def regression(self, champion: float, candidate: float) -> float:
        """Return how much worse the candidate is, in the metric's units; negative when it is better."""
        return champion - candidate if self.higher_is_better else candidate - champion


_REGRESSION = frozenset({Task.REGRESSION})
_CLASSIFICATION = frozenset({Task.CLASSIFICATION})
_ALL = frozenset(Task)

_METRICS = (
    EvaluationMetric("mae", False, _REGRESSION, "Mean absolute error, in the label's units."),
    EvaluationMetric("rmse", False, _REGRESSION, "Root of the mean squared error, in the label's units."),
    EvaluationMetric("r2", True, _REGRESSION, "Share of the label's variance that is explained; at most 1."),
    EvaluationMetric("accuracy", True, _CLASSIFICATION, "Share of rows with the right class."),
    EvaluationMetric(
        "balancedAccuracy",
        True,
        _CLASSIFICATION,
        "Mean over classes of the share of its rows that are found.",
    ),
    EvaluationMetric(
        "f1", True, _CLASSIFICATION, "F1 score, averaged over classes with equal weight (macro)."
    ),
    EvaluationMetric(
        "auc",
        True,
        _CLASSIFICATION,
        "Area under the ROC curve; one class against the rest when there are more.",
    ),
    EvaluationMetric("logLoss", False, _CLASSIFICATION, "Mean negative log-likelihood of the right class."),
    EvaluationMetric(
        "latencyP95Milliseconds", False, _ALL, "95th percentile of the time of one row's inference, in ms."
    ),
    EvaluationMetric("packageBytes", False, _ALL, "Size of the model package, in bytes."),
)

METRICS: Final[Mapping[str, EvaluationMetric]] = {metric.name: metric for metric in _METRICS}
"""All metrics by name."""

ACCURACY_METRICS: Final = frozenset({metric.name for metric in _METRICS if metric.tasks != _ALL})
"""Metrics that are computed from predictions and labels, and so have a bootstrap interval."""
