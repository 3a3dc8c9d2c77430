"""How wrong a model would be on other rows, if it is as wrong for each prediction as on its holdout. Pure.

An estimate without labels, to be shown and never to be decided by: it follows shifts in what is predicted,
and cannot see that the same prediction has become worse.
"""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field

from holdfast.binning import bin_numbers, column_values
from holdfast.profile import MAX_CATEGORIES, CategoricalColumn, NumericColumn, Profile

Tensors = Mapping[str, NDArray[Any]]
_Loss = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class ExpectedLoss(BaseModel):
    """Mean loss of a holdout's rows in each bin of one output.

    ``losses`` has one entry for each bin of the output's column in the profile; a bin without rows has the
    mean of all. ``metric`` is mae, in the unit of the labels, or errorRate, the share of wrong classes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    metric: Literal["mae", "errorRate"]
    output: str = Field(min_length=1, max_length=128)
    mean: _Loss = Field(description="Of all rows of the holdout.")
    losses: tuple[_Loss, ...] = Field(min_length=1, max_length=MAX_CATEGORIES + 1)

    @classmethod
    def fit(
        cls,
        metric: Literal["mae", "errorRate"],
        profile: Profile,
        outputs: Tensors,
        losses: NDArray[np.float64],
    ) -> Self | None:
        """Return the losses by the output column that tells them apart best; None without such a column.

        Args:
            metric: what the losses are.
            profile: whose bins live rows will be counted in.
            outputs: what the model says to the holdout's rows.
            losses: of each row, not negative.

        Source: post-stratification (Holt & Smith 1979); confidence-based performance estimation is the same
        with one stratum for each confidence (Garg et al. 2022, https://arxiv.org/abs/2201.04234).
        """
        if not len(losses):
            return None
        fitted = [
            _by_bin(column.name, bin_numbers(column, _values(column, outputs)), losses, len(column.counts))
            for column in profile.of_kind("output")
            if column.tensor in outputs
        ]
        best = max(fitted, key=lambda each: each.explained, default=None)
        if best is None:
            return None
        means = tuple(best.means.tolist())
        return cls(metric=metric, output=best.output, mean=float(losses.mean()), losses=means)

    def estimate(self, counts: Sequence[int]) -> float | None:
        """Return the mean loss of rows with these counts by bin; None without rows or with other bins."""
        rows = sum(counts)
        if rows == 0 or len(counts) != len(self.losses):
            return None
        return float(np.dot(counts, self.losses) / rows)


class _Fit(NamedTuple):
    output: str
    means: NDArray[np.float64]
    explained: float
    """Variance of the losses between bins, times rows."""


def _values(column: NumericColumn | CategoricalColumn, outputs: Tensors) -> NDArray[Any]:
    return column_values(column, outputs[column.tensor])


def _by_bin(output: str, bins: NDArray[np.int64], losses: NDArray[np.float64], count: int) -> _Fit:
    present = bins >= 0
    rows = np.bincount(bins[present], minlength=count)
    sums = np.bincount(bins[present], losses[present], minlength=count)
    overall = losses.mean()
    means = np.where(rows > 0, sums / np.maximum(rows, 1), overall)
    return _Fit(output, means, float((rows * (means - overall) ** 2).sum()))
