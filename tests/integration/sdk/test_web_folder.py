"""Packages on a real HTTPS server."""

from pathlib import Path

import pytest

from holdfast.failures import ModelError
from holdfast.package import ModelPackage
from holdfast.results import ModelFailureReason
from holdfast.store import fetch_package
from tests.integration.sdk.conftest import WebServer

pytestmark = pytest.mark.integration
MODEL = b"not really a model" * 1_000


def publish(web: WebServer, tmp_path: Path) -> ModelPackage:
    package = ModelPackage.write(tmp_path / "package", {"model.onnx": MODEL, "metadata.json": b"{}"})
    for path in package.folder.iterdir():
        web.files[f"/models/{path.name}"] = path.read_bytes()
    return package


def test_packages_and_files_are_fetched_with_authorization_and_an_own_ca(
    web: WebServer, web_credentials: Path, tmp_path: Path
) -> None:
    web.authorization = "Bearer word"
    package = publish(web, tmp_path)
    fetched = fetch_package(
        f"https://{web.host}/models/", package.digest, tmp_path / "into", str(web_credentials)
    )
    assert fetched.manifest == package.manifest
    single = fetch_package(
        f"https://{web.host}/models/model.onnx", None, tmp_path / "into", str(web_credentials)
    )
    assert single.read_file("model.onnx") == MODEL


def test_redirects_on_the_same_host_are_followed(
    web: WebServer, web_credentials: Path, tmp_path: Path
) -> None:
    publish(web, tmp_path)
    web.redirects["/m.onnx"] = "/models/model.onnx"
    fetched = fetch_package(f"https://{web.host}/m.onnx", None, tmp_path / "into", str(web_credentials))
    assert fetched.read_file("model.onnx") == MODEL


@pytest.mark.parametrize(
    "target",
    [
        "https://example.org/m.onnx",
        "http://{host}/models/model.onnx",
        "https://user:word@{host}/models/model.onnx",
        "//example.org/m.onnx",
        "/m.onnx",
        "file:///etc/passwd",
        "https://[nonsense",
    ],
)
def test_other_redirects_are_refused(
    web: WebServer, web_credentials: Path, tmp_path: Path, target: str
) -> None:
    publish(web, tmp_path)
    web.redirects["/m.onnx"] = target.format(host=web.host)
    with pytest.raises(ModelError, match=r"redirects|does not answer") as refused:
        fetch_package(f"https://{web.host}/m.onnx", None, tmp_path / "into", str(web_credentials))
    assert refused.value.reason == ModelFailureReason.STORE_UNREADABLE


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (404, ModelFailureReason.MODEL_NOT_FOUND),
        (410, ModelFailureReason.MODEL_NOT_FOUND),
        (403, ModelFailureReason.STORE_UNREADABLE),
        (500, ModelFailureReason.STORE_UNREADABLE),
        (206, ModelFailureReason.STORE_UNREADABLE),
    ],
)
def test_answers_have_their_reason_and_are_not_repeated(
    web: WebServer, web_credentials: Path, tmp_path: Path, status: int, reason: ModelFailureReason
) -> None:
    web.statuses["/m.onnx"] = status
    with pytest.raises(ModelError) as refused:
        fetch_package(f"https://{web.host}/m.onnx", None, tmp_path / "into", str(web_credentials))
    assert refused.value.reason == reason
    assert "secret page" not in refused.value.message


def test_a_folder_without_a_manifest_is_not_found(
    web: WebServer, web_credentials: Path, tmp_path: Path
) -> None:
    web.files["/models/model.onnx"] = MODEL
    with pytest.raises(ModelError, match=r"manifest\.json") as refused:
        fetch_package(f"https://{web.host}/models", None, tmp_path / "into", str(web_credentials))
    assert refused.value.reason == ModelFailureReason.MODEL_NOT_FOUND


def test_an_unknown_certificate_is_not_trusted(web: WebServer, tmp_path: Path) -> None:
    publish(web, tmp_path)
    with pytest.raises(ModelError, match="does not answer") as refused:
        fetch_package(f"https://{web.host}/models", None, tmp_path / "into")
    assert refused.value.reason == ModelFailureReason.STORE_UNREADABLE


@pytest.mark.parametrize("content", [b"nonsense", b"\xff"], ids=["text", "bytes"])
def test_a_malformed_ca_certificate_is_refused(
    web: WebServer, web_credentials: Path, tmp_path: Path, content: bytes
) -> None:
    (web_credentials / "ca.crt").write_bytes(content)
    with pytest.raises(ModelError, match=r"ca\.crt"):
        fetch_package(f"https://{web.host}/models", None, tmp_path / "into", str(web_credentials))


def test_compressed_answers_are_refused_before_they_unfold(
    web: WebServer, web_credentials: Path, tmp_path: Path
) -> None:
    publish(web, tmp_path)
    web.headers["content-encoding"] = "gzip"
    with pytest.raises(ModelError, match="compresses"):
        fetch_package(f"https://{web.host}/models", None, tmp_path / "into", str(web_credentials))


def test_large_answers_are_cut_off(web: WebServer, web_credentials: Path, tmp_path: Path) -> None:
    web.files["/m.onnx"] = MODEL
    with pytest.raises(ModelError) as refused:
        fetch_package(
            f"https://{web.host}/m.onnx", None, tmp_path / "into", str(web_credentials), max_bytes=1_000
        )
    assert refused.value.reason == ModelFailureReason.PACKAGE_TOO_LARGE
