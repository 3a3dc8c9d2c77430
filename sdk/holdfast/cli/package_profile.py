"""The profile of a new package: reference rows, and what the model predicts for them."""

from pathlib import Path

from holdfast.batches import run_rows
from holdfast.binning import profile_of
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.onnx import Session
from holdfast.profile import Profile
from holdfast.rows import read_rows
from holdfast.signature import countable

SUFFIXES = (".npz", ".parquet")


def make_profile(model: Path, reference: Path, categorical: list[str]) -> Profile:
    """Return the profile of a model's features and predictions.

    Raises:
        CommandError: the rows cannot be read or do not fit the model.
        ModelError: the model cannot be loaded or fails on the rows.
    """
    if reference.suffix not in SUFFIXES or not reference.is_file():
        raise CommandError(f"{reference} is not an NPZ or Parquet file", "", ExitCode.NOT_FOUND)
    session = Session.open(model)
    try:
        rows = read_rows(reference.parent, reference.stem, session.signature)
        if rows is None:
            raise CommandError(f"{reference} is gone", "", ExitCode.NOT_FOUND)
        inputs = countable(rows.inputs, session.signature.inputs)
        outputs = countable(run_rows(session, rows.inputs), session.signature.outputs)
        return profile_of(inputs, outputs, rows.feature_names, categorical)
    except ValueError as error:
        remedy = "Write one array per model input: numpy.savez(FILE, INPUT=rows, feature_names=[…])"
        raise CommandError(f"no profile can be made: {error}", remedy) from error
