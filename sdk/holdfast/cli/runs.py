"""`holdfast runs`: the retraining runs of a namespace or a model, newest first."""

from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from holdfast.cli.cluster import RETRAIN_POLICY, RETRAIN_RUN, Cluster
from holdfast.cli.connection import Connection
from holdfast.cli.console import OutputFormat, OutputOption, tell, write, write_json
from holdfast.cli.resource import field, name_of, without_managed_fields
from holdfast.cli.run_tree import render_runs
from holdfast.cli.snapshot import newest_first

TargetArgument = Annotated[
    str | None,
    typer.Argument(metavar="POLICY|MODEL", help="Only of these; none: all.", show_default=False),
]
LimitOption = Annotated[int, typer.Option("--limit", "-l", min=1, help="How many are shown.")]


def runs(
    connection: Connection,
    target: TargetArgument = None,
    limit: LimitOption = 20,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """List retraining runs with their cause, outcome, and champion against candidate."""
    cluster = connection.open()
    found = newest_first(_runs(cluster, target))
    if output is OutputFormat.JSON:
        write_json({"items": [without_managed_fields(each) for each in found[:limit]]})
    elif found:
        write(render_runs(found, datetime.now(UTC), limit))
    else:
        tell(f"No runs{f' of {target}' if target else ''} in the namespace {cluster.namespace!r}.")


def _runs(cluster: Cluster, target: str | None) -> list[dict[str, Any]]:
    every = cluster.find(RETRAIN_RUN)
    if target is None:
        return every
    policies = {
        name_of(policy)
        for policy in cluster.find(RETRAIN_POLICY)
        if target in (name_of(policy), field(policy, "spec.modelDeploymentRef.name"))
    }
    return [run for run in every if field(run, "spec.policyRef.name") in policies]
