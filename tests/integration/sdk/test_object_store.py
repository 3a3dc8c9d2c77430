"""Packages in a real S3 server."""

from pathlib import Path

import pytest

from holdfast.credentials import Credentials
from holdfast.failures import ModelError
from holdfast.location import Location
from holdfast.object_store import Bucket
from holdfast.package import ModelPackage
from holdfast.results import ModelFailureReason
from holdfast.store import fetch_package, list_objects, publish_package, read_object

pytestmark = pytest.mark.integration
MODEL = bytes(range(256)) * 40_000


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return ModelPackage.write(tmp_path / "package", {"model.onnx": MODEL, "metadata.json": b"{}"})


def test_a_published_package_is_fetched_again(
    package: ModelPackage, s3_credentials: Path, tmp_path: Path
) -> None:
    uri = publish_package(package, "s3://models/credit/", str(s3_credentials))
    assert uri == "s3://models/credit/" + package.digest.removeprefix("sha256:")
    assert publish_package(package, "s3://models/credit", str(s3_credentials)) == uri
    fetched = fetch_package(uri, package.digest, tmp_path / "into", str(s3_credentials))
    assert fetched.manifest == package.manifest
    assert fetched.read_file("model.onnx") == MODEL


def test_folders_and_files_without_a_manifest_are_fetched(s3_credentials: Path, tmp_path: Path) -> None:
    bucket = Bucket(Location.parse("s3://models/plain"), Credentials.read(s3_credentials))
    bucket.write("model.onnx", b"model")
    bucket.write("deeper/profile.json", b"{}")
    for uri in ("s3://models/plain/", "s3://models/plain/model.onnx"):
        fetched = fetch_package(uri, None, tmp_path / "into", str(s3_credentials))
        assert fetched.manifest.names == ["model.onnx"]
    credentials = Credentials.read(s3_credentials)
    assert list_objects("s3://models/plain", credentials) == [
        "s3://models/plain/deeper/profile.json",
        "s3://models/plain/model.onnx",
    ]
    assert read_object("s3://models/plain/deeper/profile.json", credentials) == b"{}"


@pytest.mark.parametrize(
    ("uri", "change", "reason"),
    [
        pytest.param("s3://models/absent", {}, ModelFailureReason.MODEL_NOT_FOUND, id="no key"),
        pytest.param("s3://models/absent.onnx", {}, ModelFailureReason.MODEL_NOT_FOUND, id="no file"),
        pytest.param("s3://elsewhere/absent", {}, ModelFailureReason.MODEL_NOT_FOUND, id="no bucket"),
        pytest.param(
            "s3://models/x",
            {"AWS_SECRET_ACCESS_KEY": "wrong"},
            ModelFailureReason.STORE_UNREADABLE,
            id="wrong secret",
        ),
        pytest.param(
            "s3://models/x.onnx",
            {"AWS_ACCESS_KEY_ID": "nobody"},
            ModelFailureReason.STORE_UNREADABLE,
            id="unknown key",
        ),
        pytest.param(
            "s3://models/x.onnx",
            {"AWS_ACCESS_KEY_ID": ""},
            ModelFailureReason.STORE_UNREADABLE,
            id="anonymous",
        ),
        pytest.param(
            "s3://models/x.onnx",
            {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
            ModelFailureReason.STORE_UNREADABLE,
            id="nobody answers",
        ),
        pytest.param(
            "s3://models/x.onnx",
            {"AWS_ENDPOINT_URL": "nonsense", "ca.crt": "nonsense"},
            ModelFailureReason.STORE_UNREADABLE,
            id="malformed",
        ),
    ],
)
def test_failures_have_their_reason_and_repeat_no_secret(
    s3_credentials: Path, tmp_path: Path, uri: str, change: dict[str, str], reason: ModelFailureReason
) -> None:
    for name, value in change.items():
        (s3_credentials / name).write_text(value)
    with pytest.raises(ModelError) as refused:
        fetch_package(uri, None, tmp_path / "into", str(s3_credentials))
    assert refused.value.reason == reason
    assert len(refused.value.message) < 200
    assert "wrong" not in refused.value.message


def test_a_large_object_is_refused_while_it_arrives(
    package: ModelPackage, s3_credentials: Path, tmp_path: Path
) -> None:
    uri = publish_package(package, "s3://models/large", str(s3_credentials))
    for each in (uri, f"{uri}/model.onnx"):
        with pytest.raises(ModelError) as refused:
            fetch_package(each, None, tmp_path / "into", str(s3_credentials), max_bytes=1_000_000)
        assert refused.value.reason == ModelFailureReason.PACKAGE_TOO_LARGE


def test_too_many_objects_are_not_listed(
    package: ModelPackage, s3_credentials: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish_package(package, "s3://models/many", str(s3_credentials))
    monkeypatch.setattr("holdfast.object_store.MAX_LISTED", 2)
    with pytest.raises(ModelError, match="more than 2 objects"):
        list_objects("s3://models/many", Credentials.read(s3_credentials))


def test_a_bucket_that_does_not_exist_cannot_be_published_to(
    package: ModelPackage, s3_credentials: Path
) -> None:
    with pytest.raises(ModelError) as refused:
        publish_package(package, "s3://elsewhere/credit", str(s3_credentials))
    assert refused.value.reason == ModelFailureReason.MODEL_NOT_FOUND


def test_the_token_of_temporary_credentials_is_sent(s3_credentials: Path, tmp_path: Path) -> None:
    bucket = Bucket(Location.parse("s3://models/token"), Credentials.read(s3_credentials))
    bucket.write("model.onnx", b"model")
    (s3_credentials / "AWS_SESSION_TOKEN").write_text("token")
    (s3_credentials / "AWS_REGION").write_text("us-east-1")
    # This server knows no temporary credentials: that it refuses shows that the token was sent.
    with pytest.raises(ModelError) as refused:
        fetch_package("s3://models/token/model.onnx", None, tmp_path / "into", str(s3_credentials))
    assert refused.value.reason == ModelFailureReason.STORE_UNREADABLE
