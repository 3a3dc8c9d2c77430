"""Fetch the model package into the pod, verified against the digest that the operator names."""

from pathlib import Path

from holdfast.failures import ModelError
from holdfast.package import ModelPackage
from holdfast.results import InspectionResult
from holdfast.settings import FetchSettings
from holdfast.store import fetch_package


def fetch(settings: FetchSettings) -> ModelPackage:
    """Fetch and verify the package.

    Raises:
        ModelError: it cannot be had, or is not what the digest says.
    """
    return fetch_package(
        settings.model_uri,
        settings.model_digest,
        Path(settings.model_dir),
        settings.credentials_dir,
        settings.max_package_bytes,
    )


def fetch_result(settings: FetchSettings) -> tuple[InspectionResult, int]:
    """Fetch; return what to report and the exit code."""
    try:
        package = fetch(settings)
    except ModelError as error:
        return InspectionResult(failure=error.failure()), error.exit_code
    return InspectionResult(digest=package.digest, size_bytes=package.size_bytes), 0
