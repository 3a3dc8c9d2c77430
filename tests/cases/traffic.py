"""Traffic on a motorway by the hour and the weather, of which ten hours are said to have had 0 kelvin."""

import csv
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import GradientBoostingRegressor

from holdfast.training import Training
from tests.cases.datasets import TRAFFIC, dataset_file

INPUT: Final = "x"
OUTPUT: Final = "variable"
FEATURES: Final = ("temp", "rain_1h", "snow_1h", "clouds_all", "hour")
BROKEN_ROWS: Final = slice(11_898, 11_952)
"""The first and the last of the ten are its ends."""


@cache
def hours() -> tuple[NDArray[np.float32], NDArray[np.float64]]:
    """Return features [48204, 5] and the number of vehicles."""
    with dataset_file(TRAFFIC).open() as file:
        rows = list(csv.DictReader(file))
    features = [
        [*(float(row[name]) for name in FEATURES[:-1]), float(row["date_time"][11:13])] for row in rows
    ]
    return np.array(features, dtype=np.float32), np.array([float(row["traffic_volume"]) for row in rows])


def train(until: int, output: Path) -> None:
    """Train on the rows before UNTIL, and write what a trainer would leave behind."""
    values, vehicles = hours()
    held_out = np.arange(until) % 5 == 0
    model = GradientBoostingRegressor(n_estimators=50, random_state=0)
    model.fit(values[:until][~held_out], vehicles[:until][~held_out])
    onnx = convert_sklearn(model, initial_types=[(INPUT, FloatTensorType([None, len(FEATURES)]))])
    Training(output).finish(
        model=onnx.SerializeToString(),
        reference={INPUT: values[:until], "feature_names": np.array(FEATURES)},
        holdout={INPUT: values[:until][held_out], "label": vehicles[:until][held_out]},
    )
