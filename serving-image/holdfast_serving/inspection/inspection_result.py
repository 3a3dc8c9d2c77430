"""Inspection: fetch a model, check it in a child process within limits, and report what it is."""

import logging
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import IO, Final

from pydantic import ValidationError

from holdfast.failures import ModelError
from holdfast.results import InspectionResult, ModelFailureReason
from holdfast.settings import InspectionSettings
from holdfast_serving.inspection.check_limits import MAX_RESULT_BYTES
from holdfast_serving.inspection.fetch import fetch

logger = logging.getLogger(__name__)

_CHECK_MODULE: Final = "holdfast_serving.inspection.model_check"
_PASSED_ON: Final = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "OPENBLAS_NUM_THREADS", "TMPDIR")
"""The child needs nothing else of the environment, and what it does not have cannot leak."""


def inspection_result(settings: InspectionSettings) -> tuple[InspectionResult, int]:
    """Inspect; return what to report and the exit code."""
    try:
        return inspect(settings), 0
    except ModelError as error:
        return InspectionResult(failure=error.failure()), error.exit_code


def inspect(settings: InspectionSettings) -> InspectionResult:
    """Fetch and check the model.

    Raises:
        ModelError: it cannot be had or must not be served.
    """
    package = fetch(settings)
    logger.info("fetched %s, %d bytes; checking", package.digest, package.size_bytes)
    profile = package.profile()
    checked = require_safe(package.folder, settings.check_timeout_seconds)
    return checked.model_copy(
        update={
            "digest": package.digest,
            "size_bytes": package.size_bytes,
            "profile_hash": profile.hash if profile else None,
        }
    )


def require_safe(folder: Path, timeout_seconds: int) -> InspectionResult:
    """Check a model in a child process and return what it takes and gives.

    Raises:
        ModelError: it must not be served.
    """
    checked = check_in_child(folder, timeout_seconds)
    if checked.failure is not None:
        raise ModelError(ModelFailureReason(checked.failure.reason), checked.failure.message)
    return checked


def check_in_child(folder: Path, timeout_seconds: int) -> InspectionResult:
    """Run ``model_check`` on a verified package and return what it found.

    Raises:
        ModelError: CheckFailed when it crashed, took too long or said nothing sensible.
    """
    command = [sys.executable, "-m", _CHECK_MODULE, str(folder), str(timeout_seconds)]
    environment = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    # A file, not a pipe: its size is limited by the child's RLIMIT_FSIZE.
    with tempfile.TemporaryFile() as output:
        try:
            finished = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                env=environment,
                timeout=timeout_seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise _failed(f"it did not finish within {timeout_seconds} s") from None
        if finished.returncode:
            raise _failed(_ending(finished.returncode))
        return _parsed(output)


def _parsed(output: IO[bytes]) -> InspectionResult:
    output.seek(0)
    try:
        return InspectionResult.model_validate_json(output.read(MAX_RESULT_BYTES))
    except ValidationError:
        raise _failed("it gave no result") from None


def _ending(code: int) -> str:
    if code == -signal.SIGXCPU:
        return "it used up its CPU time"
    if code < 0:
        return f"the model crashed it ({signal.strsignal(-code)})"
    return "the model exhausted its memory or broke it; its log says more"


def _failed(how: str) -> ModelError:
    return ModelError(ModelFailureReason.CHECK_FAILED, f"the check of the model failed: {how}")
