"""Evidence of steps, for tests."""

import math
from dataclasses import replace
from typing import Any

from holdfast.profile import NumericColumn
from holdfast_operator.core.step_evidence import RevisionEvidence, StepEvidence
from tests.unit.operator.core.builders import START

FAST = {0.01: 980, 0.05: 20, math.inf: 0}
SLOW = {0.01: 100, 0.05: 100, 1.0: 800, math.inf: 0}


def revision(**counted: Any) -> RevisionEvidence:
    """Return what a revision without a fault has counted in 1,000 requests, but for what is given."""
    return replace(RevisionEvidence(requests=1000, latency=FAST, rows=1000), **counted)


def evidence(champion: RevisionEvidence | None = None, **candidate: Any) -> StepEvidence:
    """Return both revisions; the candidate as the champion, but for what is given."""
    return StepEvidence(START, champion or revision(), revision(**candidate))


def output(*counts: int, edges: tuple[float, ...] = (1.0, 2.0, 3.0)) -> dict[str, NumericColumn]:
    """Return the one output of a model, counted in these bins."""
    column = NumericColumn(
        kind="output", name="score", tensor="score", missing=0, counts=counts, edges=edges,
        minimum=0.0, maximum=4.0, median=2.0,
    )  # fmt: skip
    return {"score": column}
