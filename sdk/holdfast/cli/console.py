"""Where commands write: results to standard output, everything else to standard error."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

import typer
from rich.console import Console, RenderableType
from rich.theme import Theme

THEME = Theme(
    {
        "good": "green",
        "busy": "yellow",
        "bad": "red",
        "muted": "bright_black",
        "name": "bold",
    }
)


class OutputFormat(StrEnum):
    """How a result is written."""

    TEXT = "text"
    JSON = "json"


OutputOption = Annotated[
    OutputFormat,
    typer.Option("--output", "-o", help="text for people, json for programs.", show_default=False),
]


def make_console(*, stderr: bool = False) -> Console:
    """Return a console on standard output (or error) as they are now."""
    return Console(theme=THEME, stderr=stderr, highlight=False)


def write(*parts: RenderableType) -> None:
    """Write a result for a person; words of a paragraph are wrapped, names are never cut."""
    console = make_console()
    for part in parts:
        console.print(part, soft_wrap=isinstance(part, str))


def write_json(document: Mapping[str, object] | list[Mapping[str, object]]) -> None:
    """Write a result for a program."""
    typer.echo(json.dumps(document, indent=2, ensure_ascii=False))


def tell(text: str) -> None:
    """Write something that is not the result, such as what goes on meanwhile."""
    make_console(stderr=True).print(text, soft_wrap=True)
