"""The model card, ``README.md`` of a package: for people and, in its front matter, for model hubs. Pure.

Source: the fields are those of the model card metadata of the Hugging Face Hub,
https://github.com/huggingface/hub-docs/blob/main/modelcard.md, the sections those of Mitchell et al. (2019),
"Model Cards for Model Reporting".
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from holdfast.evaluation_metrics import ACCURACY_METRICS
from holdfast.report.document import Metric, ReportDocument
from holdfast.report.findings import Groups, compared, gap_sentence, gate_sentence, places, verdict_sentence
from holdfast.report.markdown import bullet, row, table_lines, words
from holdfast.report.numbers import percent, short_title

_TASKS: Final[Mapping[str, str]] = {
    "Classification": "tabular-classification",
    "Regression": "tabular-regression",
}
"""Tasks that the hub knows; a ranking has none there."""
_LICENSE: Final = re.compile(r"[a-z][a-z0-9.-]{1,40}")
"""Identifiers of licenses, such as apache-2.0."""
_TOLD: Final = frozenset({"license", "intendedUse"})


def render_card(document: ReportDocument) -> bytes:
    """Return ``README.md``."""
    lines = [
        *_front_matter(document),
        f"# Model of run {words(document.run)}",
        "",
        *_summary(document),
        *_section("Intended use", _intended_use(document)),
        *_section("Training", _training(document)),
        *_section("Evaluation", _evaluation(document)),
        *_section("For whom it is better or worse", _groups(document)),
        *_section("Limits", _limits(document)),
        "`report.html` has the details and plots, `report.json` the same for tools.",
    ]
    return "\n".join(lines).encode() + b"\n"


def _front_matter(document: ReportDocument) -> Iterator[str]:
    """Return YAML whose every value is JSON, which YAML contains: no text can end it early."""
    task = _TASKS.get(document.task)
    yield "---"
    yield "library_name: onnx"
    yield "tags: [holdfast, onnx]"
    if _LICENSE.fullmatch(document.trainer.get("license", "")):
        yield f"license: {document.trainer['license']}"
    if task is not None:
        yield f"pipeline_tag: {task}"
    yield "model-index:"
    yield f"- name: {_yaml(document.run)}"
    yield "  results:"
    yield f"  - task: {_yaml({'type': task or document.task.lower()})}"
    yield '    dataset: {"name": "holdout", "type": "holdout"}'
    yield "    metrics:"
    for metric in document.metrics:
        found = {"type": metric.name, "name": short_title(metric.name), "value": metric.candidate}
        yield f"    - {_yaml(found)}"
    yield "---"
    yield ""


def _yaml(value: Any) -> str:
    return json.dumps(value, ensure_ascii=True)


def _summary(document: ReportDocument) -> Iterator[str]:
    yield words(verdict_sentence(document))
    yield ""
    yield f"The gate: **{document.verdict}**. {words(gate_sentence(document))}"
    yield ""


def _section(title: str, lines: Iterable[str]) -> list[str]:
    found = list(lines)
    return [f"## {title}", "", *found, ""] if found else []


def _intended_use(document: ReportDocument) -> Iterator[str]:
    told = document.trainer.get("intendedUse")
    inputs = ", ".join(each.name for each in document.inputs)
    yield words(told) if told else "The trainer does not say (intendedUse in metadata.json)."
    if inputs:
        outputs = ", ".join(each.name for each in document.outputs)
        yield words(f"A {document.task.lower()} of {inputs}, answered as {outputs}.")


def _training(document: ReportDocument) -> Iterator[str]:
    if document.trigger is not None:
        yield bullet("Started by", f"{document.trigger.type}. {document.trigger.reason}")
    if document.data_digest is not None:
        yield bullet("Training data", document.data_digest)
    for name, value in (*document.parameters.items(), *document.trainer.items()):
        if name not in _TOLD:
            yield bullet(name, value)


def _evaluation(document: ReportDocument) -> Iterator[str]:
    holdout = document.holdout
    yield f"On {holdout.rows:,} held-out rows in {holdout.groups:,} independent groups."
    if document.champion.digest is not None:
        yield f"Beside the champion `{words(document.champion.digest)}`, on the same rows."
    yield ""
    yield from table_lines(
        ("Metric", "Champion", "This model", "Change (95\u00a0% interval)"),
        (_metric_row(metric) for metric in document.metrics),
    )


def _metric_row(metric: Metric) -> str:
    figures = compared(metric).figures()
    return row(metric.name, figures.champion, figures.candidate, figures.change_and_interval)


def _groups(document: ReportDocument) -> Iterator[str]:
    groups = Groups.of(document)
    for title, names in (("Worse for", groups.worse), ("Better for", groups.better)):
        if names:
            yield bullet(title, places(names, document))
    if groups.too_few:
        yield bullet("Too few rows to judge", places(groups.too_few, document))
    for gap in document.gaps:
        yield bullet(f"{short_title(gap.metric)} by {gap.column}", gap_sentence(gap))


def _limits(document: ReportDocument) -> Iterator[str]:
    measured = [each.name for each in document.metrics if each.name in ACCURACY_METRICS]
    yield bullet("Judged", f"by {', '.join(measured) or 'nothing'}, on rows like those of the holdout only")
    if document.holdout.overlap is None:
        yield bullet("Holdout", "the trainer did not say which rows it trained on, so nobody has made sure")
    else:
        yield bullet("Holdout", f"{percent(document.holdout.overlap)} of its rows were also trained on")
    if document.profile is not None:
        rows = f"{document.profile.rows:,}"
        yield bullet(
            "Input", f"live rows are compared with a profile of {rows} rows; drift beyond it is alerted"
        )
