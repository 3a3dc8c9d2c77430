"""Copy what a training workload has left in a bucket or claim into the pod, without trusting it."""

import logging
from pathlib import Path
from typing import Final

from holdfast.credentials import Credentials
from holdfast.failures import ModelError
from holdfast.folder import Folder, capped
from holdfast.location import Location
from holdfast.manifest import MODEL_FILE
from holdfast.results import InspectionResult, ModelFailureReason
from holdfast.settings import CollectionSettings
from holdfast.sources import SOURCE_MOUNT, Source, open_source

logger = logging.getLogger(__name__)

MAX_FILES: Final = 64
SUFFIXES: Final = (".json", ".npz", ".onnx", ".parquet")
"""Of the files in the training contract; others, such as checkpoints, are left where they are."""


def collection_result(
    settings: CollectionSettings, mount: Path = SOURCE_MOUNT
) -> tuple[InspectionResult, int]:
    """Copy; return what to report and the exit code."""
    try:
        size = collect(settings, mount)
    except ModelError as error:
        return InspectionResult(failure=error.failure()), error.exit_code
    return InspectionResult(size_bytes=size), 0


def collect(settings: CollectionSettings, mount: Path = SOURCE_MOUNT) -> int:
    """Copy the files of the training contract and return how many bytes they have.

    Raises:
        ModelError: PackageInvalid when the workload has left no model, PackageTooLarge, StoreUnreadable, and
        PackageInvalid for whatever is not a regular file.
    """
    location = Location.parse(settings.source_uri)
    target = Path(settings.output_dir)
    try:
        with (
            open_source(location, Credentials.read(settings.credentials_dir), mount) as source,
            Folder(target) as folder,
        ):
            for name in folder.names():
                folder.remove(name)
            return _copy(source, folder, location, settings.max_output_bytes)
    except OSError as error:
        message = f"the volume: {error.strerror or 'input/output error'}"
        raise ModelError(ModelFailureReason.STORE_UNREADABLE, message) from None


def _copy(source: Source, target: Folder, location: Location, max_bytes: int) -> int:
    names = sorted(name for name in source.names() if name.endswith(SUFFIXES))
    if MODEL_FILE not in names:
        message = f"the workload left no {MODEL_FILE} at {location}"
        raise ModelError(ModelFailureReason.PACKAGE_INVALID, message)
    if len(names) > MAX_FILES:
        message = f"{location} holds {len(names)} files, more than {MAX_FILES}"
        raise ModelError(ModelFailureReason.PACKAGE_TOO_LARGE, message)
    left = max_bytes
    for name in names:
        left -= target.write(name, capped(source.chunks(name), name, left)).size
        logger.info("fetched %s", name)
    return max_bytes - left
