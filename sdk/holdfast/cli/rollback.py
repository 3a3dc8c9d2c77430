"""`holdfast rollback`: hold a ModelDeployment at an earlier revision, or release it."""

from typing import Annotated

import typer
from rich.text import Text

from holdfast.cli.cluster import MODEL_DEPLOYMENT
from holdfast.cli.connection import Connection
from holdfast.cli.console import OutputFormat, OutputOption, write, write_json
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.cli.model_tree import list_revisions
from holdfast.cli.resource import Resource, field, name_of, without_managed_fields
from holdfast.labels import PINNED_REVISION

NameArgument = Annotated[str, typer.Argument(help="ModelDeployment.")]
RevisionOption = Annotated[
    str | None,
    typer.Option(
        "--to",
        metavar="REVISION",
        help="Revision; default: what serves while something is rolled out, else the previous good one.",
    ),
]
ClearOption = Annotated[bool, typer.Option("--clear", help="Follow spec and retraining again.")]


def rollback(
    connection: Connection,
    name: NameArgument,
    to: RevisionOption = None,
    clear: ClearOption = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Go back to an earlier revision and stay there.

    It sets the annotation holdfast.dev/pinned-revision, which GitOps tools do not see as a difference; no new
    model is rolled out until it is released with --clear.
    """
    if to and clear:
        raise typer.BadParameter("give --to or --clear, not both")
    cluster = connection.open()
    model = cluster.get(MODEL_DEPLOYMENT, name)
    revision = None if clear else choose_revision(model, to)
    changed = cluster.annotate(MODEL_DEPLOYMENT, name, {PINNED_REVISION: revision})
    if output is OutputFormat.JSON:
        write_json(without_managed_fields(changed))
    else:
        write(*_report(model, revision))


def choose_revision(model: Resource, wanted: str | None) -> str:
    """Return the name of the revision to hold.

    The wanted one; else that which serves, while a candidate is rolled out; else the last good one before it.

    Raises:
        CommandError: the status does not know it, or there is none to go back to.
    """
    revisions = list_revisions(model)
    names = [str(each["name"]) for each in revisions]
    if wanted is not None:
        if wanted in names:
            return wanted
        remedy = f"It has: {', '.join(names)}" if names else "It has none yet."
        raise CommandError(f"{name_of(model)!r} has no revision {wanted!r}", remedy, ExitCode.NOT_FOUND)
    stable: str | None = field(model, "status.stableRevision.name")
    if stable is not None and field(model, "status.candidateRevision") is not None:
        return stable
    good = [str(each["name"]) for each in revisions if each.get("outcome", "Superseded") == "Superseded"]
    if good:
        return good[0]
    raise CommandError(
        f"{name_of(model)!r} has no earlier good revision to go back to",
        "spec.model can be set to any model instead.",
        ExitCode.NOT_FOUND,
    )


def _report(model: Resource, revision: str | None) -> tuple[Text, ...]:
    name, serving = name_of(model), field(model, "status.stableRevision.name", "")
    if revision is None:
        return (Text.assemble((name, "name"), " follows its spec and its retraining again"),)
    if revision == serving:
        what = Text.assemble((name, "name"), " stays at ", (revision, "name"), ", which it serves already")
    else:
        what = Text.assemble((name, "name"), " goes back to ", (revision, "name"), f" (served: {serving})")
    return (
        what,
        Text(f"watch it:   holdfast status {name} --watch", style="muted"),
        Text(f"release it: holdfast rollback {name} --clear", style="muted"),
    )
