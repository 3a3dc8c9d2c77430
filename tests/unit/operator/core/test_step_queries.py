"""Figures of a Prometheus are judged by their bounds; what is no number never decides."""

import math
from typing import Any

import pytest

from holdfast_operator.api.rollout import Analysis
from holdfast_operator.api.step_query import StepQuery
from holdfast_operator.core.step_evidence import QueryAnswer, StepEvidence
from holdfast_operator.core.step_judgement import judge_step
from holdfast_operator.core.step_queries import NOT_ASKED, fill_in
from tests.unit.operator.core.builders import START
from tests.unit.operator.core.step_evidences import evidence, revision

PLACES = {
    "namespace": "team",
    "name": "bikes",
    "candidate": "bikes-2",
    "champion": "bikes-1",
    "interval": "300s",
}


def orders(**bounds: str) -> StepQuery:
    return StepQuery(name="orders", query="sum(orders)", **bounds)


def with_answer(answer: QueryAnswer | None, **candidate: Any) -> StepEvidence:
    answers = {} if answer is None else {"orders": answer}
    return StepEvidence(START, revision(), evidence(**candidate).candidate, answers)


@pytest.mark.parametrize(
    ("query", "value", "outcome"),
    [
        pytest.param(orders(min="0.9"), 0.9, "Pass", id="at the lower bound"),
        pytest.param(orders(min="0.9"), 0.89, "Fail", id="below"),
        pytest.param(orders(max="2"), 2.0, "Pass", id="at the upper bound"),
        pytest.param(orders(max="2"), 2.1, "Fail", id="above"),
        pytest.param(orders(min="1", max="2"), 1.5, "Pass", id="between"),
        pytest.param(orders(min="1", max="2"), math.inf, "Fail", id="infinite"),
        pytest.param(orders(min="1"), math.nan, "Inconclusive", id="not a number"),
    ],
)
def test_figure_passes_within_its_bounds(query: StepQuery, value: float, outcome: str) -> None:
    judged = judge_step(Analysis(queries=[query]), with_answer(QueryAnswer(value)))
    assert judged.outcome == outcome
    assert (judged.checks[-1].metric, judged.checks[-1].outcome) == ("query orders", outcome)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (None, NOT_ASKED.message),
        (
            QueryAnswer(None, "the query has several values, not one number"),
            "query orders: the query has several values",
        ),
    ],
)
def test_query_without_a_number_holds_the_step_and_says_why(answer: QueryAnswer | None, why: str) -> None:
    judged = judge_step(Analysis(queries=[orders(min="1")]), with_answer(answer))
    assert judged.outcome == "Inconclusive"
    assert why in judged.message


def test_figure_beyond_its_bound_is_named_with_the_bound() -> None:
    judged = judge_step(Analysis(queries=[orders(min="0.9")]), with_answer(QueryAnswer(0.5)))
    assert judged.message == "query orders 0.5 (min 0.9)"


def test_good_figure_does_not_excuse_a_failing_check() -> None:
    judged = judge_step(Analysis(queries=[orders(min="0")]), with_answer(QueryAnswer(1.0), errors=500))
    assert judged.outcome == "Fail"


def test_bad_figure_decides_nothing_before_there_are_enough_requests() -> None:
    judged = judge_step(Analysis(queries=[orders(min="1")]), with_answer(QueryAnswer(0.0), requests=199))
    assert judged.outcome == "Inconclusive"


def test_names_of_both_revisions_are_put_into_the_query() -> None:
    asked = 'a{n="$(namespace)",d="$(name)",r=~"$(candidate)|$(champion)$"}[$(interval)]'
    filled = fill_in(StepQuery(name="q", query=asked, max="1"), PLACES)
    assert filled == 'a{n="team",d="bikes",r=~"bikes-2|bikes-1$"}[300s]'
