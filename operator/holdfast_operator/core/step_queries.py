"""Judgement of a step by figures of a Prometheus, which the author of the rollout asks for."""

import math
import re
from collections.abc import Mapping
from typing import Literal

from holdfast_operator.api.rollout import StepResult
from holdfast_operator.api.step_query import PLACES, StepQuery
from holdfast_operator.core.step_evidence import QueryAnswer

_PLACE = re.compile(r"\$\((" + "|".join(PLACES) + r")\)")
NOT_ASKED = QueryAnswer(
    None, "Prometheus was not asked yet; the operator's chart needs prometheus.url and prometheus.queries"
)


def fill_in(query: StepQuery, places: Mapping[str, str]) -> str:
    """Return the PromQL with the names of objects, none of which can end a string, in their places."""
    return _PLACE.sub(lambda found: places[found[1]], query.query)


def judge_query(query: StepQuery, answer: QueryAnswer | None) -> StepResult:
    """Return Pass within the bounds, Fail beyond them, and Inconclusive where there is no number.

    The bounds are compared with the number as it is: how sure it is, the query has to see to.
    """
    answer = answer or NOT_ASKED
    bounds = (("min", query.min), ("max", query.max))
    return StepResult(
        metric=f"query {query.name}",
        candidate=None if answer.value is None else f"{answer.value:.6g}",
        threshold=", ".join(f"{name} {bound}" for name, bound in bounds if bound is not None),
        outcome=_outcome(query, answer.value),
        message=answer.message[:512],
    )


def _outcome(query: StepQuery, value: float | None) -> Literal["Pass", "Fail", "Inconclusive"]:
    if value is None or math.isnan(value):
        return "Inconclusive"
    low = -math.inf if query.min is None else float(query.min)
    high = math.inf if query.max is None else float(query.max)
    return "Pass" if low <= value <= high else "Fail"
