"""Real models for the tests, trained on scikit-learn's diabetes data and converted to ONNX."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge

from holdfast.binning import profile_of
from holdfast.manifest import MODEL_FILE, PROFILE_FILE
from holdfast.onnx import Session
from holdfast.package import ModelPackage

FEATURES = 10
_BODY_MASS_INDEX = 2

Rows = NDArray[np.float32]


@dataclass(frozen=True)
class Model:
    """A model's package files, and the digest that they must have wherever they lie."""

    files: Mapping[str, bytes]
    digest: str

    def predict(self, rows: Rows) -> NDArray[np.float32]:
        """Return what ONNX Runtime answers in this process."""
        return Session.open(self.files[MODEL_FILE]).run({"x": rows})["variable"]


@cache
def diabetes() -> tuple[Rows, Rows]:
    """Return features [442, 10] and the target [442]."""
    features, target = load_diabetes(return_X_y=True)
    return features.astype(np.float32), target.astype(np.float32)


def gradient_boosting(seed: int) -> Model:
    """Return boosted trees; another seed makes another digest."""
    x, y = diabetes()
    return _model(GradientBoostingRegressor(n_estimators=30, subsample=0.7, random_state=seed).fit(x, y), x)


def linear(seed: int) -> Model:
    """Return a ridge regression on a bootstrap sample; another seed makes another digest."""
    x, y = diabetes()
    drawn = np.random.default_rng(seed).integers(0, len(x), len(x))
    return _model(Ridge(alpha=0.1).fit(x[drawn], y[drawn]), x)


def mistaken() -> Model:
    """Return a model that answers in time, without errors, and always far too high."""
    x, y = diabetes()
    return _model(Ridge(alpha=0.1).fit(x, 3 * y), x)


def worn_out() -> Model:
    """Return a model that has only seen people of a low body mass index."""
    x, y = diabetes()
    low = x[:, _BODY_MASS_INDEX] < np.median(x[:, _BODY_MASS_INDEX])
    return _model(Ridge(alpha=10.0).fit(x[low], y[low]), x[low])


def drifted_rows() -> Rows:
    """Return people that ``worn_out`` has never seen, but for those so far off that they could be a fault."""
    x, _ = diabetes()
    index = x[:, _BODY_MASS_INDEX]
    known = index[index < np.median(index)]
    near = known.max() + 0.9 * (known.max() - known.min())
    chosen: Rows = x[(index >= np.median(index)) & (index < near)]
    return chosen


def _model(regressor: Any, reference: Rows) -> Model:
    onnx = convert_sklearn(
        regressor, initial_types=[("x", FloatTensorType([None, FEATURES]))]
    ).SerializeToString()
    outputs = Session.open(onnx).run({"x": reference})
    files = {MODEL_FILE: onnx, PROFILE_FILE: profile_of({"x": reference}, outputs).to_json()}
    with TemporaryDirectory() as folder:
        return Model(files, ModelPackage.write(Path(folder), files).digest)
