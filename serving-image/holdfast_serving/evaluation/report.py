"""The evaluation report in a package: JSON for tools, a page and a model card for people. Pure."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from holdfast.evaluation import Evaluation, SliceComparison
from holdfast.evaluation_metrics import METRICS
from holdfast.profile import Profile
from holdfast.results import MetricComparison
from holdfast.signature import Match, Signature

SCHEMA_VERSION: Final = 1
_STYLE: Final = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}"
    "th,td{border-bottom:1px solid #d8dee4;padding:.35rem .6rem;text-align:right}"
    "th:first-child,td:first-child{text-align:left}"
    ".better{color:#116329}.worse{color:#a40e26}.unclear{color:#59636e}code{font-size:.9em}"
)


@dataclass(frozen=True)
class Report:
    """Everything that is known about a candidate when it has been judged."""

    run: str
    evaluation: Evaluation
    signature: Signature
    champion_digest: str | None
    match: Match | None
    profile: Profile
    metadata: dict[str, Any]


def render_json(report: Report) -> bytes:
    """Return ``report.json``."""
    evaluation = report.evaluation
    document = {
        "schemaVersion": SCHEMA_VERSION,
        "run": report.run,
        "task": evaluation.task,
        "holdout": {"rows": evaluation.rows, "groups": evaluation.groups},
        "champion": {"digest": report.champion_digest, "signature": report.match},
        "inputs": [each.model_dump() for each in report.signature.inputs],
        "outputs": [each.model_dump() for each in report.signature.outputs],
        "profile": {"hash": report.profile.hash, "rows": report.profile.rows},
        "metrics": _documents(evaluation.metrics),
        "slices": [
            {
                "name": each.name,
                "value": each.value,
                "rows": each.rows,
                "metrics": _documents(each.metrics),
            }
            for each in evaluation.slices
        ],
    }
    return json.dumps(document, indent=2).encode() + b"\n"


def render_page(report: Report) -> bytes:
    """Return ``report.html``, which needs nothing but itself."""
    title = f"Evaluation of {escape(report.run)}"
    parts = [
        f"<h1>{title}</h1>",
        f"<p>{escape(_summary(report))}</p>",
        "<h2>Metrics</h2>",
        _metrics_table(report.evaluation.metrics),
        *_slice_tables(report.evaluation.slices),
        "<h2>Signature</h2>",
        _signature_table(report.signature),
        "<h2>What the trainer says</h2>",
        f"<pre><code>{escape(json.dumps(report.metadata, indent=2, default=str))}</code></pre>",
    ]
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>\n"
    ).encode()


def render_card(report: Report) -> bytes:
    """Return ``README.md``, the model card."""
    lines = [
        f"# Model of {report.run}",
        "",
        _summary(report),
        "",
        "| Metric | This model | Champion | How much worse (95 % interval) |",
        "|---|---|---|---|",
        *(_card_line(metric) for metric in report.evaluation.metrics),
        "",
        "`report.html` has the details, `report.json` the same for tools.",
    ]
    return "\n".join(lines).encode() + b"\n"


def _documents(metrics: Iterable[MetricComparison]) -> list[dict[str, Any]]:
    return [
        {
            **metric.model_dump(by_alias=True, exclude_none=True),
            "higherIsBetter": METRICS[metric.name].higher_is_better,
        }
        for metric in metrics
    ]


def _summary(report: Report) -> str:
    evaluation = report.evaluation
    judged = f"{evaluation.task} on {evaluation.rows} held-out rows in {evaluation.groups} groups"
    if report.champion_digest is None:
        return f"{judged}; there was no champion to compare with."
    if report.match == "Incompatible":
        return f"{judged}; the signature is incompatible with the champion's {report.champion_digest}."
    return f"{judged}, beside the champion {report.champion_digest}; its signature: {report.match}."


def _metrics_table(metrics: Sequence[MetricComparison]) -> str:
    head = (
        "<tr><th>Metric</th><th>This model</th><th>Champion</th><th>How much worse (95 % interval)</th></tr>"
    )
    rows = (
        f'<tr><td title="{escape(METRICS[metric.name].help)}">{escape(metric.name)}</td>'
        f"<td>{_number(metric.candidate)}</td><td>{_number(metric.champion)}</td>"
        f'<td class="{_verdict(metric)}">{_regression(metric)}</td></tr>'
        for metric in metrics
    )
    return f"<table>{head}{''.join(rows)}</table>"


def _slice_tables(slices: Sequence[SliceComparison]) -> list[str]:
    return [
        f"<h3>{escape(each.name)} = {escape(each.value)} ({each.rows} rows)</h3>"
        f"{_metrics_table(each.metrics)}"
        for each in slices
    ]


def _signature_table(signature: Signature) -> str:
    head = "<tr><th>Tensor</th><th>Datatype</th><th>Shape (-1: any)</th></tr>"
    rows = (
        f"<tr><td>{what} <code>{escape(tensor.name)}</code></td>"
        f"<td>{escape(tensor.datatype)}</td><td>{tensor.shape}</td></tr>"
        for what, tensors in (("input", signature.inputs), ("output", signature.outputs))
        for tensor in tensors
    )
    return f"<table>{head}{''.join(rows)}</table>"


def _card_line(metric: MetricComparison) -> str:
    cells = (metric.name, _number(metric.candidate), _number(metric.champion), _regression(metric))
    return f"| {' | '.join(cells)} |"


def _regression(metric: MetricComparison) -> str:
    if metric.regression is None:
        return "-"
    if metric.regression_low is None or metric.regression_high is None:
        return _number(metric.regression)
    interval = f"{_number(metric.regression_low)} to {_number(metric.regression_high)}"
    return f"{_number(metric.regression)} ({interval})"


def _verdict(metric: MetricComparison) -> str:
    """Return what the interval says: better or worse only where zero is outside of it."""
    if metric.regression_low is not None and metric.regression_low > 0:
        return "worse"
    if metric.regression_high is not None and metric.regression_high < 0:
        return "better"
    return "unclear"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}" if abs(value) < 1e4 else f"{value:.0f}"
