"""The checks of a rollout's step as a table: candidate beside champion. Pure."""

from rich.table import Table
from rich.text import Text

from holdfast.cli.resource import Resource

_STYLES = {"Pass": "good", "Fail": "bad", "Inconclusive": "busy"}


def render_step(candidate: Resource) -> Table | None:
    """Return what the last look at the candidate's step said; None before the first look."""
    checks = candidate.get("checks") or []
    if not checks:
        return None
    table = Table.grid(padding=(0, 2))
    for _ in range(6):
        table.add_column(no_wrap=True)
    header = (_step_words(candidate), "champion", "candidate", "interval", "bound", "")
    table.add_row(*(Text(word, style="muted") for word in header))
    for check in checks:
        table.add_row(*_row(check))
    return table


def _step_words(candidate: Resource) -> str:
    name = candidate.get("stepName", "")
    return (
        f"step {candidate['step']} of {candidate.get('steps')}: {name}" if "step" in candidate else "checks"
    )


def _row(check: Resource) -> tuple[Text, ...]:
    outcome = str(check.get("outcome", ""))
    low, high = check.get("low"), check.get("high")
    return (
        Text(f"  {check.get('metric', '')}"),
        Text(str(check.get("champion") or "")),
        Text(str(check.get("candidate") or "")),
        Text(f"{low} … {high}" if low is not None and high is not None else "", style="muted"),
        Text(str(check.get("threshold", "")), style="muted"),
        Text(outcome, style=_STYLES.get(outcome, "muted")),
    )
