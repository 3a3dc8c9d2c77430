"""The candidate that a trainer left behind: taken over without trusting it, checked, given a profile."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final, Self

from holdfast.batches import run_rows
from holdfast.binning import profile_of
from holdfast.failures import ModelError
from holdfast.folder import Folder, capped
from holdfast.manifest import METADATA_FILE, MODEL_FILE, PROFILE_FILE
from holdfast.onnx import Session
from holdfast.package import ModelPackage, parse_metadata
from holdfast.profile import Profile
from holdfast.results import Failure, ModelFailureReason
from holdfast.rows import HOLDOUT, REFERENCE, TRAINING, Rows, RowsError, read_rows
from holdfast.signature import countable
from holdfast_serving.inspection.inspection_result import check_in_child

CHECK_TIMEOUT_SECONDS: Final = 120
_TAKEN_OVER: Final = (MODEL_FILE, PROFILE_FILE, METADATA_FILE)


class EvaluationFailureReason(StrEnum):
    """Why a candidate cannot be judged, beside the reasons why a model cannot be served."""

    HOLDOUT_INVALID = "HoldoutInvalid"
    """The trainer wrote no holdout, or one that does not fit the model or the metrics of the gate."""
    REFERENCE_INVALID = "ReferenceInvalid"
    """The trainer wrote neither a profile nor reference rows to make it from, or rows that do not fit."""


class EvaluationError(Exception):
    """The candidate cannot be judged; trying again cannot help."""

    def __init__(self, reason: EvaluationFailureReason, message: str) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message

    def failure(self) -> Failure:
        """Return what goes into the termination message."""
        return Failure(reason=self.reason, message=self.message[:1024])


@dataclass(frozen=True)
class Candidate:
    """A checked model in a folder of ours, its rows to be judged by, and its profile."""

    folder: Path
    session: Session
    profile: Profile
    metadata: dict[str, Any]
    holdout: Rows
    training: Rows | None = None
    """Rows that it was trained on, if the trainer gives them."""

    @classmethod
    def take_over(cls, trained: Path, into: Path, max_bytes: int, threads: int) -> Self:
        """Copy what the trainer wrote, check the model as any model is inspected, and complete its package.

        Raises:
            ModelError: the model must not be served.
            EvaluationError: holdout, reference or profile is missing or does not fit.
        """
        _copy(trained, into, max_bytes)
        checked = check_in_child(into, CHECK_TIMEOUT_SECONDS)
        if checked.failure is not None:
            raise ModelError(ModelFailureReason(checked.failure.reason), checked.failure.message)
        session = Session.open(into / MODEL_FILE, threads)
        package = ModelPackage.read(into, max_bytes=max_bytes)
        profile = package.profile() or _made_profile(trained, session)
        if PROFILE_FILE not in package.manifest.names:
            with Folder(into) as files:
                files.write(PROFILE_FILE, [profile.to_json()])
        holdout, training = _judged_rows(trained, session)
        return cls(into, session, profile, package.metadata(), holdout, training)


def _copy(trained: Path, into: Path, max_bytes: int) -> None:
    """Copy regular files only: a link could lead to this container's credentials and publish them."""
    with Folder(trained) as source, Folder(into) as target:
        present = source.names()
        if MODEL_FILE not in present:
            raise ModelError(ModelFailureReason.PACKAGE_INVALID, f"the trainer wrote no {MODEL_FILE}")
        left = max_bytes
        for name in _TAKEN_OVER:
            if name in present:
                left -= target.write(name, capped(source.chunks(name), name, left)).size
        if METADATA_FILE in present:
            parse_metadata(target.read(METADATA_FILE, max_bytes))


def _made_profile(trained: Path, session: Session) -> Profile:
    try:
        rows = read_rows(trained, REFERENCE, session.signature)
        if rows is None:
            raise RowsError("the trainer wrote neither profile.json nor reference.npz or reference.parquet")
        inputs = countable(rows.inputs, session.signature.inputs)
        outputs = countable(run_rows(session, rows.inputs), session.signature.outputs)
        return profile_of(inputs, outputs, rows.feature_names)
    except ValueError as error:  # RowsError is one
        raise EvaluationError(EvaluationFailureReason.REFERENCE_INVALID, str(error)) from None


def _judged_rows(trained: Path, session: Session) -> tuple[Rows, Rows | None]:
    try:
        rows = read_rows(trained, HOLDOUT, session.signature)
        training = read_rows(trained, TRAINING, session.signature)
    except RowsError as error:
        raise EvaluationError(EvaluationFailureReason.HOLDOUT_INVALID, str(error)) from None
    if rows is None:
        message = "the trainer wrote neither holdout.npz nor holdout.parquet"
        raise EvaluationError(EvaluationFailureReason.HOLDOUT_INVALID, message)
    return rows, training
