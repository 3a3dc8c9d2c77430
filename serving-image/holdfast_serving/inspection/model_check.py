"""Check a model in a process of its own, under limits that it sets on itself: ``python -m … FOLDER``.

Loading an untrusted model may exhaust memory, never end, or crash; then only this process does. The result is
an ``InspectionResult`` on standard output.
"""

import os
import re
import sys
from pathlib import Path
from typing import Final

# Everything that is imported is ours and is loaded before the limits are set.
from holdfast.failures import ModelError
from holdfast.onnx import Session
from holdfast.onnx_file import check_onnx_file
from holdfast.package import ModelPackage
from holdfast.profile import Profile
from holdfast.results import InspectionResult, ModelFailureReason
from holdfast.row_counter import count_rows
from holdfast.signature import typical_inputs
from holdfast_serving.inference.runtime import Runtime
from holdfast_serving.inspection.check_limits import limit_process
from holdfast_serving.inspection.profile_check import require_countable

_OUT_OF_MEMORY: Final = re.compile(
    r"bad.?alloc|failed to allocate|MemoryError|Cannot allocate", re.IGNORECASE
)


def check_model(package: ModelPackage) -> InspectionResult:
    """Check the ONNX file, load it, run one real inference and count its row in the profile.

    Raises:
        ModelError: with the reason why it cannot be served.
    """
    check_onnx_file(package.model_path)
    profile = package.profile()
    session = _open(package.model_path)
    if profile is not None:
        require_countable(profile, session.signature)
    Runtime.warm(session, 1, profile)
    _count_row(session, profile)
    signature = session.signature
    return InspectionResult(inputs=list(signature.inputs), outputs=list(signature.outputs))


def _open(model: Path) -> Session:
    try:
        return Session.open(model, 1)
    except ModelError as error:
        if _OUT_OF_MEMORY.search(error.message):
            message = "the model needs more memory than the check (and a serving pod) has"
            raise ModelError(ModelFailureReason.CHECK_FAILED, message) from None
        raise


def _count_row(session: Session, profile: Profile | None) -> None:
    if profile is None:
        return
    inputs = typical_inputs(session.signature, profile)
    try:
        list(count_rows(profile, inputs, session.run(inputs)))
    except ValueError as error:
        raise ModelError(ModelFailureReason.PACKAGE_INVALID, f"the profile does not fit: {error}") from None


def main(folder: str, cpu_seconds: str) -> None:
    """Check the package in ``folder`` and print the result; whatever else happens is the caller's to see."""
    model = Path(folder) / "model.onnx"
    limit_process(model.stat().st_size, int(cpu_seconds))
    try:
        result = check_model(ModelPackage.read(Path(folder)))
    except ModelError as error:
        result = InspectionResult(failure=error.failure())
    sys.stdout.write(result.to_json())
    sys.stdout.flush()
    # Not by way of destructors: they belong to libraries that have just held a hostile model.
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
