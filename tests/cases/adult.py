"""Adult: who earns over $50,000 a year, judged for women and men, and models that treat them unlike."""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from holdfast.training import Training
from tests.cases.datasets import ADULT, dataset_file

NUMBERS = {"age": 0, "education": 4, "gain": 10, "loss": 11, "hours": 12}
"""Columns of the file that are numbers, by name."""
MARITAL, RELATION, RACE, SEX, COUNTRY, INCOME = 5, 7, 8, 9, 13, 14
INPUT = "x"
FEATURES = (*NUMBERS, "married", "husband")


@dataclass(frozen=True)
class People:
    """Features [people, 7], whether they earn more, and the groups that they are in."""

    features: NDArray[np.float32]
    earns: NDArray[np.int64]
    sex: NDArray[np.str_]
    country: NDArray[np.str_]

    def chosen(self, rows: NDArray[np.bool_]) -> "People":
        """Return some of them."""
        return People(self.features[rows], self.earns[rows], self.sex[rows], self.country[rows])


@cache
def people() -> People:
    """Return all 32,561."""
    text = dataset_file(ADULT).read_text()
    rows = [[field.strip() for field in row] for row in csv.reader(io.StringIO(text)) if len(row) > INCOME]
    numbers = [[float(row[column]) for column in NUMBERS.values()] for row in rows]
    married = [
        [float(row[MARITAL] == "Married-civ-spouse"), float(row[RELATION] == "Husband")] for row in rows
    ]
    return People(
        np.hstack([numbers, married]).astype(np.float32),
        np.array([row[INCOME] == ">50K" for row in rows], dtype=np.int64),
        np.array([row[SEX] for row in rows]),
        np.array([row[COUNTRY] for row in rows]),
    )


def split() -> tuple[People, People]:
    """Return three quarters to train on, and the rest to judge by."""
    everybody = people()
    held_out = np.random.default_rng(0).random(len(everybody.earns)) < 0.25
    return everybody.chosen(~held_out), everybody.chosen(held_out)


def linear(chosen: Sequence[str]) -> Any:
    """Return a logistic regression that sees only these features, as a pipeline of all of them."""
    seen = np.array([name in chosen for name in FEATURES], dtype=np.float64)
    training, _ = split()
    scaler = StandardScaler().fit(training.features)
    model = LogisticRegression(max_iter=500).fit(scaler.transform(training.features) * seen, training.earns)
    model.coef_ *= seen
    return make_pipeline(scaler, model)


def boosted() -> Any:
    """Return boosted trees on all features."""
    training, _ = split()
    return GradientBoostingClassifier(n_estimators=60, subsample=0.5, random_state=0).fit(
        training.features, training.earns
    )


def leave(model: Any, output: Path, *, fewest: int = 0) -> None:
    """Write what a trainer would leave behind; FEWEST: only the countries with so many people, by name."""
    _, judged = split()
    onnx = convert_sklearn(
        model,
        initial_types=[(INPUT, FloatTensorType([None, len(FEATURES)]))],
        options={"zipmap": False},
    )
    names, counts = np.unique(judged.country, return_counts=True)
    rare = set(names[counts < fewest].tolist())
    country = np.array(["other" if each in rare else each for each in judged.country.tolist()])
    Training(output).finish(
        model=onnx.SerializeToString(),
        reference={INPUT: judged.features, "feature_names": np.array(FEATURES)},
        holdout={
            INPUT: judged.features,
            "label": judged.earns,
            "slice:sex": judged.sex,
            "slice:country": country,
        },
    )
