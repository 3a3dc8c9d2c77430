"""The model of the bike rides example: which rows it is made from, how, and which rows judge it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import GradientBoostingRegressor

from bikeshare.rides import FEATURES, INPUT, OUTPUT, Rides

WEEKS = 8
HOLD_OUT_EVERY = 4
MIN_TRAINING_ROWS = 28 * 24
PARAMETERS = {"n_estimators": 150, "max_depth": 4, "min_samples_leaf": 10, "random_state": 0}


@dataclass(frozen=True)
class Split:
    """Rows to train on, and rows that are held out: the newest whole week and every fourth one before it.

    Whole weeks, because the hours of a day resemble each other so much that a random split would test the
    model on what it has practically seen; the newest one among them, because it is most like what comes;
    older ones too, because the profile that drift is measured against should know the whole season.
    """

    training: Rides
    held_out: Rides


def split(rides: Rides, weeks: int = WEEKS) -> Split:
    """Split the last ``weeks`` whole weeks, and the days after them, into training and held-out rows."""
    newest = int(rides.week[-1]) if _ends_with_sunday(rides) else int(rides.week[-1]) - 1
    age = newest - rides.week
    held_out = (age >= 0) & (age < weeks) & (age % HOLD_OUT_EVERY == 0)
    return Split(rides.chosen((age < weeks) & ~held_out), rides.chosen(held_out))


def fit(rides: Rides) -> GradientBoostingRegressor:
    """Return gradient boosted trees for the count of an hour."""
    return GradientBoostingRegressor(**PARAMETERS).fit(rides.features, rides.count)


def to_onnx_bytes(model: GradientBoostingRegressor) -> bytes:
    """Return the model as ONNX: input ``x`` [rows, 6], output ``count`` [rows, 1]."""
    converted = to_onnx(
        model,
        initial_types=[(INPUT, FloatTensorType([None, len(FEATURES)]))],
        final_types=[(OUTPUT, FloatTensorType([None, 1]))],
    )
    return bytes(converted.SerializeToString())


def judge_rows(held_out: Rides, champion: Mapping[str, Any]) -> Rides:
    """Return the held-out rows that the champion was not trained on either; all if there are none.

    An older champion may have been trained on a week that is held out now. Judging both on it would
    compare what one remembers with what the other has to predict.
    """
    if "trainedUntil" not in champion:
        return held_out
    inside = (held_out.time >= np.datetime64(champion["trainedFrom"])) & (
        held_out.time < np.datetime64(champion["trainedUntil"])
    )
    seen = inside & ~np.isin(held_out.week, champion["heldOutWeeks"])
    return held_out if seen.all() else held_out.chosen(~seen)


def metadata(parts: Split) -> dict[str, Any]:
    """Return what the model was made from; the next run reads it from the champion's package."""
    hour = np.timedelta64(1, "h")
    return {
        "parameters": PARAMETERS,
        "trainedFrom": str(parts.training.time[0]),
        "trainedUntil": str(parts.training.time[-1] + hour),
        "trainingRows": len(parts.training),
        "heldOutWeeks": np.unique(parts.held_out.week).tolist(),
    }


def _ends_with_sunday(rides: Rides) -> bool:
    whole_day: bool = rides.time[-1].astype(object).hour == 23
    return whole_day and int(rides.features[-1, FEATURES.index("weekday")]) == 6
