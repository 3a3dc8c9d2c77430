"""`holdfast report`: what the judge found about the candidate of a run, for people and for pull requests."""

import hashlib
import json
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
from holdfast.cli.report_facts import facts_of
from holdfast.cli.resource import Resource, field, name_of
from holdfast.cli.state import assess_run
from holdfast.failures import ModelError
from holdfast.manifest import MANIFEST_FILE, MAX_MANIFEST_BYTES, REPORT_FILE, Manifest
from holdfast.package import ModelPackage
from holdfast.report.document import MAX_REPORT_BYTES, ReportDocument, ReportError
from holdfast.report.findings import verdict_sentence
from holdfast.report.markdown import render_markdown
from holdfast.report.page import render_page

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
    typer.Option("--html", metavar="FILE", help="Write the page with plots to FILE; reads the package too."),
]
FullOption = Annotated[
    bool, typer.Option("--full", help="Read the candidate's package too: groups, plots, all metrics.")
]
PackageOption = Annotated[
    Path | None,
    typer.Option(
        "--package",
        metavar="FOLDER",
        help="A copy of the candidate's package, where the store is out of reach.",
    ),
]


def report(
    connection: Connection,
    run: RunArgument,
    output: FormatOption = ReportFormat.TEXT,
    html: HtmlOption = None,
    full: FullOption = False,
    package: PackageOption = None,
) -> None:
    """Show how champion and candidate compare: the verdict, and every check with its numbers.

    The run itself has the checks. Everything else is in the candidate's package, for which --full and --html
    ask the store, with the usual AWS_* variables or anonymously; its digest must be that of the run.
    """
    found = connection.open().get(RETRAIN_RUN, run)
    evaluation = require_evaluation(found)
    facts = facts_of(found)
    document = None
    if full or html is not None or package is not None:
        document = read_report(field(found, "status.candidate", {}), package)
    if html is not None:
        html.write_bytes(render_page(document or facts.document(), facts))
        tell(f"wrote {html}")
    elif output is ReportFormat.JSON:
        whole = {"report": json.loads(document.to_json())} if document else {}
        write_json({"run": run, "outcome": assess_run(found).word, "evaluation": evaluation, **whole})
    elif output is ReportFormat.MARKDOWN:
        typer.echo(render_markdown(document or facts.document(), facts), nl=False)
    else:
        write(*_text(found, evaluation, verdict_sentence(document or facts.document())))


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


def read_report(candidate: Resource, folder: Path | None = None) -> ReportDocument:
    """Return ``report.json`` of the candidate's package, verified against the digest that the run names.

    Raises:
        CommandError: the run has no candidate, or its package has no such file that can be read.
    """
    if not candidate.get("uri"):
        raise CommandError("the run has published no candidate")
    try:
        content = _fetched(candidate) if folder is None else _copied(candidate, folder)
        return ReportDocument.parse(content)
    except ReportError as error:
        raise CommandError(str(error), "An older version of Holdfast may have made it.") from error


def _copied(candidate: Resource, folder: Path) -> bytes:
    try:
        return ModelPackage.read(folder, candidate.get("digest")).read_file(REPORT_FILE) or b""
    except ModelError as error:
        raise CommandError(f"{error.reason}: {error.message}", exit_code=ExitCode.NOT_FOUND) from error


def _fetched(candidate: Resource) -> bytes:
    # Here, so that other commands start without the object store (0.1 s).
    from holdfast.credentials import Credentials
    from holdfast.store import read_object

    uri = candidate["uri"]
    try:
        known = Credentials.from_env(os.environ)
        manifest = Manifest.parse(read_object(f"{uri}/{MANIFEST_FILE}", known, MAX_MANIFEST_BYTES))
        content = read_object(f"{uri}/{REPORT_FILE}", known, MAX_REPORT_BYTES)
    except ModelError as error:
        remedy = "A claim has to be read in a pod that mounts it." if str(uri).startswith("pvc:") else ""
        remedy = f"{remedy} Give a copy of the package with --package FOLDER.".strip()
        raise CommandError(f"{error.reason}: {error.message}", remedy, ExitCode.NOT_FOUND) from error
    listed = manifest.file(REPORT_FILE)
    is_genuine = listed is not None and listed.sha256 == hashlib.sha256(content).hexdigest()
    if manifest.digest != candidate.get("digest") or not is_genuine:
        raise CommandError(f"{uri} is not the package that was judged: its digest differs")
    return content


def _text(run: Resource, evaluation: Resource, sentence: str) -> tuple[Table | Text, ...]:
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
    return head, Text(sentence), table


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
