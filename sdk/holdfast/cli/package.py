"""`holdfast package`: make, verify and show model packages."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from holdfast.cli.console import OutputFormat, OutputOption, tell, write, write_json
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.failures import ModelError
from holdfast.manifest import METADATA_FILE, MODEL_FILE, PROFILE_FILE
from holdfast.package import Content, ModelPackage
from holdfast.results import ModelFailureReason

app = typer.Typer(name="package", help="Make, verify and show model packages.", no_args_is_help=True)

FolderArgument = Annotated[Path, typer.Argument(metavar="FOLDER", help="The package's folder.")]
ModelOption = Annotated[Path, typer.Option("--model", "-m", metavar="FILE", help="The ONNX model.")]
ReferenceOption = Annotated[
    Path | None,
    typer.Option(
        "--reference",
        "-r",
        metavar="FILE",
        help="NPZ or Parquet with held-out rows: for the profile.",
    ),
]
MetadataOption = Annotated[
    Path | None,
    typer.Option("--metadata", metavar="FILE", help="JSON object: parameters, code revision, data."),
]
CategoricalOption = Annotated[
    list[str] | None,
    typer.Option("--categorical", metavar="NAME", help="Feature whose numbers are categories."),
]
DigestOption = Annotated[str | None, typer.Option("--digest", help="The only digest to accept.")]


@app.command()
def make(
    folder: FolderArgument,
    model: ModelOption,
    reference: ReferenceOption = None,
    metadata: MetadataOption = None,
    categorical: CategoricalOption = None,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Make a package from a model, and a profile from reference rows.

    The rows are run through the model, so the profile has its predictions too.
    """
    files: dict[str, Content] = {MODEL_FILE: _existing(model)}
    if metadata is not None:
        files[METADATA_FILE] = _existing(metadata)
    try:
        profile = _profile(model, reference, categorical or [])
        if profile is not None:
            files[PROFILE_FILE] = profile
        package = ModelPackage.write(folder, files)
    except ModelError as error:
        raise _refused(error) from error
    except FileExistsError as error:
        raise CommandError(f"{folder} holds {error.filename} already", "Give a new folder.") from error
    _report(package, output)
    if profile is None:
        tell("No profile: drift of this model cannot be seen. Give held-out rows with --reference.")


@app.command()
def verify(
    folder: FolderArgument, digest: DigestOption = None, output: OutputOption = OutputFormat.TEXT
) -> None:
    """Check every file of a package, and that Holdfast can serve its model."""
    package = _read(folder, digest)
    try:
        _check_model(package.model_path)
        package.profile()
        package.metadata()
    except ModelError as error:
        raise _refused(error) from error
    if output is OutputFormat.JSON:
        write_json({"digest": package.digest, "verified": True})
    else:
        write(Text.assemble(("✔ ", "good"), package.digest))


@app.command()
def show(folder: FolderArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Show the files of a package, its inputs and outputs, and what is known about it."""
    _report(_read(folder, None), output)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise CommandError(f"{path} is not a file", "", ExitCode.NOT_FOUND)
    return path


def _read(folder: Path, digest: str | None) -> ModelPackage:
    try:
        return ModelPackage.read(folder, digest)
    except ModelError as error:
        raise _refused(error) from error


def _refused(error: ModelError) -> CommandError:
    absent = error.reason is ModelFailureReason.MODEL_NOT_FOUND
    return CommandError(f"{error.reason}: {error.message}", "", ExitCode.NOT_FOUND if absent else ExitCode.NO)


def _check_model(path: Path) -> None:
    # Here, so that other commands start without ONNX Runtime (0.4 s).
    from holdfast.onnx import Session
    from holdfast.onnx_file import check_onnx_file

    check_onnx_file(path)
    Session.open(path)


def _profile(model: Path, reference: Path | None, categorical: list[str]) -> bytes | None:
    _check_model(model)
    if reference is None:
        return None
    from holdfast.cli.package_profile import make_profile

    return make_profile(model, reference, categorical).to_json()


def _report(package: ModelPackage, output: OutputFormat) -> None:
    document = describe(package)
    if output is OutputFormat.JSON:
        write_json(document)
        return
    table = Table.grid(padding=(0, 2))
    for name in ("digest", "profile", "inputs", "outputs", "metadata"):
        for line in _lines(document[name]):
            table.add_row(Text(name, style="muted"), line)
            name = ""
    for file in document["files"]:
        table.add_row(Text("file", style="muted"), f"{file['path']}  {file['size']:,} bytes")
    write(table)


def describe(package: ModelPackage) -> dict[str, Any]:
    """Return what there is to say about a package, for programs."""
    from holdfast.onnx import Session

    signature = Session.open(package.model_path).signature
    profile = package.profile()
    return {
        "digest": package.digest,
        "sizeBytes": package.size_bytes,
        "files": [
            {"path": file.path, "size": file.size, "sha256": file.sha256} for file in package.manifest.files
        ],
        "inputs": [tensor.model_dump(mode="json") for tensor in signature.inputs],
        "outputs": [tensor.model_dump(mode="json") for tensor in signature.outputs],
        "profile": None if profile is None else {"hash": profile.hash, "rows": profile.rows},
        "metadata": package.metadata(),
    }


def _lines(value: object) -> list[str]:
    if isinstance(value, list):
        return [f"{each['name']}  {each['datatype']}  {each['shape']}" for each in value]
    if isinstance(value, dict):
        return [f"{key} {each}" for key, each in value.items()]
    return ["none" if value is None else str(value)]
