"""What outputs of models mean, and which metrics they define."""

import numpy as np
import pytest

from holdfast.evaluation_metrics import Task
from holdfast.predictions import Predictions, classifications, comparable, quantities, task_of
from holdfast.results import TensorSignature
from holdfast.rows import RowsError
from holdfast.scores import score
from holdfast.signature import Signature


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
