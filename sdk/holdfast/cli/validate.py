"""`holdfast validate`: check YAML files against the API without a cluster."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table
from rich.text import Text

from holdfast.cli.console import OutputFormat, OutputOption, write, write_json
from holdfast.cli.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from holdfast.validation import Problem

STANDARD_INPUT = "-"
_PATTERNS = ("*.yaml", "*.yml", "*.json")

FilesArgument = Annotated[
    list[str], typer.Argument(metavar="FILE", help="YAML files, folders, or - for standard input.")
]


def validate(files: FilesArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Check YAML files as the API server would, offline.

    Objects of other groups are passed over. What only the cluster can know, such as whether a bucket can be
    read, is not checked.
    """
    # Here, so that other commands start without the rules and what they need (0.3 s).
    from holdfast.validation import validate_documents

    found = {name: validate_documents(_read(name)) for name in _expand(files)}
    if output is OutputFormat.JSON:
        write_json(
            {"problems": [_to_json(name, each) for name, problems in found.items() for each in problems]}
        )
    else:
        write(*(_render(name, problems) for name, problems in found.items()))
    if any(found.values()):
        raise typer.Exit(ExitCode.NO)


def _expand(names: list[str]) -> list[str]:
    """Return the files that are meant: a folder stands for all YAML and JSON files in and below it."""
    expanded: list[str] = []
    for name in names:
        if name != STANDARD_INPUT and Path(name).is_dir():
            inside = sorted(str(path) for pattern in _PATTERNS for path in Path(name).rglob(pattern))
            if not inside:
                raise CommandError(f"{name} holds no YAML or JSON files", "", ExitCode.NOT_FOUND)
            expanded.extend(inside)
        else:
            expanded.append(name)
    return expanded


def _read(name: str) -> str:
    try:
        return sys.stdin.read() if name == STANDARD_INPUT else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise CommandError(f"cannot read {name}: {error.strerror}", "", ExitCode.NOT_FOUND) from error
    except UnicodeDecodeError as error:
        raise CommandError(f"{name} is not UTF-8 text", "", ExitCode.NO) from error


def _to_json(name: str, problem: "Problem") -> dict[str, object]:
    return {"file": name, "document": problem.document, "field": problem.field, "message": problem.message}


def _render(name: str, problems: "list[Problem]") -> Group:
    if not problems:
        return Group(Text.assemble(("✔ ", "good"), name))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for problem in problems:
        place = Text(f"  document {problem.document}", style="muted")
        table.add_row(place, Text(problem.field, style="name"), problem.message)
    return Group(Text.assemble(("✗ ", "bad"), name), table)
