"""`holdfast promote`, `pause` and `resume`: what a person says to a rollout that is under way."""

from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.text import Text

from holdfast.cli.cluster import MODEL_DEPLOYMENT, Cluster
from holdfast.cli.connection import Connection
from holdfast.cli.console import OutputFormat, OutputOption, write, write_json
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.cli.resource import Resource, field, without_managed_fields
from holdfast.labels import PROMOTE, ROLLOUT_PAUSED

NameArgument = Annotated[str, typer.Argument(help="ModelDeployment.")]
StepOption = Annotated[
    bool, typer.Option("--step", help="Only pass the step that it is in.", show_default=False)
]


def promote(
    connection: Connection,
    name: NameArgument,
    step: StepOption = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Have the candidate take over, whatever steps are left, or pass the step that it is in.

    It sets the annotation holdfast.dev/promote, which counts once and for this candidate only.
    """
    cluster = connection.open()
    candidate = _candidate(cluster, name)
    which = f"{candidate['name']}/{candidate.get('step', 1)}" if step else str(candidate["name"])
    value = f"{which}@{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"
    changed = cluster.annotate(MODEL_DEPLOYMENT, name, {PROMOTE: value})
    what = f"passes step {candidate.get('step', 1)}" if step else "takes over as soon as its pods are ready"
    _tell(output, changed, name, Text.assemble((str(candidate["name"]), "name"), f" {what}"))


def pause(connection: Connection, name: NameArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Keep the rollout at its step; a step that fails still goes back.

    It sets the annotation holdfast.dev/rollout-paused.
    """
    changed = connection.open().annotate(MODEL_DEPLOYMENT, name, {ROLLOUT_PAUSED: "true"})
    _tell(output, changed, name, Text.assemble("the rollout of ", (name, "name"), " stays at its step"))


def resume(connection: Connection, name: NameArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Let a paused rollout go on."""
    changed = connection.open().annotate(MODEL_DEPLOYMENT, name, {ROLLOUT_PAUSED: None})
    _tell(output, changed, name, Text.assemble("the rollout of ", (name, "name"), " goes on"))


def _candidate(cluster: Cluster, name: str) -> Resource:
    model = cluster.get(MODEL_DEPLOYMENT, name)
    candidate: Resource | None = field(model, "status.candidateRevision")
    if candidate is None:
        raise CommandError(
            f"nothing is being rolled out for {name!r}",
            f"To hold an earlier revision: holdfast rollback {name} --to REVISION",
            ExitCode.NOT_FOUND,
        )
    return candidate


def _tell(output: OutputFormat, changed: Resource, name: str, what: Text) -> None:
    if output is OutputFormat.JSON:
        write_json(without_managed_fields(changed))
    else:
        write(what, Text(f"watch it: holdfast status {name} --watch", style="muted"))
