"""URIs and credentials."""

from pathlib import Path

import pytest

from holdfast.credentials import MAX_CREDENTIAL_BYTES, Credentials
from holdfast.failures import ModelError
from holdfast.location import Location, Scheme
from holdfast.results import ModelFailureReason


@pytest.mark.parametrize(
    ("uri", "scheme", "authority", "path", "is_file"),
    [
        ("s3://models/credit/7", Scheme.S3, "models", "credit/7", False),
        ("s3://models/credit/7/", Scheme.S3, "models", "credit/7", False),
        ("s3://models", Scheme.S3, "models", "", False),
        ("s3://models/m.onnx", Scheme.S3, "models", "m.onnx", True),
        ("https://example.org:8443/a/m.onnx", Scheme.HTTPS, "example.org:8443", "a/m.onnx", True),
        ("https://[::1]:8443/a/", Scheme.HTTPS, "[::1]:8443", "a", False),
        ("pvc://claim/a/b", Scheme.PVC, "claim", "a/b", False),
        ("configmap://tiny", Scheme.CONFIGMAP, "tiny", "", False),
    ],
)
def test_uris_are_understood(uri: str, scheme: Scheme, authority: str, path: str, is_file: bool) -> None:
    location = Location.parse(uri)
    assert (location.scheme, location.authority, location.path) == (scheme, authority, path)
    assert location.is_model_file == is_file
    assert Location.parse(str(location)) == location


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "models/credit",
        "file:///etc/passwd",
        "http://example.org/m.onnx",
        "S3://models/x",
        "gs://bucket/x",
        "s3:///key",
        "s3://UPPER/key",
        "s3://models/a//b",
        "s3://models/../other/key",
        "s3://models/a/./b",
        "s3://models/a b",
        "s3://models/a\n",
        "s3://models/a\\b",
        "s3://" + "b" * 64 + "/key",
        "s3://models/" + "k" * 1_100,
        "https://user:word@example.org/m.onnx",
        "https://example.org/m.onnx?token=word",
        "https://example.org/m.onnx#part",
        "https://exam ple.org/",
        "https:///path",
        "https://example.org:port/x",
        "pvc://../etc",
        "pvc://claim/..",
        "pvc://claim/../../etc/passwd",
        "configmap://tiny/a/b",
        "configmap://",
    ],
)
def test_other_uris_are_refused_without_repeating_secrets(uri: str) -> None:
    with pytest.raises(ModelError) as refused:
        Location.parse(uri)
    assert refused.value.reason == ModelFailureReason.UNSUPPORTED_URI
    assert "user:word" not in refused.value.message


def test_locations_have_parents_and_children() -> None:
    location = Location.parse("s3://models/a/b.onnx")
    assert location.name == "b.onnx"
    assert location.parent == Location.parse("s3://models/a")
    assert location.parent.parent.child("c") == Location.parse("s3://models/c")


def test_credentials_are_read_from_files_without_their_line_ends(tmp_path: Path) -> None:
    (tmp_path / "AWS_ACCESS_KEY_ID").write_text("key\n")
    (tmp_path / "AWS_SECRET_ACCESS_KEY").write_text("word")
    (tmp_path / "AWS_REGION").write_text(" \n")
    (tmp_path / "ca.crt").write_bytes(b"PEM")
    credentials = Credentials.read(tmp_path)
    assert (credentials.access_key_id, credentials.secret_access_key) == ("key", "word")
    assert (credentials.region, credentials.session_token) == (None, None)
    assert credentials.ca_certificates == b"PEM"
    assert "word" not in repr(credentials)


def test_without_a_folder_there_are_no_credentials() -> None:
    assert Credentials.read(None) == Credentials()


def test_trainers_have_credentials_in_their_environment(tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(b"PEM")
    environ = {"AWS_ACCESS_KEY_ID": "key", "AWS_ENDPOINT_URL": "http://s3", "AWS_CA_BUNDLE": str(bundle)}
    credentials = Credentials.from_env(environ)
    assert (credentials.access_key_id, credentials.endpoint) == ("key", "http://s3")
    assert credentials.ca_certificates == b"PEM"
    assert Credentials.from_env({}) == Credentials()


@pytest.mark.parametrize("content", [b"\xff", b"x" * (MAX_CREDENTIAL_BYTES + 1)], ids=["bytes", "large"])
def test_credentials_that_are_no_text_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "AWS_SECRET_ACCESS_KEY").write_bytes(content)
    with pytest.raises(ModelError, match="AWS_SECRET_ACCESS_KEY") as refused:
        Credentials.read(tmp_path)
    assert refused.value.reason == ModelFailureReason.STORE_UNREADABLE


def test_a_credential_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / "authorization").mkdir()
    with pytest.raises(ModelError, match="authorization"):
        Credentials.read(tmp_path)
