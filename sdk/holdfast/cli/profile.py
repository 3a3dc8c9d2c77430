"""`holdfast profile`: what a model's reference rows looked like, or how two profiles differ."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast.cli.console import OutputFormat, OutputOption, write, write_json
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.cli.profile_comparison import ColumnComparison, compare_profiles
from holdfast.cli.profile_table import render_comparison, render_profile
from holdfast.failures import ModelError
from holdfast.manifest import PROFILE_FILE
from holdfast.profile import MAX_PROFILE_BYTES, Profile

SourceArgument = Annotated[
    Path, typer.Argument(metavar="PROFILE", help="profile.json, or a package's folder.")
]
OtherArgument = Annotated[Path | None, typer.Argument(metavar="OTHER", help="A second one, to compare with.")]


def profile(
    source: SourceArgument, other: OtherArgument = None, output: OutputOption = OutputFormat.TEXT
) -> None:
    """Show the profile of a model, or how a second one differs from it.

    The PSI of two profiles is estimated from their bins.
    """
    first = read_profile(source)
    if other is None:
        _show(first, output)
    else:
        _compare(first, read_profile(other), output)


def read_profile(source: Path) -> Profile:
    """Return the profile in a file, or in a package's folder.

    Raises:
        CommandError: there is none, or it is malformed.
    """
    path = source / PROFILE_FILE if source.is_dir() else source
    try:
        with path.open("rb") as file:
            return Profile.parse(file.read(MAX_PROFILE_BYTES + 1))
    except ModelError as error:
        raise CommandError(f"{path}: {error.message}") from error
    except OSError as error:
        raise CommandError(
            f"cannot read {path}: {error.strerror}",
            "Make a package with a profile: holdfast package make FOLDER --model FILE --reference FILE",
            ExitCode.NOT_FOUND,
        ) from error


def _show(shown: Profile, output: OutputFormat) -> None:
    if output is OutputFormat.JSON:
        write_json({"hash": shown.hash, **shown.model_dump(mode="json", by_alias=True)})
    else:
        write(Text(f"{shown.rows:,} rows  profile {shown.hash}", style="muted"), render_profile(shown))


def _compare(before: Profile, after: Profile, output: OutputFormat) -> None:
    compared = compare_profiles(before, after)
    if output is OutputFormat.JSON:
        write_json(
            {"before": before.hash, "after": after.hash, "columns": [_to_json(each) for each in compared]}
        )
        return
    counts = f"{before.rows:,} rows of {before.hash} → {after.rows:,} rows of {after.hash}"
    write(Text(counts, style="muted"), render_comparison(compared))


def _to_json(comparison: ColumnComparison) -> dict[str, Any]:
    sides = {"before": comparison.before, "after": comparison.after}
    dumped = {
        name: side.model_dump(mode="json", by_alias=True) if side else None for name, side in sides.items()
    }
    return {"name": comparison.name, "estimatedPsi": comparison.psi, **dumped}
