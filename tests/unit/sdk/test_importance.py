"""Permutation importance: the features that a model goes by, as scikit-learn finds them."""

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LinearRegression

from holdfast.answers import Contender
from holdfast.evaluation_metrics import Task
from holdfast.importance import MAX_FEATURES, MAX_ROWS, features_of, importance_of
from holdfast.onnx import Session
from holdfast.report.document import Importance
from holdfast.rows import Rows

RNG = np.random.default_rng(7)
X = RNG.normal(size=(1500, 3)).astype(np.float32)
Y = X @ np.array([3.0, 0.0, 1.0]) + RNG.normal(size=1500)
MODEL = LinearRegression().fit(X, Y)


def contender(model: Any) -> Contender:
    return Contender(Session.open(to_onnx(model, X[:1]).SerializeToString(), threads=1), 1)


@pytest.fixture(scope="module")
def good() -> Contender:
    return contender(MODEL)


@pytest.fixture(scope="module")
def blind() -> Contender:
    return contender(LinearRegression().fit(X * np.array([0, 0, 1], dtype=np.float32), Y))


def found(holdout: Rows, *both: Contender, metric: str = "mae", **fields: Any) -> Importance:
    importance = importance_of(
        metric, Task.REGRESSION, holdout, (both[0], both[1] if both[1:] else None), **fields
    )
    assert importance is not None
    return importance


def test_importance_is_that_of_scikit_learn(good: Contender, blind: Contender) -> None:
    names: dict[tuple[str, int | None], str] = {("X", 0): "income", ("X", 1): "noise"}
    importance = found(Rows(inputs={"X": X}, label=Y), good, blind, names=names)
    assert [each.name for each in importance.features] == ["income", "X[2]", "noise"]
    known = permutation_importance(
        MODEL, X, Y, scoring="neg_mean_absolute_error", n_repeats=30, random_state=0
    )
    for each, column in zip(importance.features, (0, 2, 1), strict=True):
        expected, spread = known.importances_mean[column], known.importances_std[column]
        assert each.candidate == pytest.approx(expected, abs=5 * spread + 1e-6)
    assert importance.features[0].champion == pytest.approx(0, abs=1e-6)
    assert (importance.metric, importance.rows, importance.left_out) == ("mae", 1500, 0)


def test_importance_is_how_much_worse_where_higher_is_better(good: Contender) -> None:
    importance = found(Rows(inputs={"X": X}, label=Y), good, metric="r2")
    assert importance.features[0].candidate > 1
    assert importance.features[0].champion is None


def test_rows_are_few_and_of_whole_groups(good: Contender) -> None:
    big = Rows(inputs={"X": np.tile(X, (4, 1))}, label=np.tile(Y, 4))
    assert found(big, good).rows == MAX_ROWS
    grouped = Rows(inputs=big.inputs, label=big.label, group=np.arange(6000) // 300)
    assert found(grouped, good).rows == 1800
    one = Rows(inputs=big.inputs, label=big.label, group=np.zeros(6000, dtype=np.int64))
    assert found(one, good).rows == MAX_ROWS


def test_time_is_bounded_and_what_is_left_out_is_counted(good: Contender) -> None:
    times = iter([0.0, 1.0, 2.0, 1e9])
    importance = found(Rows(inputs={"X": X}, label=Y), good, clock=lambda: next(times))
    assert (len(importance.features), importance.left_out) == (2, 1)


def test_a_metric_that_is_not_defined_has_no_importance(good: Contender) -> None:
    constant = Rows(inputs={"X": X}, label=np.zeros(1500))
    assert importance_of("r2", Task.REGRESSION, constant, (good, None)) is None


def sum_of_two() -> Contender:
    """A model of a table of one column and of a text, of which it uses the table only."""
    inputs = [
        helper.make_tensor_value_info("a", TensorProto.FLOAT, [None, 1]),
        helper.make_tensor_value_info("b", TensorProto.FLOAT, [None]),
    ]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])]
    graph = helper.make_graph([helper.make_node("Identity", ["a"], ["y"])], "g", inputs, outputs)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    return Contender(Session.open(proto.SerializeToString(), threads=1), 1)


def test_whole_tensors_are_features_too() -> None:
    holdout = Rows(inputs={"a": X[:, :1], "b": X[:, 1]}, label=X[:, 0].astype(np.float64))
    importance = found(holdout, sum_of_two(), names={("a", None): "age"})
    assert [(each.name, each.candidate > 0) for each in importance.features] == [("age", True), ("b", False)]


def test_features_whose_mixture_the_model_cannot_answer_are_left_out() -> None:
    inputs = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [None, 1]) for name in "ab"]
    outputs = [helper.make_tensor_value_info("y", TensorProto.FLOAT, [None, 1])]
    nodes = [helper.make_node("Mul", ["a", "b"], ["ab"]), helper.make_node("Log", ["ab"], ["y"])]
    graph = helper.make_graph(nodes, "g", inputs, outputs)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    model = Contender(Session.open(proto.SerializeToString(), threads=1), 1)
    sign = np.where(X[:, :1] > 0, 1, -1).astype(np.float32)
    holdout = Rows(inputs={"a": sign, "b": 2 * sign}, label=np.zeros(1500))
    assert (found(holdout, model).features, found(holdout, model).left_out) == ([], 2)


def test_features_have_a_value_for_each_row() -> None:
    rows = Rows(inputs={"X": X, "a": X[:, :1], "b": X[:, 1]})
    for feature, column in zip(features_of(rows, {}), (0, 1, 2, 0, 1), strict=True):
        assert np.array_equal(feature.values(rows), X[:, column])


def test_features_are_few() -> None:
    wide = RNG.normal(size=(50, MAX_FEATURES + 6)).astype(np.float32)
    label = wide[:, 0].astype(np.float64)
    model = LinearRegression().fit(wide, label)
    session = Session.open(to_onnx(model, wide[:1]).SerializeToString(), threads=1)
    importance = found(Rows(inputs={"X": wide}, label=label), Contender(session, 1))
    assert (len(importance.features), importance.left_out) == (MAX_FEATURES, 6)
