"""Judging candidates against champions on the same holdout."""

from typing import Any

import numpy as np
import pytest
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn import metrics as sklearn_metrics
from sklearn.linear_model import LinearRegression, LogisticRegression

from holdfast.batches import run_rows
from holdfast.evaluation import Contender, evaluate
from holdfast.evaluation_metrics import METRICS, Task
from holdfast.failures import ModelError
from holdfast.gate_terms import CheckTerms, GateTerms
from holdfast.onnx import Session
from holdfast.rows import Rows, RowsError

RNG = np.random.default_rng(5)
X = RNG.normal(size=(400, 3)).astype(np.float32)
Y = X @ np.array([1.0, -2.0, 0.5]) + RNG.normal(size=400)
TRUE_CLASS = (Y > 0).astype(np.int64)


def asking(*metrics: str) -> GateTerms:
    return GateTerms(checks=[CheckTerms(metric=name) for name in metrics])


def session(model: Any) -> Session:
    options = {"zipmap": False} if hasattr(model, "predict_proba") else {}
    proto = to_onnx(model, X[:1], options={id(model): options} if options else None)
    return Session.open(proto.SerializeToString(), threads=1)


def graph(
    node: Any, kind: int, given: list[int | None], answer: list[int | None], name: str = "y"
) -> Session:
    inputs = [helper.make_tensor_value_info("X", TensorProto.FLOAT, given)]
    outputs = [helper.make_tensor_value_info(name, kind, answer)]
    proto = helper.make_model(
        helper.make_graph([node], "g", inputs, outputs),
        opset_imports=[helper.make_opsetid("", 18)],
        ir_version=10,
    )
    return Session.open(proto.SerializeToString(), threads=1)


@pytest.fixture(scope="module")
def good() -> Contender:
    return Contender(session(LinearRegression().fit(X, Y)), 1_000)


@pytest.fixture(scope="module")
def bad() -> Contender:
    return Contender(session(LinearRegression().fit(X[:, :], Y * 0.2)), 2_000)


def test_a_worse_candidate_is_certainly_worse(good: Contender, bad: Contender) -> None:
    holdout = Rows(inputs={"X": X}, label=Y, group=np.arange(400) // 20, slices={"half": X[:, 0] > 0})
    found = evaluate(holdout, candidate=bad, champion=good, gate=asking("mae", "packageBytes"))
    assert (found.task, found.rows, found.groups) == (Task.REGRESSION, 400, 20)
    mae, r2, size = found.metric("mae"), found.metric("r2"), found.metric("packageBytes")
    assert mae is not None
    assert mae.champion == pytest.approx(
        sklearn_metrics.mean_absolute_error(Y, run_rows(good.session, {"X": X})["variable"])
    )
    assert mae.regression_low is not None
    assert mae.regression_high is not None
    assert mae.regression is not None
    assert 0 < mae.regression_low < mae.regression < mae.regression_high
    assert r2 is not None
    assert r2.regression is not None
    assert r2.regression > 0
    assert size is not None
    assert (size.regression, size.regression_low) == (1_000, None)
    latency = found.metric("latencyP95Milliseconds")
    assert latency is not None
    assert latency.candidate > 0
    assert found.metric("auc") is None
    assert [(each.name, each.value) for each in found.slices] == [("half", "0"), ("half", "1")]
    assert sum(each.rows for each in found.slices) == 400


def test_the_same_model_is_neither_better_nor_worse(good: Contender) -> None:
    found = evaluate(Rows(inputs={"X": X}, label=Y), good, good)
    mae = found.metric("mae")
    assert mae is not None
    assert (mae.regression, mae.regression_low, mae.regression_high) == (0, 0, 0)


def test_the_first_model_has_no_champion(good: Contender) -> None:
    found = evaluate(Rows(inputs={"X": X}, label=Y, slices={"half": X[:, 0] > 0}), good)
    assert all(each.champion is None and each.regression is None for each in found.metrics)


def test_the_same_holdout_gives_the_same_intervals(good: Contender, bad: Contender) -> None:
    holdout = Rows(inputs={"X": X}, label=Y)
    first, second = (evaluate(holdout, bad, good).metric("rmse") for _ in range(2))
    assert first == second


@pytest.mark.parametrize("kind", ["numbers", "texts", "three"])
def test_classifiers_are_judged_by_their_classes(kind: str) -> None:
    truth = np.digitize(Y, [-1, 1]) if kind == "three" else TRUE_CLASS
    label = np.array(["no", "yes"])[truth] if kind == "texts" else truth
    good_model, bad_model = LogisticRegression().fit(X, label), LogisticRegression(C=1e-4).fit(X, label)
    holdout = Rows(inputs={"X": X}, label=label, slices={"half": X[:, 0] > 0})
    found = evaluate(
        holdout,
        Contender(session(bad_model), 1),
        Contender(session(good_model), 1),
        asking("auc", "logLoss", "f1"),
    )
    assert found.task == Task.CLASSIFICATION
    probabilities = good_model.predict_proba(X)
    area = sklearn_metrics.roc_auc_score(
        truth, probabilities if kind == "three" else probabilities[:, 1], multi_class="ovr"
    )
    auc, loss = found.metric("auc"), found.metric("logLoss")
    assert auc is not None
    assert auc.champion == pytest.approx(area, abs=1e-6)
    assert loss is not None
    assert loss.champion == pytest.approx(sklearn_metrics.log_loss(label, probabilities), rel=1e-4)
    assert loss.regression_low is not None
    assert loss.regression_low > 0


def sliced(check: dict[str, Any]) -> GateTerms:
    return GateTerms(checks=[CheckTerms.model_validate({"metric": "mae", **check})])


def test_checks_on_slices_are_measured(good: Contender, bad: Contender) -> None:
    holdout = Rows(inputs={"X": X}, label=Y, slices={"half": X[:, 0] > 0, "third": X[:, 1] > 1})
    check = {"slice": {"column": "third", "minRows": 30}, "maxGap": "1", "maxRegression": "0"}
    found = evaluate(holdout, bad, good, sliced(check))
    assert {each.name for each in found.slices} == {"half", "third"}
    [gap] = found.gaps
    assert (gap.column, gap.metric.metric, gap.metric.not_judged) == ("third", "mae", 0)
    assert gap.metric.candidate is not None


def test_a_slice_column_that_is_missing_is_named(good: Contender) -> None:
    holdout = Rows(inputs={"X": X}, label=Y, slices={"half": X[:, 0] > 0})
    with pytest.raises(RowsError, match="no array 'slice:sex'; its slice columns: half"):
        evaluate(holdout, good, gate=sliced({"slice": {"column": "sex"}, "max": "1"}))
    with pytest.raises(RowsError, match="its slice columns: none"):
        evaluate(Rows(inputs={"X": X}, label=Y), good, gate=sliced({"slice": {"column": "sex"}, "max": "1"}))


def test_more_columns_than_there_is_time_for_are_named(good: Contender) -> None:
    columns = {str(number): X[:, 0] > 0 for number in range(10)}
    found = evaluate(
        Rows(inputs={"X": X}, label=Y, slices=columns),
        good,
        gate=sliced({"slice": {"column": "9"}, "max": "9"}),
    )
    assert found.columns_left_out == ["7", "8"]
    assert {each.name for each in found.slices} == {*"01234569"}


def test_rankings_are_judged_by_query(good: Contender, bad: Contender) -> None:
    relevance = np.digitize(Y, [-1, 0, 1])
    holdout = Rows(inputs={"X": X}, label=relevance, group=np.arange(400) // 20)
    found = evaluate(holdout, bad, good, asking("ndcgAt10"))
    assert found.task == Task.RANKING
    gain = found.metric("ndcgAt10")
    assert gain is not None
    assert gain.candidate == gain.champion, "a fifth of every score ranks alike"
    assert (gain.regression_low, gain.regression_high) == (0, 0)
    assert evaluate(holdout, good, declared_task="Ranking").metric("mae") is None


def test_one_group_gives_points_without_an_interval(good: Contender, bad: Contender) -> None:
    found = evaluate(Rows(inputs={"X": X}, label=Y, group=np.zeros(400, dtype=int)), bad, good).metric("mae")
    assert found is not None
    assert found.regression is not None
    assert found.regression_low is None


@pytest.mark.parametrize(
    ("label", "requested", "message"),
    [
        pytest.param(None, [], "no array 'label'", id="no labels"),
        pytest.param(Y, ["speed"], "no metric 'speed'", id="unknown"),
        pytest.param(Y, ["mae", "auc"], "not all for the same task", id="both tasks"),
        pytest.param(Y.astype(str), [], "needs numbers", id="texts for a regression"),
        pytest.param(np.ones(400), ["r2"], "metric 'r2' is not defined", id="constant"),
        pytest.param(TRUE_CLASS * 0, ["auc"], "metric 'auc' is not defined", id="one class"),
        pytest.param(Y, ["ndcgAt10"], "a ranking needs an array 'group'", id="ranking without queries"),
        pytest.param(Y, ["accuracy"], "'label' holds fractions", id="fractions for classes"),
    ],
)
def test_holdouts_that_cannot_be_judged_are_refused(
    good: Contender, label: Any, requested: list[str], message: str
) -> None:
    with pytest.raises(RowsError, match=message):
        evaluate(Rows(inputs={"X": X}, label=label), good, gate=asking(*requested))


def test_rates_need_two_classes() -> None:
    label = np.digitize(Y, [-1, 1])
    model = Contender(session(LogisticRegression().fit(X, label)), 1)
    with pytest.raises(RowsError, match="for rates two classes"):
        evaluate(Rows(inputs={"X": X}, label=label), model, gate=asking("selectionRate"))


def test_a_model_that_fails_on_the_holdout_is_named(good: Contender) -> None:
    with pytest.raises(ModelError, match="inference failed"):
        evaluate(Rows(inputs={"X": X[:, :2]}, label=Y), good)


def test_models_of_fixed_size_run_in_filled_batches() -> None:
    fixed = graph(helper.make_node("Neg", ["X"], ["y"]), TensorProto.FLOAT, [64, 3], [64, 3])
    assert run_rows(fixed, {"X": X})["y"].tolist() == (-X).tolist()


def test_outputs_without_an_entry_per_row_are_refused() -> None:
    total = graph(helper.make_node("ReduceSum", ["X"], ["y"], keepdims=0), TensorProto.FLOAT, [None, 3], [])
    with pytest.raises(ModelError, match="not one entry for each of 400 rows"):
        run_rows(total, {"X": X})


def test_every_metric_has_a_direction() -> None:
    assert METRICS["mae"].regression(champion=1.0, candidate=3.0) == 2
    assert METRICS["auc"].regression(champion=0.9, candidate=0.8) == pytest.approx(0.1)
