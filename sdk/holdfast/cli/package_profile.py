"""The profile of a new package: reference rows, and what the model predicts for them."""

from pathlib import Path

import numpy as np

from holdfast.binning import profile_of
from holdfast.cli.errors import CommandError
from holdfast.cli.reference_rows import read_reference_rows
from holdfast.onnx import Session
from holdfast.profile import Profile


def make_profile(model: Path, reference: Path, categorical: list[str]) -> Profile:
    """Return the profile of a model's features and predictions.

    Raises:
        CommandError: the rows do not fit the model.
        ModelError: the model cannot be loaded or fails on the rows.
    """
    session = Session.open(model)
    rows = read_reference_rows(reference, session.signature)
    answers = [session.run(batch) for batch in rows.batches()]
    outputs = {name: np.concatenate([answer[name] for answer in answers]) for name in answers[0]}
    try:
        return profile_of(rows.inputs, outputs, rows.feature_names, categorical)
    except ValueError as error:
        raise CommandError(f"no profile can be made from {reference}: {error}") from error
