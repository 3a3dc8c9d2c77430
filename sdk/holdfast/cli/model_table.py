"""Many ModelDeployments as a table, one line each. Pure."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table
from rich.text import Text

from holdfast.cli.ages import format_age
from holdfast.cli.policy_tree import drift_summary, watches_drift
from holdfast.cli.resource import field, name_of, namespace_of
from holdfast.cli.snapshot import ModelSnapshot
from holdfast.cli.state import assess_run, assess_state


def render_models(snapshots: Sequence[ModelSnapshot], now: datetime, *, with_namespace: bool) -> Table:
    """Return the table of the command `status` without a name."""
    table = Table(box=None, pad_edge=False, header_style="muted", padding=(0, 2, 0, 0))
    columns = ["NAMESPACE"] if with_namespace else []
    for column in [*columns, "NAME", "STATE", "PODS", "REVISION", "DRIFT", "LAST RUN", "AGE"]:
        table.add_column(column, no_wrap=column != "DRIFT", overflow="ellipsis")
    for each in snapshots:
        cells = _cells(each, now)
        table.add_row(*([Text(namespace_of(each.model)), *cells] if with_namespace else cells))
    return table


def _cells(snapshot: ModelSnapshot, now: datetime) -> list[Text]:
    model, state = snapshot.model, assess_state(snapshot.model)
    return [
        Text(name_of(model), style="name"),
        Text(state.word, style=state.style),
        Text(f"{field(model, 'status.readyReplicas', 0)}/{field(model, 'spec.server.replicas', 1)}"),
        Text(field(model, "status.stableRevision.name", "")),
        _drift(snapshot),
        _last_run(snapshot, now),
        Text(format_age(field(model, "metadata.creationTimestamp"), now)),
    ]


def _drift(snapshot: ModelSnapshot) -> Text:
    watching = [each.policy for each in snapshot.policies if watches_drift(each.policy)]
    return Text(", ").join(map(drift_summary, watching)) if watching else Text("-", style="muted")


def _last_run(snapshot: ModelSnapshot, now: datetime) -> Text:
    if not snapshot.runs:
        return Text("-", style="muted")
    run = snapshot.runs[0]
    state = assess_run(run)
    age = format_age(field(run, "metadata.creationTimestamp"), now)
    return Text.assemble((state.word, state.style), (f" {age}", "muted"))
