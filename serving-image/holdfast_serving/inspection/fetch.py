"""Fetch the model package into the pod, verified against the digest and the key that the operator names."""

import logging
from pathlib import Path

from holdfast.failures import ModelError
from holdfast.manifest import SIGNATURE_FILE
from holdfast.package import ModelPackage
from holdfast.results import InspectionResult
from holdfast.settings import FetchSettings
from holdfast.store import fetch_package, fetch_signature
from holdfast_serving.inspection.package_signature import verify_signature

logger = logging.getLogger(__name__)


def fetch(settings: FetchSettings) -> ModelPackage:
    """Fetch and verify the package.

    Raises:
        ModelError: it cannot be had, is not what the digest says, or is not signed with the key.
    """
    package = fetch_package(
        settings.model_uri,
        settings.model_digest,
        Path(settings.model_dir),
        settings.credentials_dir,
        settings.max_package_bytes,
    )
    if settings.verification_key_file is not None:
        if not (package.folder / SIGNATURE_FILE).exists():  # else an earlier start of this container got both
            fetch_signature(settings.model_uri, package.folder, settings.credentials_dir)
        verify_signature(package, Path(settings.verification_key_file))
        logger.info("the signature of %s is valid", package.digest)
    return package


def fetch_result(settings: FetchSettings) -> tuple[InspectionResult, int]:
    """Fetch; return what to report and the exit code."""
    try:
        package = fetch(settings)
    except ModelError as error:
        return InspectionResult(failure=error.failure()), error.exit_code
    return InspectionResult(digest=package.digest, size_bytes=package.size_bytes), 0
