"""`holdfast approve` and `holdfast reject`: answer a run that asks about its candidate."""

from typing import Annotated, Literal

import typer
from rich.text import Text

from holdfast.cli.cluster import RETRAIN_RUN
from holdfast.cli.connection import Connection
from holdfast.cli.console import OutputFormat, OutputOption, write, write_json
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.cli.resource import Resource, field, name_of, without_managed_fields
from holdfast.cli.run_tree import render_comparison
from holdfast.cli.state import assess_run

RunArgument = Annotated[str, typer.Argument(metavar="RUN", help="RetrainRun that asks.")]
CommentOption = Annotated[
    str, typer.Option("--comment", "-m", help="Why; kept in the run.", show_default=False)
]


def approve(
    connection: Connection,
    run: RunArgument,
    comment: CommentOption = "",
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Agree to the candidate of a run that asks: it is rolled out.

    The answer bears your user name and cannot be changed.
    """
    _answer(connection, run, "Approved", comment, output)


def reject(
    connection: Connection,
    run: RunArgument,
    comment: CommentOption = "",
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Reject the candidate of a run that asks: the champion keeps serving.

    The answer bears your user name and cannot be changed.
    """
    _answer(connection, run, "Rejected", comment, output)


def _answer(
    connection: Connection,
    name: str,
    decision: Literal["Approved", "Rejected"],
    comment: str,
    output: OutputFormat,
) -> None:
    cluster = connection.open()
    require_question(cluster.get(RETRAIN_RUN, name))
    user = cluster.user_name()
    approval = {"decision": decision, "approver": user} | ({"comment": comment} if comment else {})
    changed = cluster.patch(RETRAIN_RUN, name, {"spec": {"approval": approval}})
    if output is OutputFormat.JSON:
        write_json(without_managed_fields(changed))
        return
    parts = [Text.assemble(f"{decision.lower()} ", (name, "name"), f" as {user}"), render_comparison(changed)]
    write(Text("  ").join(part for part in parts if part.plain))


def require_question(run: Resource) -> None:
    """Refuse a run that does not ask.

    Raises:
        CommandError: it was answered already, is finished, or has not come to the question.
    """
    name, given = name_of(run), field(run, "spec.approval", {})
    if given:
        words = f"{given.get('decision', '').lower()} by {given.get('approver')}"
        raise CommandError(f"{name} is {words} already, which is final", exit_code=ExitCode.USAGE)
    if field(run, "status.approval") is None or field(run, "status.completionTime"):
        state = assess_run(run)
        raise CommandError(
            f"{name} does not ask for approval: {state.word.lower()}",
            f"See how far it is: kubectl get retrainrun {name}",
            ExitCode.USAGE,
        )
