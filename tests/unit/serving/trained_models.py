"""ONNX models trained on the data sets that scikit-learn ships, and packages made of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skl2onnx import to_onnx
from skl2onnx.common.data_types import FloatTensorType, Int64TensorType, StringTensorType
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from holdfast.binning import profile_of
from holdfast.onnx import Session
from holdfast.package import ModelPackage

Rows = Mapping[str, NDArray[Any]]


@dataclass(frozen=True)
class TrainedModel:
    """An ONNX file, rows that it can be asked about, their labels and the names of its features."""

    onnx: bytes
    rows: Rows
    labels: NDArray[Any]
    feature_names: Mapping[str, list[str]]

    def session(self) -> Session:
        return Session.open(self.onnx, 1)

    @cached_property
    def _profile_json(self) -> bytes:
        return profile_of(self.rows, self.session().run(self.rows), self.feature_names).to_json()

    def profile_json(self) -> bytes:
        return self._profile_json

    def package(self, folder: Path, **files: bytes) -> ModelPackage:
        """Write the model, its profile and further files (profile_json=…) as a package."""
        named = {name.replace("_", "."): content for name, content in files.items()}
        return ModelPackage.write(
            folder, {"model.onnx": self.onnx, "profile.json": self.profile_json(), **named}
        )


@cache
def cancer_model() -> TrainedModel:
    """Boosted trees: [rows, 30] FP32 -> label INT64, probabilities FP32."""
    data = load_breast_cancer()
    rows = data.data.astype(np.float32)
    model = GradientBoostingClassifier(n_estimators=100, max_depth=3, random_state=0).fit(
        rows[::2], data.target[::2]
    )
    onnx = to_onnx(model, rows[:1], options={"zipmap": False}).SerializeToString()
    names = [str(name) for name in data.feature_names]
    return TrainedModel(onnx, {"X": rows}, data.target, {"X": names})


@cache
def wine_model() -> TrainedModel:
    """Logistic regression: [rows, 13] FP32 -> label INT64, probabilities FP32."""
    data = load_wine()
    rows = data.data.astype(np.float32)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(rows, data.target)
    onnx = to_onnx(model, rows[:1], options={"zipmap": False}).SerializeToString()
    return TrainedModel(onnx, {"X": rows}, data.target, {"X": list(data.feature_names)})


@cache
def diabetes_model(trees: int = 0) -> TrainedModel:
    """Linear regression, or that many boosted trees: [rows, 10] FP32 -> variable FP32 [rows, 1]."""
    data = load_diabetes()
    rows = data.data.astype(np.float32)
    model = GradientBoostingRegressor(n_estimators=trees, random_state=0) if trees else LinearRegression()
    onnx = to_onnx(model.fit(rows[:300], data.target[:300]), rows[:1]).SerializeToString()
    return TrainedModel(onnx, {"X": rows}, data.target, {"X": list(data.feature_names)})


@cache
def wine_columns_model(unknown_region: str = "error") -> TrainedModel:
    """Logistic regression with an input per column, [rows, 1]: alcohol FP32, vintage INT64, region BYTES.

    ``unknown_region`` is "error" (the model fails at one that it has not seen) or "ignore".
    The wine data has no texts, so region names the tercile of the magnesium content.
    """
    data = load_wine()
    alcohol = data.data[:, :1].astype(np.float32)
    vintage = data.data[:, 12:13].astype(np.int64)
    terciles = np.searchsorted(np.quantile(data.data[:, 4], [1 / 3, 2 / 3]), data.data[:, 4])
    region = np.array(["north", "middle", "south"], dtype=np.object_)[terciles][:, None]
    steps = ColumnTransformer(
        [("numbers", StandardScaler(), [0, 1]), ("texts", OneHotEncoder(handle_unknown=unknown_region), [2])]
    )
    table = np.hstack([alcohol.astype(np.object_), vintage.astype(np.object_), region])
    model = make_pipeline(steps, LogisticRegression(max_iter=500)).fit(table, data.target)
    types = [
        ("alcohol", FloatTensorType([None, 1])),
        ("vintage", Int64TensorType([None, 1])),
        ("region", StringTensorType([None, 1])),
    ]
    onnx = to_onnx(model, initial_types=types, options={"zipmap": False}).SerializeToString()
    return TrainedModel(onnx, {"alcohol": alcohol, "vintage": vintage, "region": region}, data.target, {})
