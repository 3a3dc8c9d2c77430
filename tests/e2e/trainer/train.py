"""Trains on scikit-learn's diabetes data; the mode says how well, or how it fails."""

import argparse
import sys

import numpy as np
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.linear_model import Ridge

from holdfast.results import EXIT_BAD_DATA
from holdfast.training import Training

HOLDOUT_EVERY = 4


def main() -> int:
    """Train in the mode that the arguments name and return the exit code."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--mode", choices=["better", "worse", "bad-data", "crash", "no-model"], required=True)
    mode = parser.parse_args().mode
    if mode in {"bad-data", "crash", "no-model"}:
        return {"bad-data": EXIT_BAD_DATA, "crash": 1, "no-model": 0}[mode]
    features, target = load_diabetes(return_X_y=True)
    x, y = features.astype(np.float32), target.astype(np.float32)
    held_out = np.arange(len(x)) % HOLDOUT_EVERY == 0
    regressor = (
        GradientBoostingRegressor(n_estimators=60, max_depth=2) if mode == "better" else Ridge(alpha=1e9)
    )
    regressor.fit(x[~held_out], y[~held_out])
    model = convert_sklearn(regressor, initial_types=[("x", FloatTensorType([None, x.shape[1]]))])
    Training.from_env().finish(
        model=model.SerializeToString(),
        reference={"x": x[held_out]},
        holdout={"x": x[held_out], "label": y[held_out]},
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
