"""A look at data with the user's credentials: has it changed?"""

from pathlib import Path

from holdfast.credentials import Credentials
from holdfast.data_listing import look_at_data
from holdfast.failures import ModelError
from holdfast.results import DataLookResult
from holdfast.settings import DataLookSettings
from holdfast.sources import SOURCE_MOUNT


def look_result(settings: DataLookSettings, mount: Path = SOURCE_MOUNT) -> tuple[DataLookResult, int]:
    """Look; return what to report and the exit code."""
    try:
        credentials = Credentials.read(settings.credentials_dir)
        return look_at_data(settings.data_uri, credentials, mount), 0
    except ModelError as error:
        return DataLookResult(failure=error.failure()), error.exit_code
