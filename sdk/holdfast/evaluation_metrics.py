"""Names, directions and meaning of the metrics that judge a candidate, as data for both sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Task(StrEnum):
    """What a model is for, told by its holdout labels and outputs, the metrics asked for, or its trainer."""

    REGRESSION = "Regression"
    """The label is a quantity."""
    CLASSIFICATION = "Classification"
    """The label is a class."""
    RANKING = "Ranking"
    """The label is how relevant a row is among those of its query, which the holdout's groups are."""


class Scope(StrEnum):
    """What a metric is measured on."""

    ROWS = "Rows"
    """Predictions and labels, overall or of a slice; it has a bootstrap interval."""
    SLICES = "Slices"
    """The slices of one column against each other."""
    MODEL = "Model"
    """The model itself."""


@dataclass(frozen=True)
class EvaluationMetric:
    """One metric: its name in the API, its direction (None: neither is better), tasks, meaning and scope."""

    name: str
    higher_is_better: bool | None
    tasks: frozenset[Task]
    help: str
    scope: Scope = Scope.ROWS

    def regression(self, champion: float, candidate: float) -> float:
        """Return how much worse the candidate is, in the metric's units; negative when it is better.

        Without a direction it is how much higher the candidate is.
        """
        return champion - candidate if self.higher_is_better else candidate - champion


_REGRESSION = frozenset({Task.REGRESSION})
_CLASSIFICATION = frozenset({Task.CLASSIFICATION})
_RANKING = frozenset({Task.RANKING})
_ALL = frozenset(Task)

_METRICS = (
    EvaluationMetric("mae", False, _REGRESSION, "Mean absolute error, in the label's units."),
    EvaluationMetric("rmse", False, _REGRESSION, "Root of the mean squared error, in the label's units."),
    EvaluationMetric("r2", True, _REGRESSION, "Share of the label's variance that is explained; at most 1."),
    EvaluationMetric(
        "ndcgAt10",
        True,
        _RANKING,
        "Normalised discounted cumulative gain of the first ten rows of each query, averaged over queries.",
    ),
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
        "brier",
        False,
        _CLASSIFICATION,
        "Brier score: mean squared error of the probabilities, halved so that it lies in [0, 1].",
    ),
    EvaluationMetric(
        "selectionRate", None, _CLASSIFICATION, "Share of rows that are given the second of two classes."
    ),
    EvaluationMetric(
        "truePositiveRate", True, _CLASSIFICATION, "Share of the second class's rows that are found."
    ),
    EvaluationMetric(
        "falsePositiveRate", False, _CLASSIFICATION, "Share of the first class's rows that are not left out."
    ),
    EvaluationMetric(
        "demographicParityDifference",
        False,
        _CLASSIFICATION,
        "Largest difference of the selection rate between slices.",
        Scope.SLICES,
    ),
    EvaluationMetric(
        "equalizedOddsDifference",
        False,
        _CLASSIFICATION,
        "Largest difference of the true or the false positive rate between slices.",
        Scope.SLICES,
    ),
    EvaluationMetric(
        "latencyP95Milliseconds",
        False,
        _ALL,
        "95th percentile of the time of one row's inference, in ms.",
        Scope.MODEL,
    ),
    EvaluationMetric("packageBytes", False, _ALL, "Size of the model package, in bytes.", Scope.MODEL),
)

METRICS: Final[Mapping[str, EvaluationMetric]] = {metric.name: metric for metric in _METRICS}
"""All metrics by name."""

ACCURACY_METRICS: Final = frozenset(metric.name for metric in _METRICS if metric.scope == Scope.ROWS)
"""Metrics that are computed from predictions and labels, and so have a bootstrap interval."""

RATES_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "demographicParityDifference": ("selectionRate",),
    "equalizedOddsDifference": ("truePositiveRate", "falsePositiveRate"),
}
"""The rates whose largest difference between slices a metric of slices is."""
