"""Elec2: whether the price of electricity rises, before and after a second market was connected.

Until row 17,424 (5 May 1997) the columns of that market are constant.
"""

from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import GradientBoostingClassifier

from holdfast.training import Training
from tests.cases.datasets import ELECTRICITY, dataset_file

INPUT: Final = "x"
NAMES: Final = ("time", "price", "demand", "victorianPrice", "victorianDemand", "transfer")
"""Columns of the file; the first two prices are those of the own and of the other market."""
WITHOUT_PRICE: Final = tuple(name for name in NAMES if name != "price")
CHANGE_ROW: Final = 17_424
_START: Final = np.datetime64("1996-05-07T00:00")
_HALF_HOUR: Final = np.timedelta64(30, "m")
_TREES: Final = 100


@cache
def half_hours() -> NDArray[np.float64]:
    """Return all 45,312 rows: the six columns, and whether the price is above its mean of the last day."""
    found: NDArray[np.float64] = np.loadtxt(dataset_file(ELECTRICITY), delimiter=",", skiprows=1)
    return found


def rows_between(start: str, end: str) -> slice:
    """Return the rows from a day until before another."""
    first, last = ((np.datetime64(day) - _START) // _HALF_HOUR for day in (start, end))
    return slice(max(int(first), 0), int(last))


def features(rows: slice, names: tuple[str, ...]) -> NDArray[np.float32]:
    """Return the columns of these names."""
    columns = [NAMES.index(name) for name in names]
    return half_hours()[rows][:, columns].astype(np.float32)


def rises(rows: slice) -> NDArray[np.int64]:
    """Return what is to be predicted."""
    return half_hours()[rows][:, len(NAMES)].astype(np.int64)


def train(trained: slice, judged: slice, names: tuple[str, ...], output: Path) -> None:
    """Train on some rows, to be judged on others, and write what a trainer would leave behind."""
    model = GradientBoostingClassifier(n_estimators=_TREES, random_state=0)
    model.fit(features(trained, names), rises(trained))
    onnx = convert_sklearn(
        model,
        initial_types=[(INPUT, FloatTensorType([None, len(names)]))],
        options={"zipmap": False},
    )
    day = np.arange(judged.start, judged.stop) // 48
    Training(output).finish(
        model=onnx.SerializeToString(),
        reference={INPUT: features(trained, names), "feature_names": np.array(names)},
        holdout={INPUT: features(judged, names), "label": rises(judged), "group": day - day[0]},
    )
