"""How right the predictions of an id were, from its labels: what is added to the counts of its revision."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from holdfast_serving.feedback.predicted_values import class_code
from holdfast_serving.feedback.prediction_ids import Kind, PredictionRecord

ERROR_BOUNDS: Final = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Upper bounds of the bins of absolute errors, in units of the scale; a last bin is above."""
BINS: Final = len(ERROR_BOUNDS) + 1
GREATEST: Final = 1e150
"""Numbers beyond are not scored: one square that is infinite would spoil a sum for ever. NaN is not below."""


class LabelError(ValueError):
    """Labels that do not fit the prediction."""


@dataclass(frozen=True)
class RowScores:
    """Scores of the labelled rows: ``rows`` are their positions in the id.

    ``correct`` is 1 or 0 for classes; ``errors`` are prediction less label, and ``bins`` those of the error
    (0 … 7 over, 8 … 15 under), for numbers.
    """

    rows: NDArray[np.int64]
    correct: NDArray[np.int64]
    errors: NDArray[np.float64]
    bins: NDArray[np.int64]


def score_labels(record: PredictionRecord, labels: Sequence[Any]) -> RowScores:
    """Return the scores of the rows whose label is not None and whose prediction is not NaN or beyond 1e150.

    Raises:
        LabelError: there is not one label for each row, or one is not of the right type.
    """
    if len(labels) != len(record.values):
        message = f"the prediction has {len(record.values)} rows, but {len(labels)} labels were given"
        raise LabelError(message)
    predicted = record.values.tolist()
    pairs = [(row, predicted[row], label) for row, label in enumerate(labels) if label is not None]
    if record.origin.kind is Kind.CLASS:
        correct = [int(value == class_code(_class_label(label))) for _, value, label in pairs]
        rows = [row for row, _, _ in pairs]
        return RowScores(_whole(rows), _whole(correct), np.zeros(len(rows)), _whole([]))
    errors = {row: value - _number_label(label) for row, value, label in pairs if abs(value) <= GREATEST}
    bins = [error_bin(error, record.origin.scale) for error in errors.values()]
    return RowScores(_whole(list(errors)), _whole([0] * len(errors)), _real(errors.values()), _whole(bins))


def error_bin(error: float, scale: float) -> int:
    """Return the bin of an error: 0 to 7 for predictions at or above the label, 8 to 15 below."""
    side = 0 if error >= 0 else BINS
    return side + bisect_left(ERROR_BOUNDS, abs(error) / scale)


def _class_label(label: Any) -> Any:
    if isinstance(label, str | bool | int | float):
        return label
    raise LabelError("the label of a class must be a text, a number or a truth value")


def _number_label(label: Any) -> float:
    if isinstance(label, int | float) and not isinstance(label, bool) and abs(label) <= GREATEST:
        return float(label)
    raise LabelError(f"the label of a number must be a number of at most {GREATEST:g}")


def _whole(values: Sequence[int]) -> NDArray[np.int64]:
    return np.array(values, dtype=np.int64)


def _real(values: Any) -> NDArray[np.float64]:
    return np.array(list(values), dtype=np.float64)
