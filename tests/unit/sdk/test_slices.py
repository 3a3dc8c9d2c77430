"""Slices of a holdout: which values are judged, and their metrics against scikit-learn and Fairlearn."""

from typing import Any

import numpy as np
import pytest
from fairlearn import metrics as fairlearn_metrics
from sklearn import metrics as sklearn_metrics

from holdfast.answers import Answers
from holdfast.bootstrap import group_weights
from holdfast.evaluation_metrics import Task
from holdfast.gaps import compare_gap
from holdfast.gate_terms import CheckTerms
from holdfast.predictions import Predictions
from holdfast.slices import ColumnFigures, SliceColumn

RNG = np.random.default_rng(23)
ROWS = 4_000
SEX = RNG.choice(["F", "M", "X"], ROWS, p=[0.4, 0.59, 0.01])
CHANCE = np.where(SEX == "F", 0.2, 0.4)
TRUTH = (RNG.random(ROWS) < CHANCE).astype(np.int64)
FEW = {"metric": "accuracy", "slice": {"column": "sex"}, "maxGap": "0.1"}


def predicted(flipped: float, among: Any = True, seed: int = 1) -> Predictions:
    """Return the truth with a share of it turned around, where ``among`` says so."""
    generator = np.random.default_rng(seed)
    turned = (generator.random(ROWS) < flipped) & among
    labels = np.where(turned, 1 - TRUTH, TRUTH)
    chance = np.clip(labels * 0.6 + 0.2 + generator.normal(0, 0.05, ROWS), 0.01, 0.99)
    return Predictions(
        labels=labels,
        scores=np.column_stack([1 - chance, chance]),
        classes=np.array([0, 1]),
        positive=1,
    )


def figures(candidate: Predictions, champion: Predictions | None = None, column: Any = SEX) -> ColumnFigures:
    answers = Answers(Task.CLASSIFICATION, TRUTH, candidate, champion, np.arange(ROWS) % 1_500)
    return ColumnFigures(SliceColumn.of("sex", column, ()), answers)


def test_every_value_has_the_metrics_of_its_rows() -> None:
    candidate = predicted(0.3)
    found = figures(candidate, predicted(0.2, seed=2)).comparisons(["accuracy", "f1", "auc"])
    assert [each.value for each in found] == ["F", "M", "X"]
    assert sum(each.rows for each in found) == ROWS
    for each in found:
        rows = each.value == SEX
        accuracy, loss, auc = each.metric("accuracy"), each.metric("logLoss"), each.metric("auc")
        labels = np.asarray(candidate.labels)[rows]
        assert accuracy is not None
        assert accuracy.candidate == pytest.approx(sklearn_metrics.accuracy_score(TRUTH[rows], labels))
        assert accuracy.regression_low is not None
        assert accuracy.regression_high is not None
        assert accuracy.regression is not None
        assert accuracy.regression_low < accuracy.regression < accuracy.regression_high
        assert loss is not None
        assert loss.regression_low is None, "no interval was asked for"
        assert auc is not None
        few = min(np.bincount(TRUTH[rows])) < 10
        assert (auc.regression_low is None) == few
        assert each.made_of["auc"] == (0 if few else each.rows)
        assert each.made_of["truePositiveRate"] == (0 if few else TRUTH[rows].sum())


def test_replicates_of_a_slice_are_those_of_its_rows_in_the_same_resamples() -> None:
    candidate = predicted(0.3)
    found = figures(candidate)
    values = found.replicates("accuracy", 0)
    group = found.answers.group
    for resample in (0, 999):
        drawn = group_weights(1_500)[resample][group]
        right = candidate.labels == TRUTH
        for number, value in enumerate(found.column.values):
            weight = drawn * (value == SEX)
            assert values[number, resample] == pytest.approx((weight * right).sum() / weight.sum())
    assert found.replicates("accuracy", 0) is values


def test_many_values_leave_the_rarest_out_and_say_so() -> None:
    column = np.r_[np.repeat(np.arange(25), 100), np.full(ROWS - 2_500, 99)]
    kept = SliceColumn.of("age", column, ["9", "no such age"])
    assert len(kept.values) == 22
    assert {"9", "99", "no such age"} <= set(kept.values)
    assert (kept.other_values, kept.other_rows) == (5, 500)
    found = figures(predicted(0.1), column=column).comparisons([])
    assert (found[-1].value, found[-1].rows, found[-1].metric("accuracy")) == ("6 other values", 600, None)


def test_without_a_champion_slices_have_no_regression() -> None:
    found = figures(predicted(0.3)).comparisons(["accuracy"])
    assert all(metric.regression is None for each in found for metric in each.metrics)


def test_a_metric_that_a_champion_does_not_define_has_no_interval() -> None:
    labels_only = Predictions(labels=TRUTH, positive=1)
    [female, *_] = figures(predicted(0.3), labels_only).comparisons(["logLoss", "accuracy"])
    loss, accuracy = female.metric("logLoss"), female.metric("accuracy")
    assert loss is not None
    assert (loss.champion, loss.regression_low) == (None, None)
    assert accuracy is not None
    assert accuracy.regression_low is not None
    [female, *_] = figures(labels_only, predicted(0.3)).comparisons(["logLoss"])
    assert female.metric("logLoss") is None


def compared(check: dict[str, Any], candidate: Predictions, champion: Predictions | None) -> Any:
    terms = CheckTerms.model_validate(check)
    assert terms.slice is not None
    return compare_gap(terms, terms.slice, figures(candidate, champion)).metric


@pytest.mark.parametrize("metric", ["demographicParityDifference", "equalizedOddsDifference"])
def test_gaps_of_both_models_are_those_of_fairlearn(metric: str) -> None:
    candidate, champion = predicted(0.3, SEX == "F"), predicted(0.05, seed=2)
    check = {"metric": metric, "slice": {"column": "sex", "values": ["F", "M"]}, "max": "0.1"}
    found = compared(check, candidate, champion)
    rows = SEX != "X"
    name = {"demographicParityDifference": "demographic_parity_difference"}.get(
        metric, "equalized_odds_difference"
    )
    by_fairlearn = getattr(fairlearn_metrics, name)
    for value, model in ((found.candidate, candidate), (found.champion, champion)):
        labels = np.asarray(model.labels)[rows]
        expected = by_fairlearn(TRUTH[rows], labels, sensitive_features=SEX[rows])
        assert value == pytest.approx(expected)
    assert found.low < found.candidate < found.high
    assert found.not_judged == 0


def test_a_gap_of_any_metric_says_where_it_is_and_how_much_it_has_grown() -> None:
    candidate, champion = predicted(0.3, SEX == "F"), predicted(0.05, seed=2)
    found = compared(FEW, candidate, champion)
    (lowest, low), (highest, high) = found.lowest, found.highest
    assert (lowest, highest) == ("F", "M")
    assert high - low == pytest.approx(found.candidate)
    assert found.candidate == pytest.approx(0.3, abs=0.03)
    assert 0.2 < found.low < found.candidate < found.high < 0.4
    assert 0.2 < found.increase_low < found.candidate - found.champion < found.increase_high
    assert found.not_judged == 1, "X has about 40 rows, less than 100"
    alone = compared(FEW, candidate, None)
    assert (alone.champion, alone.increase_low) == (None, None)


def test_the_odds_of_the_rate_that_differs_most_are_named() -> None:
    missing = predicted(0.4, (SEX == "F") & (TRUTH == 1))
    check = {"metric": "equalizedOddsDifference", "slice": {"column": "sex"}, "max": "0.1"}
    found = compared(check, missing, None)
    assert (found.rate, found.lowest[0], found.highest[0]) == ("truePositiveRate", "F", "M")


@pytest.mark.parametrize(
    ("terms", "metric", "not_judged"),
    [
        pytest.param({"values": ["X", "F"]}, "accuracy", 1, id="one-is-too-small"),
        pytest.param({"minRows": 3_000}, "accuracy", 3, id="all-are-too-small"),
        pytest.param({"minRows": 900}, "truePositiveRate", 2, id="too-few-of-a-class"),
    ],
)
def test_fewer_than_two_slices_have_no_gap(terms: dict[str, Any], metric: str, not_judged: int) -> None:
    check = FEW | {"metric": metric, "slice": {"column": "sex"} | terms}
    found = compared(check, predicted(0.3), predicted(0.2))
    assert (found.candidate, found.low, found.not_judged) == (None, None, not_judged)


def test_values_that_are_left_out_are_not_judged() -> None:
    column = np.arange(ROWS) % 30
    terms = CheckTerms.model_validate(FEW)
    assert terms.slice is not None
    found = compare_gap(terms, terms.slice, figures(predicted(0.2), column=column)).metric
    assert found.not_judged == 10
    assert found.candidate is not None


def test_a_gap_without_an_interval_stays_undecided() -> None:
    answers = Answers(Task.CLASSIFICATION, TRUTH, predicted(0.3), predicted(0.2), np.zeros(ROWS, dtype=int))
    one_group = ColumnFigures(SliceColumn.of("sex", SEX, ()), answers)
    terms = CheckTerms.model_validate(FEW)
    assert terms.slice is not None
    found = compare_gap(terms, terms.slice, one_group).metric
    assert found.candidate is not None
    assert (found.low, found.high, found.increase_low) == (None, None, None)
