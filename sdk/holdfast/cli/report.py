"""`holdfast report`: what the judge found about the candidate of a run, for people and for pull requests."""

import hashlib
import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from holdfast.cli.cluster import RETRAIN_RUN
from holdfast.cli.connection import Connection
from holdfast.cli.console import tell, write, write_json
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.cli.resource import Resource, field, name_of
from holdfast.cli.state import assess_run
from holdfast.failures import ModelError
from holdfast.manifest import MANIFEST_FILE, MAX_MANIFEST_BYTES, REPORT_PAGE_FILE, Manifest

MAX_PAGE_BYTES = 16 * 1024 * 1024
_STYLES = {"Pass": "good", "Fail": "bad", "Inconclusive": "busy"}


class ReportFormat(StrEnum):
    """How the report is written."""

    TEXT = "text"
    JSON = "json"
    MARKDOWN = "markdown"


RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="RetrainRun that has been judged.")]
FormatOption = Annotated[
    ReportFormat, typer.Option("--output", "-o", help="text, json, or markdown for pull requests.")
]
HtmlOption = Annotated[
    Path | None,
    typer.Option(
        "--html", metavar="FILE", help="Fetch the page with plots from the candidate's package into FILE."
    ),
]


def report(
    connection: Connection,
    run: RunArgument,
    output: FormatOption = ReportFormat.TEXT,
    html: HtmlOption = None,
) -> None:
    """Show how champion and candidate compare: the verdict, and every check with its numbers.

    --html asks the store of the candidate's package with the usual AWS_* variables, or anonymously.
    """
    found = connection.open().get(RETRAIN_RUN, run)
    evaluation = require_evaluation(found)
    if html is not None:
        html.write_bytes(fetch_page(field(found, "status.candidate", {})))
        tell(f"wrote {html}")
    elif output is ReportFormat.JSON:
        write_json({"run": run, "outcome": assess_run(found).word, "evaluation": evaluation})
    elif output is ReportFormat.MARKDOWN:
        typer.echo("\n".join(markdown_lines(found, evaluation)))
    else:
        write(*_text(found, evaluation))


def require_evaluation(run: Resource) -> dict[str, Any]:
    """Return what the judge found.

    Raises:
        CommandError: the run was not judged (yet).
    """
    evaluation = field(run, "status.evaluation")
    if evaluation is None:
        state = assess_run(run)
        why = f": {state.why}" if state.why else ""
        raise CommandError(f"{name_of(run)} has not been judged: {state.word.lower()}{why}")
    return dict(evaluation)


def fetch_page(candidate: Resource) -> bytes:
    """Return ``report.html`` of the candidate's package, verified against the digest that the run names.

    Raises:
        CommandError: the run has no candidate, or the store does not give that file.
    """
    # Here, so that other commands start without the object store (0.1 s).
    from holdfast.credentials import Credentials
    from holdfast.store import read_object

    uri = candidate.get("uri")
    if not uri:
        raise CommandError("the run has published no candidate")
    try:
        known = Credentials.from_env(os.environ)
        manifest = Manifest.parse(read_object(f"{uri}/{MANIFEST_FILE}", known, MAX_MANIFEST_BYTES))
        page = read_object(f"{uri}/{REPORT_PAGE_FILE}", known, MAX_PAGE_BYTES)
    except ModelError as error:
        remedy = "A claim has to be read in a pod that mounts it." if str(uri).startswith("pvc:") else ""
        raise CommandError(f"{error.reason}: {error.message}", remedy, ExitCode.NOT_FOUND) from error
    listed = manifest.file(REPORT_PAGE_FILE)
    is_genuine = listed is not None and listed.sha256 == hashlib.sha256(page).hexdigest()
    if manifest.digest != candidate.get("digest") or not is_genuine:
        raise CommandError(f"{uri} is not the package that was judged: its digest differs")
    return page


def markdown_lines(run: Resource, evaluation: Resource) -> list[str]:
    """Return the report as GitHub shows tables in a pull request."""
    state = assess_run(run)
    return [
        f"### {_MARKS.get(str(evaluation.get('verdict')), '')} {evaluation.get('verdict')}: `{name_of(run)}`",
        "",
        f"{_escape(state.word)}{f': {_escape(state.why)}' if state.why else ''}",
        "",
        f"{int(evaluation.get('holdoutRows', 0)):,} held-out rows; signature {evaluation.get('signature')}.",
        "",
        "| Check | Champion | Candidate | How much worse (95 % interval) | Wanted | |",
        "|---|---:|---:|---:|---|---|",
        *(f"| {' | '.join(_escape(cell) for cell in _cells(each))} |" for each in evaluation["metrics"]),
    ]


_MARKS = {"Pass": "✅", "Fail": "❌", "Inconclusive": "❔"}


def _text(run: Resource, evaluation: Resource) -> tuple[Table | Text, ...]:
    state = assess_run(run)
    verdict = str(evaluation.get("verdict"))
    head = Text.assemble(
        (name_of(run), "name"),
        "  ",
        (verdict, _STYLES.get(verdict, "")),
        f"  {int(evaluation.get('holdoutRows', 0)):,} held-out rows  ",
        (f"{state.word}{f': {state.why}' if state.why else ''}", state.style),
    )
    table = Table.grid(padding=(0, 2))
    header = ("check", "champion", "candidate", "how much worse", "wanted", "")
    for index, _ in enumerate(header):
        table.add_column(justify="right" if 0 < index < 4 else "left", overflow="fold")
    table.add_row(*(Text(word, style="muted") for word in header))
    for each in evaluation["metrics"]:
        style = _STYLES.get(str(each.get("outcome")), "")
        *cells, outcome = _cells(each)
        table.add_row(*(Text(cell) for cell in cells), Text(outcome, style=style))
    return head, table


def _cells(check: Resource) -> tuple[str, ...]:
    where = check.get("slice")
    return (
        f"{check.get('metric')}{f' of {where}' if where else ''}",
        str(check.get("champion") or "-"),
        str(check.get("candidate") or "-"),
        _regression(check),
        str(check.get("threshold") or ""),
        str(check.get("outcome") or ""),
    )


def _regression(check: Resource) -> str:
    if check.get("regression") is None:
        return "-"
    if check.get("regressionLow") is None:
        return str(check["regression"])
    return f"{check['regression']} ({check['regressionLow']} to {check.get('regressionHigh')})"


def _escape(text: str) -> str:
    """Return the text so that a table of Markdown keeps its cells and shows no markup of its own."""
    for letter in "\\|<>`*_[]":
        text = text.replace(letter, f"\\{letter}")
    return " ".join(text.split())
