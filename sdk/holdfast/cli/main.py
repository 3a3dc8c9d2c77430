"""The `holdfast` command, also `kubectl holdfast`: puts the commands together and reports errors."""

import sys
from importlib.metadata import entry_points
from pathlib import Path

import typer
from rich.text import Text

from holdfast.cli import audit, package
from holdfast.cli.approval import approve, reject
from holdfast.cli.connection import with_connection
from holdfast.cli.console import make_console
from holdfast.cli.drift import drift
from holdfast.cli.errors import CommandError
from holdfast.cli.profile import profile
from holdfast.cli.report import report
from holdfast.cli.retrain import retrain
from holdfast.cli.rollback import rollback
from holdfast.cli.rollout import pause, promote, resume
from holdfast.cli.runs import runs
from holdfast.cli.status import status
from holdfast.cli.validate import validate
from holdfast.cli.version import version
from holdfast.cli.why import why

COMMANDS = "holdfast.commands"
"""Entry points by which other packages add commands: holdfast-operator adds `rehearse`."""

app = typer.Typer(
    name="holdfast",
    help="Serve ONNX models on Kubernetes, see drift, retrain, and keep the better model.",
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(with_connection(status))
app.command()(with_connection(drift))
app.command()(with_connection(why))
app.command()(with_connection(runs))
app.command()(with_connection(report))
app.command()(with_connection(retrain))
app.command()(with_connection(approve))
app.command()(with_connection(reject))
app.command()(with_connection(rollback))
app.command()(with_connection(promote))
app.command()(with_connection(pause))
app.command()(with_connection(resume))
app.command()(validate)
app.add_typer(package.app)
app.add_typer(audit.app)
app.command()(profile)
app.command()(version)
for found in entry_points(group=COMMANDS):
    app.command()(found.load())


def main() -> None:
    """Run the command line of this process.

    Raises:
        SystemExit: always; see ExitCode.
    """
    try:
        app(prog_name=_program_name())
    except CommandError as error:
        _show(error)
        sys.exit(error.exit_code)


def _show(error: CommandError) -> None:
    console = make_console(stderr=True)
    console.print(Text.assemble(("error: ", "bad"), str(error)), soft_wrap=True)
    if error.remedy:
        console.print(Text(error.remedy), soft_wrap=True)


def _program_name() -> str:
    """Return how kubectl's users type it when it was started as a plugin."""
    called = Path(sys.argv[0]).name
    return "kubectl holdfast" if called.startswith(("kubectl-", "kubectl_")) else "holdfast"
