"""Fetching from and publishing to mounted claims and ConfigMaps."""

from pathlib import Path

import pytest

from holdfast.failures import ModelError
from holdfast.package import ModelPackage
from holdfast.results import ModelFailureReason
from holdfast.store import fetch_package, list_objects, publish_package, read_object

MODEL = b"not really a model"
PROFILE = b'{"schemaVersion":1,"rows":3,"columns":[]}'


@pytest.fixture
def mount(tmp_path: Path) -> Path:
    """A mounted claim with the same package thrice: with manifest, without, and as a file."""
    claim = tmp_path / "claim"
    ModelPackage.write(claim / "whole", {"model.onnx": MODEL, "profile.json": PROFILE})
    (claim / "bare").mkdir()
    (claim / "bare" / "model.onnx").write_bytes(MODEL)
    (claim / "bare" / "profile.json").write_bytes(PROFILE)
    (claim / "bare" / "holdout.npz").write_bytes(b"rows")
    (claim / "credit-v7.onnx").write_bytes(MODEL)
    (claim / "latest").symlink_to("whole")
    return claim


@pytest.mark.parametrize("uri", ["pvc://claim/whole", "pvc://claim/bare/", "pvc://claim/latest"])
def test_folders_are_fetched_with_and_without_a_manifest(mount: Path, tmp_path: Path, uri: str) -> None:
    package = fetch_package(uri, None, tmp_path / "into", mount=mount)
    assert package.manifest.names == ["model.onnx", "profile.json"]
    assert package.digest == ModelPackage.read(mount / "whole").digest
    assert ModelPackage.read(tmp_path / "into", package.digest) == package


def test_a_single_file_is_a_package(mount: Path, tmp_path: Path) -> None:
    package = fetch_package("pvc://claim/credit-v7.onnx", None, tmp_path / "into", mount=mount)
    assert package.manifest.names == ["model.onnx"]
    assert package.model_path.read_bytes() == MODEL


def test_a_configmap_is_read_through_its_links(tmp_path: Path) -> None:
    keys = tmp_path / "map" / "..2026_11_21"
    keys.mkdir(parents=True)
    (keys / "model.onnx").write_bytes(MODEL)
    (tmp_path / "map" / "..data").symlink_to("..2026_11_21")
    (tmp_path / "map" / "model.onnx").symlink_to("..data/model.onnx")
    package = fetch_package("configmap://tiny", None, tmp_path / "into", mount=tmp_path / "map")
    assert package.read_file("model.onnx") == MODEL


def test_a_configmap_without_links_is_a_folder(mount: Path, tmp_path: Path) -> None:
    package = fetch_package("configmap://tiny", None, tmp_path / "into", mount=mount / "bare")
    assert package.size_bytes == len(MODEL) + len(PROFILE)


@pytest.mark.parametrize("uri", ["pvc://claim/whole", "pvc://claim/bare", "pvc://claim/credit-v7.onnx"])
def test_only_the_pinned_digest_is_accepted(mount: Path, tmp_path: Path, uri: str) -> None:
    with pytest.raises(ModelError) as refused:
        fetch_package(uri, "sha256:" + "0" * 64, tmp_path / "into", mount=mount)
    assert refused.value.reason == ModelFailureReason.DIGEST_MISMATCH
    assert "manifest.json" not in {path.name for path in (tmp_path / "into").iterdir()}


def test_what_an_earlier_start_fetched_is_kept_or_replaced(mount: Path, tmp_path: Path) -> None:
    package = fetch_package("pvc://claim/whole", None, tmp_path / "into", mount=mount)
    (mount / "whole" / "model.onnx").unlink()
    again = fetch_package("pvc://claim/whole", package.digest, tmp_path / "into", mount=mount)
    assert again == package
    other = fetch_package("pvc://claim/credit-v7.onnx", None, tmp_path / "into", mount=mount)
    assert other.manifest.names == ["model.onnx"]
    assert {path.name for path in (tmp_path / "into").iterdir()} == {"manifest.json", "model.onnx"}


@pytest.mark.parametrize(
    ("uri", "reason"),
    [
        pytest.param("pvc://claim/absent", ModelFailureReason.MODEL_NOT_FOUND, id="no folder"),
        pytest.param("pvc://claim/absent.onnx", ModelFailureReason.MODEL_NOT_FOUND, id="no file"),
        pytest.param("pvc://claim/out", ModelFailureReason.PACKAGE_INVALID, id="link out of the claim"),
        pytest.param("pvc://claim/linked", ModelFailureReason.PACKAGE_INVALID, id="link as a file"),
        pytest.param("pvc://claim/holes", ModelFailureReason.PACKAGE_INVALID, id="listed, not there"),
        pytest.param("pvc://claim/changed", ModelFailureReason.DIGEST_MISMATCH, id="changed"),
        pytest.param("pvc://claim/broken", ModelFailureReason.PACKAGE_INVALID, id="manifest"),
        pytest.param("ftp://claim/x", ModelFailureReason.UNSUPPORTED_URI, id="scheme"),
    ],
)
def test_bad_sources_have_their_reason(
    mount: Path, tmp_path: Path, uri: str, reason: ModelFailureReason
) -> None:
    (mount / "out").symlink_to(tmp_path)
    (mount / "linked").mkdir()
    (mount / "linked" / "model.onnx").symlink_to(mount / "credit-v7.onnx")
    ModelPackage.write(mount / "holes", {"model.onnx": MODEL, "report.json": b"{}"})
    (mount / "holes" / "model.onnx").unlink()
    ModelPackage.write(mount / "changed", {"model.onnx": MODEL, "report.json": b"{}"})
    (mount / "changed" / "report.json").write_bytes(b"[]")
    (mount / "broken").mkdir()
    (mount / "broken" / "manifest.json").write_bytes(b"{}")
    with pytest.raises(ModelError) as refused:
        fetch_package(uri, None, tmp_path / "into", mount=mount)
    assert refused.value.reason == reason
    assert str(tmp_path) not in refused.value.message


@pytest.mark.parametrize("uri", ["pvc://claim/whole", "pvc://claim/bare", "pvc://claim/credit-v7.onnx"])
def test_large_packages_are_refused_however_they_are_given(mount: Path, tmp_path: Path, uri: str) -> None:
    with pytest.raises(ModelError) as refused:
        fetch_package(uri, None, tmp_path / "into", max_bytes=10, mount=mount)
    assert refused.value.reason == ModelFailureReason.PACKAGE_TOO_LARGE


def test_a_volume_that_cannot_be_written_is_reported(mount: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ModelError, match="the volume") as refused:
        fetch_package("pvc://claim/whole", None, tmp_path / "file" / "into", mount=mount)
    assert refused.value.reason == ModelFailureReason.STORE_UNREADABLE


def test_a_published_package_is_fetched_again(mount: Path, tmp_path: Path) -> None:
    package = ModelPackage.read(mount / "whole")
    published = tmp_path / "published"
    published.mkdir()
    uri = publish_package(package, "pvc://claim/models/", mount=published)
    assert uri == "pvc://claim/models/" + package.digest.removeprefix("sha256:")
    assert publish_package(package, "pvc://claim/models", mount=published) == uri
    again = fetch_package(uri, package.digest, tmp_path / "into", mount=published)
    assert again.manifest == package.manifest
    assert sorted(path.name for path in published.rglob("*.*")) == [
        "manifest.json",
        "model.onnx",
        "profile.json",
    ]


def test_an_interrupted_publication_is_completed(mount: Path, tmp_path: Path) -> None:
    package = ModelPackage.read(mount / "whole")
    begun = tmp_path / "models" / package.digest.removeprefix("sha256:")
    begun.mkdir(parents=True)
    (begun / "model.onnx").write_bytes(MODEL[:3])
    uri = publish_package(package, "pvc://claim", mount=tmp_path / "models")
    assert fetch_package(uri, package.digest, tmp_path / "into", mount=tmp_path / "models")


@pytest.mark.parametrize("uri", ["https://example.org/models", "configmap://tiny"])
def test_packages_are_published_to_buckets_and_claims_only(mount: Path, uri: str) -> None:
    with pytest.raises(ModelError, match=r"s3:// or pvc://") as refused:
        publish_package(ModelPackage.read(mount / "whole"), uri)
    assert refused.value.reason == ModelFailureReason.UNSUPPORTED_URI


def test_a_claim_that_cannot_be_written_is_reported(mount: Path, tmp_path: Path) -> None:
    (tmp_path / "models").write_bytes(b"")
    with pytest.raises(ModelError) as refused:
        publish_package(ModelPackage.read(mount / "whole"), "pvc://claim", mount=tmp_path / "models")
    assert refused.value.reason == ModelFailureReason.STORE_UNREADABLE


def test_data_is_listed_and_read(mount: Path) -> None:
    assert list_objects("pvc://claim/bare", mount=mount) == [
        "pvc://claim/bare/holdout.npz",
        "pvc://claim/bare/model.onnx",
        "pvc://claim/bare/profile.json",
    ]
    assert read_object("pvc://claim/bare/holdout.npz", mount=mount) == b"rows"
    with pytest.raises(ModelError) as refused:
        read_object("pvc://claim/bare/holdout.npz", max_bytes=3, mount=mount)
    assert refused.value.reason == ModelFailureReason.PACKAGE_TOO_LARGE
    with pytest.raises(ModelError, match="list no files"):
        list_objects("https://example.org/data")
