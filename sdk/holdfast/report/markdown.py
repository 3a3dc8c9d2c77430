"""The report as GitHub and GitLab show it in a pull request: the same, without pictures. Pure."""

from collections.abc import Iterable, Iterator
from typing import Final

from holdfast.report.document import Check, ReportDocument
from holdfast.report.facts import RunFacts
from holdfast.report.findings import (
    Groups,
    allowed,
    explain,
    gap_sentence,
    gate_sentence,
    places,
    subject,
    verdict_sentence,
)
from holdfast.report.numbers import short_title
from holdfast.report.sections.checks import figures_of

MARKS: Final = {"Pass": "✅", "Fail": "❌", "Inconclusive": "❔"}
MAX_CHECKS: Final = 40


def words(content: str) -> str:
    """Return a text on one line that shows no markup of its own and keeps the cells of a table."""
    for letter in "\\|<>`*_[]@#":
        content = content.replace(letter, f"\\{letter}")
    return " ".join(content.split())


def row(*cells: str) -> str:
    """Return a line of a table."""
    return f"| {' | '.join(words(cell) for cell in cells)} |"


def bullet(title: str, content: str) -> str:
    """Return a line of a list."""
    return f"- **{words(title)}**: {words(content)}"


def table_lines(head: Iterable[str], rows: Iterable[str]) -> list[str]:
    """Return a table, whose second to fourth columns are numbers."""
    labels = list(head)
    return [row(*labels), f"|---|---:|---:|---:|{'---|' * (len(labels) - 4)}", *rows]


def render_markdown(document: ReportDocument, facts: RunFacts | None = None) -> str:
    """Return the verdict, why it was retrained, every check, and for whom it is better or worse."""
    return "\n".join(_lines(document, facts)) + "\n"


def _lines(document: ReportDocument, facts: RunFacts | None) -> Iterator[str]:
    yield f"### {MARKS[document.verdict]} {document.verdict}: `{document.run.replace('`', '')}`"
    yield ""
    yield f"{words(verdict_sentence(document))} {words(gate_sentence(document))}"
    yield ""
    if facts is not None and facts.state:
        yield bullet("Run", f"{facts.state}{f': {facts.why}' if facts.why else ''}")
    trigger = document.trigger or (facts.trigger if facts else None)
    if trigger is not None:
        yield bullet("Started by", f"{trigger.type}{f': {trigger.reason}' if trigger.reason else ''}")
    if document.champion.signature is not None:
        yield bullet("Signature", document.champion.signature)
    yield from _groups(document)
    yield from _question(facts)
    yield ""
    yield from _checks(document)


def _groups(document: ReportDocument) -> Iterator[str]:
    groups = Groups.of(document)
    for title, names in (
        ("Worse for", groups.worse),
        ("Better for", groups.better),
        ("Too few rows to judge", groups.too_few),
    ):
        if names:
            yield bullet(title, places(names, document))
    for gap in document.gaps:
        yield bullet(f"{short_title(gap.metric)} by {gap.column}", gap_sentence(gap))


def _question(facts: RunFacts | None) -> Iterator[str]:
    asked = facts.question if facts else None
    if facts is None or asked is None:
        return
    if asked.decision is not None:
        yield bullet("Asked", f"{asked.decision} by {asked.approver or 'nobody'}. {asked.comment}".strip())
    elif not facts.is_finished:
        where = f" -n {facts.namespace}" if facts.namespace else ""
        yield bullet("Asks", f"until {asked.expire_time}; answer with one of")
        yield ""
        yield "  ```"
        for verb in ("approve", "reject"):
            yield f"  kubectl holdfast {verb} {facts.name}{where} --comment 'why'"
        yield "  ```"


def _checks(document: ReportDocument) -> list[str]:
    order = {"Fail": 0, "Inconclusive": 1, "Pass": 2}
    ranked = sorted(document.checks, key=lambda check: order[check.outcome])
    head = ("Check", "Champion", "This model", "Change (95\u00a0% interval)", "Allowed", "Outcome")
    lines = table_lines(head, [_check(check) for check in ranked[:MAX_CHECKS]])
    left = len(ranked) - MAX_CHECKS
    return [*lines, "", f"and {left} more checks that are no worse."] if left > 0 else lines


def _check(check: Check) -> str:
    figures, why = figures_of(check), explain(check)
    outcome = f"{MARKS[check.outcome]} {check.outcome}{f': {why}' if why else ''}"
    return row(
        subject(check),
        figures.champion,
        figures.candidate,
        figures.change_and_interval,
        allowed(check),
        outcome,
    )
