"""Labels that come back: exact sums by revision and slice, and a clear refusal of everything else."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from holdfast.metrics import (
    CORRECT_ROWS,
    ERROR_ROWS,
    ERROR_SCALE,
    ERROR_SUM,
    FEEDBACK,
    LABELLED_ROWS,
    SQUARED_ERROR_SUM,
)
from holdfast_serving.feedback import inbox
from holdfast_serving.feedback.inbox import FeedbackError
from holdfast_serving.feedback.label_counters import SPARE_REVISIONS
from holdfast_serving.feedback.label_metrics import KEPT_PREFIXES
from holdfast_serving.feedback.prediction_ids import MAX_SLICES
from holdfast_serving.telemetry.metric_memory import MetricMemory
from holdfast_serving.telemetry.metric_store import MetricStore
from tests.unit.serving.feedback.served_feedback import served
from tests.unit.serving.trained_models import diabetes_model, wine_columns_model, wine_model

ALL = {"slice": "", "value": ""}


def test_right_and_wrong_classes_add_up() -> None:
    server = served(wine_model())
    right = wine_model().session().run({"X": wine_model().rows["X"][:50]})["label"].tolist()
    labels: list[Any] = [*right[:40], *[(each + 1) % 3 for each in right[40:]]]
    outcome = server.accept(server.first(50), labels)
    assert outcome.document() == {"result": "accepted", "revision": "m-1", "rows": 50}
    assert server.value(LABELLED_ROWS, **ALL) == 50
    assert server.value(CORRECT_ROWS, **ALL) == 40
    assert server.samples(ERROR_SUM) == {}


@pytest.mark.parametrize("wrap", [str, float, lambda label: label])
def test_a_class_is_the_same_as_a_text_or_a_number(wrap: Any) -> None:
    server = served(wine_model())
    right = wine_model().session().run({"X": wine_model().rows["X"][:3]})["label"].tolist()
    server.accept(server.first(3), [wrap(label) for label in right])
    assert server.value(CORRECT_ROWS, **ALL) == 3


@given(st.lists(st.floats(-1e6, 1e6) | st.integers(-1000, 1000) | st.none(), min_size=10, max_size=10))
@settings(max_examples=30, deadline=None)
def test_sums_and_bins_of_a_regression_are_exact(labels: list[Any]) -> None:
    server = served(diabetes_model())
    identifier = server.first(10)
    predicted = diabetes_model().session().run({"X": diabetes_model().rows["X"][:10]})["variable"].ravel()
    given = [
        (float(value), label) for value, label in zip(predicted, labels, strict=True) if label is not None
    ]
    errors = np.array([value - label for value, label in given])
    assert server.accept(identifier, labels).rows == len(errors)
    assert server.value(LABELLED_ROWS, **ALL) == len(errors)
    assert server.value(ERROR_SUM, direction="over", **ALL) == errors[errors > 0].sum()
    assert server.value(ERROR_SUM, direction="under", **ALL) == -errors[errors < 0].sum()
    assert server.value(SQUARED_ERROR_SUM, **ALL) == (errors**2).sum()
    bins = server.samples(ERROR_ROWS, revision="m-1", model="m")
    assert sum(bins.values()) == len(errors)
    assert sum(count for (side, _), count in bins.items() if side == "over") == (errors >= 0).sum()
    within = sum(count for (_, position), count in bins.items() if int(position) < 4)
    scale = server.value(ERROR_SCALE)
    assert within == (np.abs(errors) / scale <= 0.1).sum()
    assert server.samples(CORRECT_ROWS) == {}


def test_slices_add_up_to_all_rows() -> None:
    model = wine_columns_model()
    server = served(model, feedback_slices="alcohol, region, unknown")
    rows = {name: values[:100].copy() for name, values in model.rows.items()}
    rows["alcohol"][:5] = np.nan
    identifier, outputs = server.answer(rows)
    assert identifier is not None
    labels = [None, *outputs["label"].tolist()[1:90], *["?"] * 10]
    assert server.accept(identifier, labels).rows == 99
    for metric in (LABELLED_ROWS, CORRECT_ROWS):
        whole = server.value(metric, **ALL)
        for name in ("alcohol", "region"):
            assert sum(server.samples(metric, slice=name).values()) == whole
    assert server.value(CORRECT_ROWS, **ALL) == 89
    assert server.value(LABELLED_ROWS, slice="alcohol", value="missing") == 4
    north = int((rows["region"][1:] == "north").sum())
    assert north in server.samples(LABELLED_ROWS, slice="region").values()


def test_single_rows_are_sliced_like_batches() -> None:
    model = wine_columns_model()
    one_by_one, together = (served(model, feedback_slices="alcohol,vintage,region") for _ in range(2))
    for row in range(30):
        identifier, _ = one_by_one.answer(
            {name: values[row : row + 1] for name, values in model.rows.items()}
        )
        assert identifier is not None
        one_by_one.accept(identifier, [0])
    together.accept(together.first(30), [0] * 30)
    for metric in (LABELLED_ROWS, CORRECT_ROWS):
        assert one_by_one.samples(metric) == together.samples(metric)


def test_labels_for_another_revision_count_there_with_its_own_scale() -> None:
    old, new = served(diabetes_model(), "m-1"), served(wine_model(), "m-2")
    identifier = old.first(4)
    assert new.accept(identifier, [0.0] * 4).revision == "m-1"
    assert new.value(LABELLED_ROWS, revision="m-1", **ALL) == 4
    assert new.value(LABELLED_ROWS, revision="m-2", **ALL) == 0
    assert new.value(ERROR_SCALE, revision="m-1") == old.value(ERROR_SCALE)
    assert new.samples(CORRECT_ROWS, revision="m-1") == {}
    old.accept(identifier, [0.0] * 4)
    assert new.samples(ERROR_ROWS, revision="m-1") == old.samples(ERROR_ROWS, revision="m-1")


def test_other_revisions_are_bounded_and_the_one_idle_for_longest_ends() -> None:
    server = served(wine_model(), "m-now")
    others = [served(wine_model(), f"m-{number}") for number in range(SPARE_REVISIONS + 1)]
    for other in others[:-1]:
        server.accept(other.first(2), [0, 0])
    server.accept(others[0].first(2), [0, 0])
    server.accept(others[-1].first(2), [0, 0])
    counted = server.samples(LABELLED_ROWS, model="m", **ALL)
    assert counted == {("m-now",): 0, ("m-0",): 4, ("m-2",): 2, ("m-3",): 2, ("m-4",): 2}


def test_slices_of_a_revision_that_slices_otherwise_are_left_out() -> None:
    old = served(wine_model(), "m-1", feedback_slices="alcohol")
    new = served(wine_model(), "m-2", feedback_slices="ash")
    new.accept(old.first(5), [0] * 5)
    assert new.value(LABELLED_ROWS, revision="m-1", **ALL) == 5
    assert sum(new.samples(LABELLED_ROWS, revision="m-1", slice="ash").values()) == 0


def test_counts_of_two_workers_add_up_and_outlive_them() -> None:
    memory, descriptor = MetricMemory.create(2)
    first, second = (
        served(wine_model(), store=MetricStore(MetricMemory.open(descriptor, slot))) for slot in range(2)
    )
    other = served(wine_model(), "m-0")
    first.accept(first.first(3), [0] * 3)
    second.accept(first.first(2), [0] * 2)
    second.accept(other.first(1), [0])
    memory.vacate(1)
    assert first.value(LABELLED_ROWS, revision="m-1", **ALL) == 5
    assert first.value(LABELLED_ROWS, revision="m-0", **ALL) == 1
    successor = served(wine_model(), store=MetricStore(MetricMemory.open(descriptor, 1)))
    successor.accept(other.first(1), [0])
    assert first.value(LABELLED_ROWS, revision="m-0", **ALL) == 2
    assert first.value(LABELLED_ROWS, revision="m-1", **ALL) == 5


@pytest.mark.parametrize(
    ("labels", "error"),
    [
        pytest.param([1.0], "2 rows, but 1 labels", id="too few"),
        pytest.param([1.0, 2.0, 3.0], "2 rows, but 3 labels", id="too many"),
        pytest.param([1.0, "2"], "a number of at most", id="a text"),
        pytest.param([1.0, True], "a number of at most", id="a truth value"),
        pytest.param([1.0, float("nan")], "a number of at most", id="not a number"),
        pytest.param([1.0, 10**400], "a number of at most", id="beyond all floats"),
        pytest.param([1.0, [2.0]], "a number of at most", id="a list"),
    ],
)
def test_labels_that_do_not_fit_are_refused_and_count_nothing(labels: list[Any], error: str) -> None:
    server = served(diabetes_model())
    outcome = server.accept(server.first(2), labels)
    assert (outcome.result, outcome.status) == ("wrong_labels", 422)
    assert error in outcome.document()["error"]
    assert server.value(LABELLED_ROWS, **ALL) == 0


def test_predictions_that_are_no_number_are_not_scored() -> None:
    server = served(diabetes_model())
    rows = {"X": diabetes_model().rows["X"][:3].copy()}
    rows["X"][0] = np.nan
    identifier, outputs = server.answer(rows)
    assert np.isnan(outputs["variable"][0])
    assert identifier is not None
    assert server.accept(identifier, [1.0] * 3).rows == 2
    assert np.isfinite(server.value(SQUARED_ERROR_SUM, **ALL))


def test_the_label_of_a_class_must_be_a_value() -> None:
    server = served(wine_model())
    assert "must be a text" in server.accept(server.first(1), [{"class": 1}]).error


def test_an_id_counts_once_and_may_be_sent_again_after_a_refusal() -> None:
    server = served(wine_model())
    identifier = server.first(1)
    results = [server.accept(identifier, labels).result for labels in ([], [0], [0])]
    assert results == ["wrong_labels", "accepted", "duplicate"]
    assert server.value(LABELLED_ROWS, **ALL) == 1


def test_equal_answers_of_the_same_second_have_ids_of_their_own() -> None:
    server = served(wine_model())
    assert (
        server.accept(server.first(1), [0]).result == server.accept(server.first(1), [0]).result == "accepted"
    )


def test_what_came_back_long_ago_is_forgotten_for_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inbox, "REMEMBERED", 2)
    server = served(wine_model())
    identifiers = [server.first(1) for _ in range(4)]
    for identifier in identifiers:
        server.accept(identifier, [0])
    assert server.accept(identifiers[-1], [0]).result == "duplicate"
    assert server.accept(identifiers[0], [0]).result == "accepted"


@pytest.mark.parametrize(("days", "result"), [(29.9, "accepted"), (30.1, "expired")])
def test_labels_may_be_days_late(days: float, result: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server = served(wine_model())
    identifier = server.first(1)
    later = server.loop.inbox._now() + days * 86_400  # moves this inbox's clock
    monkeypatch.setattr(server.loop.inbox, "_now", lambda: later)
    assert server.accept(identifier, [0]).result == result


def test_an_id_of_another_secret_is_forged() -> None:
    stranger = served(wine_model(), feedback_key="another secret, as long")
    outcome = served(wine_model()).accept(stranger.first(1), [0])
    assert (outcome.result, outcome.status) == ("forged", 403)


def test_items_fail_one_by_one_and_results_are_counted() -> None:
    server = served(wine_model())
    outcomes = server.loop.inbox.accept(
        {
            "feedback": [
                {"prediction_id": server.first(1), "labels": [0]},
                {"prediction_id": "x", "labels": [0]},
                {"prediction_id": server.first(2), "labels": [0]},
                {"prediction_id": server.first(1)},
                {"labels": [0]},
                "text",
            ]
        }
    )
    results = [outcome.result for outcome in outcomes]
    assert results == ["accepted", "malformed", *["wrong_labels"] * 2, *["malformed"] * 2]
    counted = server.samples(FEEDBACK, model="m", revision="m-1")
    assert counted[("accepted",)] == 1
    assert counted[("malformed",)] == 3
    assert counted[("wrong_labels",)] == 2


@pytest.mark.parametrize("document", [None, [], {"feedback": []}, {"feedback": {}}, {"feedback": [1] * 1001}])
def test_documents_that_are_no_feedback_are_refused(document: Any) -> None:
    with pytest.raises(FeedbackError):
        served(wine_model()).loop.inbox.accept(document)


def test_labels_are_sliced_by_eight_features_at_most(caplog: pytest.LogCaptureFixture) -> None:
    names = wine_model().feature_names["X"]
    server = served(wine_model(), feedback_slices=",".join(names))
    server.accept(server.first(3), [0] * 3)
    slices = {name for name, _ in server.samples(LABELLED_ROWS, model="m", revision="m-1")}
    assert slices == {"", *names[:MAX_SLICES]}
    assert "first 8 features" in caplog.text


def test_series_of_many_revisions_that_came_and_went_are_not_remembered() -> None:
    server = served(wine_model(), "m-now")
    for number in range(KEPT_PREFIXES):
        server.accept(served(wine_model(), f"m-{number}").first(1), [0])
        assert server.value(LABELLED_ROWS, revision=f"m-{number}", **ALL) == 1
