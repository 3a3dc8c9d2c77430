"""`holdfast status`: what a model serves, how far it has drifted, and what its retraining came to."""

import time
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import RenderableType
from rich.live import Live

from holdfast.cli.cluster import Cluster
from holdfast.cli.connection import Connection
from holdfast.cli.console import OutputFormat, OutputOption, make_console, tell, write, write_json
from holdfast.cli.model_table import render_models
from holdfast.cli.model_tree import render_model
from holdfast.cli.snapshot import read_snapshot, read_snapshots

WATCH_SECONDS = 2.0

NameArgument = Annotated[
    str | None, typer.Argument(help="ModelDeployment; none: a table of all.", show_default=False)
]
AllNamespacesOption = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="All namespaces.", show_default=False)
]
WatchOption = Annotated[
    bool, typer.Option("--watch", "-w", help="Keep showing it until Ctrl-C.", show_default=False)
]


def status(
    connection: Connection,
    name: NameArgument = None,
    all_namespaces: AllNamespacesOption = False,
    watch: WatchOption = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Show ModelDeployments with their revisions, drift and retraining.

    With a name: a tree of that one. Without: a table.
    """
    if name and all_namespaces:
        raise typer.BadParameter("give a NAME or --all-namespaces, not both")
    if watch and output is OutputFormat.JSON:
        raise typer.BadParameter("--watch shows text only")
    cluster = connection.open()
    if output is OutputFormat.JSON:
        _write_json(cluster, name, all_namespaces=all_namespaces)
    elif watch:
        _watch(cluster, name, all_namespaces=all_namespaces)
    else:
        write(_render(cluster, name, all_namespaces=all_namespaces))


def _write_json(cluster: Cluster, name: str | None, *, all_namespaces: bool) -> None:
    if name:
        write_json(read_snapshot(cluster, name).to_json())
    else:
        snapshots = read_snapshots(cluster, all_namespaces=all_namespaces)
        write_json({"items": [each.to_json() for each in snapshots]})


def _render(cluster: Cluster, name: str | None, *, all_namespaces: bool) -> RenderableType:
    now = datetime.now(UTC)
    if name:
        return render_model(read_snapshot(cluster, name), now)
    snapshots = read_snapshots(cluster, all_namespaces=all_namespaces)
    if not snapshots:
        place = "any namespace" if all_namespaces else f"the namespace {cluster.namespace!r}"
        tell(f"No ModelDeployments in {place}.")
        return ""
    return render_models(snapshots, now, with_namespace=all_namespaces)


def _watch(cluster: Cluster, name: str | None, *, all_namespaces: bool) -> None:
    first = _render(cluster, name, all_namespaces=all_namespaces)
    with Live(first, console=make_console(), auto_refresh=False, vertical_overflow="visible") as live:
        while True:
            time.sleep(WATCH_SECONDS)
            live.update(_render(cluster, name, all_namespaces=all_namespaces), refresh=True)
