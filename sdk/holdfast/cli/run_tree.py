"""RetrainRuns as lines: outcome, cause, and champion against candidate. Pure."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from holdfast.cli.ages import format_age
from holdfast.cli.resource import Resource, field, name_of
from holdfast.cli.state import assess_run

SHOWN_RUNS = 5
_MARKS = {"Promoted": "✔", "Rejected": "✗", "Failed": "✗", "RolledBack": "✗", "Superseded": "○"}
_OUTCOME_STYLES = {"Pass": "good", "Fail": "bad", "Inconclusive": "busy"}


def render_runs(runs: Sequence[Resource], now: datetime, limit: int = SHOWN_RUNS) -> Table:
    """Return the newest runs, one line each, with the reason under those that did not simply succeed."""
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for run in runs[:limit]:
        table.add_row(*_run_row(run, now))
    if len(runs) > limit:
        table.add_row("", Text(f"and {len(runs) - limit} older runs", style="muted"))
    return table


def _run_row(run: Resource, now: datetime) -> tuple[Text, ...]:
    state = assess_run(run)
    mark = _MARKS.get(state.word, "◐")
    started = field(run, "status.startTime") or field(run, "metadata.creationTimestamp")
    return (
        Text(f"{mark} {state.word}", style=state.style),
        Text(name_of(run)),
        Text(str(field(run, "spec.trigger.type", "Manual")).lower(), style="muted"),
        Text(format_age(started, now), style="muted"),
        render_comparison(run) or Text(state.why, style="muted" if state.style == "good" else state.style),
    )


def render_comparison(run: Resource) -> Text:
    """Return champion → candidate of each gate check; empty before the evaluation."""
    checks = field(run, "status.evaluation.metrics", [])
    return Text(" · ").join(_check(each) for each in checks)


def _check(check: Resource) -> Text:
    style = _OUTCOME_STYLES.get(str(check.get("outcome")), "")
    text = Text(f"{check.get('metric')} ")
    if check.get("champion") is not None:
        text.append(f"{check['champion']} → ", style="muted")
    text.append(str(check.get("candidate")), style=style)
    if check.get("outcome") != "Pass":
        text.append(f" ({check.get('threshold')})", style="muted")
    return text
