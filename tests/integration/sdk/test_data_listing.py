"""Looks at data in a real S3 server and on a real HTTPS server."""

from pathlib import Path

import pytest

from holdfast.credentials import Credentials
from holdfast.data_listing import look_at_data
from holdfast.failures import ModelError
from holdfast.location import Location
from holdfast.object_store import Bucket
from holdfast.results import DataLookResult, ModelFailureReason
from holdfast.settings import DataLookSettings
from tests.integration.sdk.conftest import WebServer
from tests.integration.serving.server_process import run_command

pytestmark = pytest.mark.integration


def test_objects_of_a_bucket_count_by_content(s3_credentials: Path) -> None:
    credentials = Credentials.read(s3_credentials)
    bucket = Bucket(Location.parse("s3://models/watched"), credentials)
    bucket.write("a.csv", b"1,2\n")
    bucket.write("deeper/b.csv", b"3,4\n")
    first = look_at_data("s3://models/watched", credentials)
    assert (first.objects, first.total_bytes) == (2, 8)
    assert first.newest_time is not None
    bucket.write("a.csv", b"1,2\n")
    assert look_at_data("s3://models/watched", credentials).digest == first.digest, "the same bytes again"
    bucket.write("a.csv", b"1,3\n")
    assert look_at_data("s3://models/watched", credentials).digest != first.digest
    single = look_at_data("s3://models/watched/deeper/b.csv", credentials)
    assert (single.objects, single.total_bytes) == (1, 4)


@pytest.mark.parametrize("uri", ["s3://models/nothing", "s3://models/nothing/at-all.csv", "s3://elsewhere/x"])
def test_nothing_in_a_bucket_is_not_found(uri: str, s3_credentials: Path) -> None:
    with pytest.raises(ModelError) as caught:
        look_at_data(uri, Credentials.read(s3_credentials))
    assert caught.value.reason is ModelFailureReason.MODEL_NOT_FOUND


def test_dvc_file_in_a_bucket_counts_by_content(s3_credentials: Path) -> None:
    credentials = Credentials.read(s3_credentials)
    bucket = Bucket(Location.parse("s3://models/tracked"), credentials)
    bucket.write("rows.dvc", b"outs:\n- md5: 01\n")
    first = look_at_data("s3://models/tracked/rows.dvc", credentials)
    bucket.write("rows.dvc", b"outs:\n- md5: 02\n")
    assert look_at_data("s3://models/tracked/rows.dvc", credentials).digest != first.digest


def test_file_of_a_web_server_counts_by_its_etag(web: WebServer, web_credentials: Path) -> None:
    credentials = Credentials.read(web_credentials)
    uri = f"https://{web.host}/rows.csv"
    web.files["/rows.csv"] = b"1,2\n"
    web.headers = {"etag": '"one"', "last-modified": "Sun, 01 Feb 2026 00:00:00 GMT"}
    first = look_at_data(uri, credentials)
    assert (first.total_bytes, first.newest_time) == (4, "2026-02-01T00:00:00Z")
    web.headers = {"etag": '"two"', "last-modified": "nonsense"}
    second = look_at_data(uri, credentials)
    assert (second.digest != first.digest, second.newest_time) == (True, None)
    web.headers = {}
    with pytest.raises(ModelError, match="neither ETag nor Last-Modified"):
        look_at_data(uri, credentials)


def test_container_reports_what_it_saw_and_what_it_could_not(s3_credentials: Path, tmp_path: Path) -> None:
    credentials = Credentials.read(s3_credentials)
    Bucket(Location.parse("s3://models/reported"), credentials).write("a.csv", b"1,2\n")
    message = tmp_path / "termination-log"
    message.touch()

    def run(uri: str) -> tuple[int, DataLookResult]:
        settings = DataLookSettings(
            data_uri=uri, credentials_dir=str(s3_credentials), termination_message_path=str(message)
        )
        finished = run_command("look", settings)
        return finished.returncode, DataLookResult.model_validate_json(message.read_text())

    code, result = run("s3://models/reported")
    assert (code, result) == (0, look_at_data("s3://models/reported", credentials))
    code, result = run("s3://models/absent")
    assert (code, result.failure and result.failure.reason) == (21, "ModelNotFound")
    code, result = run("ftp://models/absent")
    assert (code, result.failure and result.failure.reason) == (20, "UnsupportedURI")
