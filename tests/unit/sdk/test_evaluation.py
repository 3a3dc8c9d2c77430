"""Judging candidates: metrics as scikit-learn has them, and intervals that hold what they promise."""

from typing import Any

import numpy as np
import pytest
from holdfast.batches import run_rows
from holdfast.bootstrap import MAX_GROUPS, group_weights, interval, merged
from holdfast.evaluation import Contender, evaluate
from holdfast.evaluation_metrics import ACCURACY_METRICS, METRICS, Task
from holdfast.failures import ModelError
from holdfast.onnx import Session
from holdfast.predictions import Predictions, classifications, comparable, quantities, task_of
from holdfast.replicates import replicate
from holdfast.results import TensorSignature
from holdfast.rows import Rows, RowsError
from holdfast.scores import score
from holdfast.signature import Signature
from onnx import TensorProto, helper
from skl2onnx import to_onnx
from sklearn import metrics as sklearn_metrics
from sklearn.linear_model import LinearRegression, LogisticRegression

RNG = np.random.default_rng(5)
X = RNG.normal(size=(400, 3)).astype(np.float32)
Y = X @ np.array([1.0, -2.0, 0.5]) + RNG.normal(size=400)
TRUE_CLASS = (Y > 0).astype(np.int64)
ONES = np.ones((1, 400))


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
    found = evaluate(holdout, candidate=bad, champion=good, requested=["mae", "packageBytes"])
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
        holdout, Contender(session(bad_model), 1), Contender(session(good_model), 1), ["auc", "logLoss", "f1"]
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


CASES = {
    "two": Predictions(
        labels=(X[:, 0] > 0).astype(np.int64),
        scores=np.column_stack([1 - 1 / (1 + np.exp(-X[:, 0])), 1 / (1 + np.exp(-X[:, 0]))]).astype(
            np.float64
        ),
        classes=np.array([0, 1]),
    ),
    "three": Predictions(
        labels=np.digitize(X[:, 0], [-0.5, 0.5]),
        scores=np.round(RNG.dirichlet([1.0, 1.0, 1.0], 400), 2) + 0.01,
        classes=np.array([0, 1, 2]),
    ),
}
TRUTHS = {"two": TRUE_CLASS, "three": np.digitize(Y, [-1, 1])}


@pytest.mark.parametrize("case", sorted(CASES))
@pytest.mark.parametrize(
    "name", sorted(each for each in ACCURACY_METRICS if METRICS[each].tasks != METRICS["mae"].tasks)
)
def test_replicates_are_the_scikit_learn_metric_of_the_drawn_rows(case: str, name: str) -> None:
    check_replicates(name, TRUTHS[case], CASES[case])


@pytest.mark.parametrize("name", ["mae", "rmse", "r2"])
def test_replicates_of_regressions_are_the_scikit_learn_metric(name: str) -> None:
    check_replicates(name, Y, Predictions(values=Y * 0.8 + RNG.normal(size=400)))


def check_replicates(name: str, truth: Any, predictions: Predictions) -> None:
    group = np.arange(400) // 16
    values = replicate(name, truth, predictions, group)
    weights = np.concatenate(list(group_weights(25)))
    assert values.shape == (1_000,)
    for each in (0, 1, 500, 999):
        drawn = np.repeat(np.arange(400), weights[each][group].astype(int))
        part = Predictions(
            values=None if predictions.values is None else predictions.values[drawn],
            labels=None if predictions.labels is None else predictions.labels[drawn],
            scores=None if predictions.scores is None else predictions.scores[drawn],
            classes=predictions.classes,
        )
        expected = score(name, truth[drawn], part)
        assert expected is None or values[each] == pytest.approx(expected, rel=1e-9)


def test_batches_do_not_change_what_is_drawn() -> None:
    whole = np.concatenate(list(group_weights(50, 100)))
    parts = np.concatenate(list(group_weights(50, 100, row_cells=100_000)))
    assert (whole == parts).all()
    assert (whole.sum(axis=1) == 50).all()


def test_many_groups_are_merged_evenly() -> None:
    group = np.arange(5_000)
    blocks = merged(group)
    assert len(np.unique(blocks)) == MAX_GROUPS
    assert np.bincount(blocks).max() == 3
    few = np.array([0, 1, 1])
    assert merged(few) is few


def test_intervals_hold_the_truth_as_often_as_they_say() -> None:
    generator = np.random.default_rng(17)
    hits = 0
    for _ in range(300):
        difference = generator.normal(1.0, 1.0, 12)
        replicates = np.concatenate([weights @ difference / 12 for weights in group_weights(12)])
        bounds = interval(replicates, 12)
        assert bounds is not None
        hits += bounds[0] <= 1.0 <= bounds[1]
    assert hits / 300 == pytest.approx(0.95, abs=0.04)


@pytest.mark.parametrize(
    ("replicates", "groups"),
    [
        pytest.param(np.ones(100), 1, id="one group"),
        pytest.param(np.full(100, np.nan), 9, id="never defined"),
        pytest.param(np.r_[np.full(60, np.nan), np.ones(40)], 9, id="mostly undefined"),
    ],
)
def test_without_evidence_there_is_no_interval(replicates: Any, groups: int) -> None:
    assert interval(replicates, groups) is None


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
    ],
)
def test_holdouts_that_cannot_be_judged_are_refused(
    good: Contender, label: Any, requested: list[str], message: str
) -> None:
    with pytest.raises(RowsError, match=message):
        evaluate(Rows(inputs={"X": X}, label=label), good, requested=requested)


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


def outputs(*tensors: tuple[str, str, list[int]]) -> Signature:
    return Signature(
        inputs=(),
        outputs=tuple(
            TensorSignature(name=name, datatype=kind, shape=shape) for name, kind, shape in tensors
        ),
    )


@pytest.mark.parametrize(
    ("signature", "requested", "task"),
    [
        (outputs(("y", "FP32", [-1, 1])), [], Task.REGRESSION),
        (outputs(("y", "FP32", [-1])), ["packageBytes"], Task.REGRESSION),
        (outputs(("y", "FP32", [-1, 1])), ["auc"], Task.CLASSIFICATION),
        (outputs(("y", "FP32", [-1, 3])), [], Task.CLASSIFICATION),
        (outputs(("label", "INT64", [-1]), ("p", "FP32", [-1, 2])), [], Task.CLASSIFICATION),
        (outputs(("label", "BYTES", [-1, 1])), [], Task.CLASSIFICATION),
        (outputs(("count", "INT64", [-1])), ["mae"], Task.REGRESSION),
    ],
)
def test_the_task_follows_from_metrics_and_outputs(
    signature: Signature, requested: list[str], task: Task
) -> None:
    assert task_of(signature, requested) == task


def test_quantities_are_the_first_single_number_output() -> None:
    signature = outputs(("table", "FP32", [-1, 2]), ("y", "FP32", [-1, 1]))
    found = quantities(signature, {"table": np.zeros((2, 2)), "y": np.array([[1.0], [2.0]])})
    assert found.values is not None
    assert found.values.tolist() == [1, 2]
    with pytest.raises(RowsError, match="one number per row"):
        quantities(outputs(("table", "FP32", [-1, 2])), {"table": np.zeros((2, 2))})


def test_a_single_score_is_that_of_the_second_class() -> None:
    signature = outputs(("p", "FP32", [-1, 1]))
    found = classifications(
        signature, {"p": np.array([[0.2], [0.9]], dtype=np.float32)}, np.array(["n", "y"])
    )
    assert found.labels is not None
    assert found.labels.tolist() == ["n", "y"]
    assert found.probabilities


def test_scores_alone_choose_the_best_class() -> None:
    signature = outputs(("p", "FP32", [-1, 3]))
    scores = {"p": np.array([[0.1, 0.7, 0.2]])}
    # Labels below the number of classes are their index, even if not every class occurs.
    found = classifications(signature, scores, np.array([1]))
    assert found.labels is not None
    assert found.labels.tolist() == [1]
    named = classifications(signature, scores, np.array(["b"]), classes=["a", "b", "c"])
    assert named.labels is not None
    assert named.labels.tolist() == ["b"]


def test_classes_that_nobody_names_leave_the_labels_only() -> None:
    signature = outputs(("label", "BYTES", [-1]), ("p", "FP32", [-1, 3]))
    given = {"label": np.array(["a", "b"], dtype=object), "p": np.full((2, 3), 1 / 3)}
    found = classifications(signature, given, np.array(["a", "a"]))
    assert found.scores is None
    assert not found.probabilities
    assert score("accuracy", np.array(["a", "a"]), found) == 0.5
    assert score("auc", np.array(["a", "a"]), found) is None
    with pytest.raises(RowsError, match="'classes' in metadata"):
        classifications(outputs(("p", "FP32", [-1, 3])), given, np.array(["a", "b"]))
    wrong = classifications(signature, given, np.array(["a", "a"]), classes=["a"])
    assert wrong.scores is None


def test_a_label_output_alone_has_no_scores() -> None:
    signature = outputs(("label", "INT64", [-1]))
    found = classifications(signature, {"label": np.array([1, 0])}, np.array([1, 1]))
    assert found.labels is not None
    assert found.scores is None
    with pytest.raises(RowsError, match="no output"):
        classifications(outputs(("image", "FP32", [-1, 2, 2])), {"image": np.zeros((1, 2, 2))}, np.array([1]))


def test_scores_that_are_no_probabilities_have_no_log_loss() -> None:
    logits = Predictions(
        labels=np.array([0, 1]), scores=np.array([[2.0, -1.0], [0.5, 3.0]]), classes=np.array([0, 1])
    )
    assert score("logLoss", np.array([0, 1]), logits) is None
    assert score("auc", np.array([0, 1]), logits) == 1


def test_labels_of_any_kind_are_comparable() -> None:
    assert comparable(np.array([b"a", "b"], dtype=object)).tolist() == ["a", "b"]
    assert comparable(np.array([True, False])).tolist() == [1, 0]
    assert comparable(np.array([1.0, 2.0])).dtype == np.int64
    assert comparable(np.array([1.5])).tolist() == [1.5]


def test_every_metric_has_a_direction() -> None:
    assert METRICS["mae"].regression(champion=1.0, candidate=3.0) == 2
    assert METRICS["auc"].regression(champion=0.9, candidate=0.8) == pytest.approx(0.1)
