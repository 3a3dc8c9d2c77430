"""Documents of reports, readable: what is not said is as in a plain judgement that passes."""

from typing import Any

from holdfast.report.document import Check, Gap, Metric, ReportDocument, Slice
from holdfast.report.facts import Question, RunFacts

HOSTILE = (
    "</title></style><script>document.title='owned'</script><img src=https://evil.example/x onerror=alert(1)>"
)


def metric(
    name: str = "mae",
    candidate: float = 78.2,
    champion: float | None = 92.1,
    ends: tuple[float, float] | None = (-16.0, -12.4),
    rows: int | None = None,
) -> Metric:
    """Return a metric; ``ends`` bound how much worse the candidate is."""
    worse = None if champion is None else candidate - champion
    if worse is not None and name in ("auc", "accuracy", "r2", "truePositiveRate"):
        worse = -worse
    low, high = ends or (None, None)
    return Metric(
        name=name,
        champion=champion,
        candidate=candidate,
        regression=worse,
        regression_low=low,
        regression_high=high,
        rows=rows,
    )


def check(threshold: str = "maxRegression 5", outcome: str = "Pass", **fields: Any) -> Check:
    """Return a check on the mean absolute error."""
    numbers: dict[str, Any] = {"champion": 92.1, "candidate": 78.2, "regression": -13.9}
    ends = {"low": -16.0, "high": -12.4}
    return Check.model_validate(
        {"metric": "mae", "threshold": threshold, "outcome": outcome} | numbers | ends | fields
    )


def part(
    value: str,
    *metrics: Metric,
    rows: int = 400,
    min_rows: int = 100,
    column: str = "region",
) -> Slice:
    """Return a slice."""
    return Slice(name=column, value=value, rows=rows, min_rows=min_rows, metrics=list(metrics))


def gap(**fields: Any) -> Gap:
    """Return a gap that has become wider."""
    known: dict[str, Any] = {
        "column": "sex",
        "metric": "demographicParityDifference",
        "champion": 0.14,
        "candidate": 0.21,
        "low": 0.19,
        "high": 0.22,
        "increaseLow": 0.05,
        "increaseHigh": 0.08,
        "rate": "selectionRate",
        "lowest": ("Female", 0.026),
        "highest": ("Male", 0.236),
    }
    return Gap.model_validate(known | fields)


def document(**fields: Any) -> ReportDocument:
    """Return a document; fields by their names in JSON or in Python."""
    known: dict[str, Any] = {
        "run": "bikes-drift-1a2b",
        "task": "Regression",
        "verdict": "Pass",
        "holdout": {"rows": 4300, "groups": 90},
        "champion": {"digest": f"sha256:{'9' * 64}", "signature": "Identical"},
        "checks": [check()],
        "metrics": [metric(), metric("packageBytes", 163_000, 169_000, None)],
    }
    return ReportDocument.model_validate(known | fields)


def facts(**fields: Any) -> RunFacts:
    """Return the facts of a run that asks a person."""
    question = Question("2026-06-14T12:00:00Z", "2026-06-21T12:00:00Z")
    known: dict[str, Any] = {
        "name": "bikes-drift-1a2b",
        "namespace": "ml",
        "model": "bikes",
        "state": "Awaiting approval",
        "question": question,
        "verdict": "Pass",
    }
    return RunFacts(**(known | fields))
