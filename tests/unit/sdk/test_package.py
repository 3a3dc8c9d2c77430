"""Model packages: digests, and folders that someone else filled."""

import hashlib
import json
import os
import pickle
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast.failures import ModelError
from holdfast.folder import Folder, describe, verified
from holdfast.manifest import MAX_MANIFEST_BYTES, Manifest, PackageFile
from holdfast.package import ModelPackage, manifest_of, parse_metadata
from holdfast.results import EXIT_MODEL_REFUSED, EXIT_STORE_UNREADABLE, ModelFailureReason

MODEL = b"not really a model"
SHA = "0" * 64
PROFILE = b'{"schemaVersion":1,"rows":3,"columns":[]}'


@contextmanager
def refused(
    reason: ModelFailureReason, match: str | None = None
) -> Iterator[pytest.ExceptionInfo[ModelError]]:
    """Expect a ModelError with a reason."""
    with pytest.raises(ModelError, match=match) as caught:
        yield caught
    assert caught.value.reason == reason


def written(folder: Path, **files: bytes) -> ModelPackage:
    return ModelPackage.write(
        folder, {"model.onnx": MODEL, **{k.replace("__", "."): v for k, v in files.items()}}
    )


def test_a_written_package_reads_back_with_the_same_digest(tmp_path: Path) -> None:
    package = written(tmp_path / "a", profile__json=PROFILE, metadata__json=b'{"seed": 1}')
    again = ModelPackage.read(tmp_path / "a", digest=package.digest)
    assert again == package
    assert again.size_bytes == len(MODEL) + len(PROFILE) + 11
    assert again.metadata() == {"seed": 1}
    profile = again.profile()
    assert profile is not None
    assert profile.rows == 3
    assert again.model_path.read_bytes() == MODEL


def test_the_digest_depends_on_the_files_alone(tmp_path: Path) -> None:
    package = written(tmp_path / "a", profile__json=PROFILE)
    bare = tmp_path / "bare"
    bare.mkdir()
    (bare / "profile.json").write_bytes(PROFILE)
    (bare / "model.onnx").write_bytes(MODEL)
    (bare / "holdout.npz").write_bytes(b"rows that stay here")
    assert ModelPackage.read(bare).digest == package.digest
    manifest = json.loads((tmp_path / "a" / "manifest.json").read_text())
    manifest["files"].reverse()
    (tmp_path / "a" / "manifest.json").write_text(json.dumps(manifest, indent=7))
    assert ModelPackage.read(tmp_path / "a").digest == package.digest


def test_the_digest_is_the_documented_one() -> None:
    manifest = Manifest(files=(PackageFile(path="model.onnx", sha256=SHA, size=3),))
    canonical = '{"files":[{"path":"model.onnx","sha256":"' + SHA + '","size":3}]}'
    assert manifest.digest == "sha256:" + hashlib.sha256(canonical.encode()).hexdigest()


def test_a_package_without_the_optional_files_has_none(tmp_path: Path) -> None:
    package = written(tmp_path)
    assert package.profile() is None
    assert package.metadata() == {}
    assert package.read_file("report.json") is None


def test_files_are_copied_from_paths(tmp_path: Path) -> None:
    source = tmp_path / "trained.bin"
    source.write_bytes(MODEL)
    package = ModelPackage.write(tmp_path / "package", {"model.onnx": source})
    assert package.read_file("model.onnx") == MODEL


def test_another_digest_is_refused(tmp_path: Path) -> None:
    written(tmp_path)
    with refused(ModelFailureReason.DIGEST_MISMATCH, "digest is sha256:"):
        ModelPackage.read(tmp_path, digest="sha256:" + SHA)


@pytest.mark.parametrize("content", [b"", MODEL + b"x", MODEL.upper()], ids=["short", "long", "other"])
def test_bytes_that_the_manifest_does_not_list_are_refused(tmp_path: Path, content: bytes) -> None:
    package = written(tmp_path)
    (tmp_path / "model.onnx").write_bytes(content)
    with refused(ModelFailureReason.DIGEST_MISMATCH, "model.onnx is not the file"):
        ModelPackage.read(tmp_path)
    with refused(ModelFailureReason.DIGEST_MISMATCH):
        package.read_file("model.onnx")


def test_a_listed_file_that_is_absent_is_refused(tmp_path: Path) -> None:
    written(tmp_path, profile__json=PROFILE)
    (tmp_path / "profile.json").unlink()
    with refused(ModelFailureReason.PACKAGE_INVALID, "profile.json is listed in the manifest"):
        ModelPackage.read(tmp_path)


def test_a_folder_without_a_model_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "profile.json").write_bytes(PROFILE)
    with refused(ModelFailureReason.MODEL_NOT_FOUND, "model.onnx does not exist"):
        ModelPackage.read(tmp_path)
    with refused(ModelFailureReason.MODEL_NOT_FOUND, "absent does not exist"):
        ModelPackage.read(tmp_path / "absent")


@pytest.mark.parametrize("with_manifest", [True, False], ids=["manifest", "no manifest"])
def test_links_are_never_followed(tmp_path: Path, with_manifest: bool) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(MODEL)
    folder = tmp_path / "package"
    written(folder)
    if not with_manifest:
        (folder / "manifest.json").unlink()
    (folder / "model.onnx").unlink()
    (folder / "model.onnx").symlink_to(secret)
    with refused(ModelFailureReason.PACKAGE_INVALID, "is a link"):
        ModelPackage.read(folder)


def test_pipes_and_folders_are_no_files(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "model.onnx")
    with refused(ModelFailureReason.PACKAGE_INVALID, "not a regular file"):
        ModelPackage.read(tmp_path)
    (tmp_path / "model.onnx").unlink()
    (tmp_path / "model.onnx").mkdir()
    with refused(ModelFailureReason.PACKAGE_INVALID, "not a regular file"):
        ModelPackage.read(tmp_path)


def test_a_path_through_a_file_is_not_found(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with refused(ModelFailureReason.MODEL_NOT_FOUND):
        ModelPackage.read(tmp_path / "file" / "package")


def test_what_the_system_refuses_to_open_is_unreadable(tmp_path: Path) -> None:
    with refused(ModelFailureReason.STORE_UNREADABLE) as caught:
        Folder(tmp_path / ("x" * 300))
    assert caught.value.exit_code == EXIT_STORE_UNREADABLE


def test_packages_over_the_limit_are_refused_with_and_without_manifest(tmp_path: Path) -> None:
    written(tmp_path, profile__json=PROFILE)
    with refused(ModelFailureReason.PACKAGE_TOO_LARGE, "at most 20 are allowed") as caught:
        ModelPackage.read(tmp_path, max_bytes=20)
    assert caught.value.exit_code == EXIT_MODEL_REFUSED
    (tmp_path / "manifest.json").unlink()
    with refused(ModelFailureReason.PACKAGE_TOO_LARGE, "profile.json is larger"):
        ModelPackage.read(tmp_path, max_bytes=20)
    with refused(ModelFailureReason.PACKAGE_TOO_LARGE):
        ModelPackage.write(tmp_path / "other", {"model.onnx": MODEL, "profile.json": PROFILE}, max_bytes=20)


@pytest.mark.parametrize(
    "name", ["", ".", "..", "../x", "a/b", "/etc/passwd", ".hidden", "a\0b", "x" * 129, "a b", "ä", "a\n"]
)
def test_names_that_are_not_flat_are_refused_everywhere(tmp_path: Path, name: str) -> None:
    with refused(ModelFailureReason.PACKAGE_INVALID, "no file name"):
        ModelPackage.write(tmp_path / "new", {"model.onnx": MODEL, name: b""})
    with Folder(tmp_path) as folder:
        with refused(ModelFailureReason.PACKAGE_INVALID):
            folder.read(name, 1)
        with refused(ModelFailureReason.PACKAGE_INVALID):
            folder.write(name, [b""])
    document = {"schemaVersion": 1, "files": [{"path": name, "sha256": SHA, "size": 0}]}
    with refused(ModelFailureReason.PACKAGE_INVALID, "path"):
        Manifest.parse(json.dumps(document).encode())


def test_existing_files_are_never_overwritten(tmp_path: Path) -> None:
    written(tmp_path)
    with pytest.raises(FileExistsError):
        written(tmp_path)
    (tmp_path / "dangling").symlink_to(tmp_path / "elsewhere")
    with Folder(tmp_path) as folder, pytest.raises(FileExistsError):
        folder.write("dangling", [b"x"])
    assert not (tmp_path / "elsewhere").exists()


def test_files_are_renamed_and_removed(tmp_path: Path) -> None:
    with Folder(tmp_path) as folder:
        folder.write("part", [b"ab", b"c"])
        folder.rename("part", "whole")
        assert folder.names() == {"whole"}
        assert folder.read("whole", 3) == b"abc"
        folder.remove("whole")
        folder.remove("whole")
        assert folder.names() == set()


def entry(path: str = "model.onnx", sha256: str = SHA, size: object = 1) -> dict[str, object]:
    return {"path": path, "sha256": sha256, "size": size}


@pytest.mark.parametrize(
    ("document", "message"),
    [
        pytest.param({"files": []}, "at least 1", id="empty"),
        pytest.param({"files": [entry(), entry()]}, "listed twice", id="twice"),
        pytest.param({"files": [entry("profile.json")]}, "model.onnx is not listed", id="no model"),
        pytest.param({"files": [entry(), entry("manifest.json")]}, "describes the others", id="itself"),
        pytest.param({"files": [entry(), entry("model.sig")]}, "describes the others", id="signature"),
        pytest.param({"files": [entry(sha256="A" * 64)]}, "sha256", id="hash"),
        pytest.param({"files": [entry(size=-1)]}, "size", id="size"),
        pytest.param({"files": [entry(size="1")]}, "size", id="size as text"),
        pytest.param({"files": [entry(f"f{each}") for each in range(65)]}, "at most 64", id="many"),
        pytest.param({"schemaVersion": 2, "files": [entry()]}, "schemaVersion", id="version"),
        pytest.param({"files": [entry()], "x": 1}, "not permitted", id="unknown field"),
        pytest.param([], "valid dictionary|object", id="a list"),
    ],
)
def test_malformed_manifests_are_refused(document: object, message: str) -> None:
    with refused(ModelFailureReason.PACKAGE_INVALID, message):
        Manifest.parse(json.dumps(document).encode())


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[" * 50_000, b" " * (MAX_MANIFEST_BYTES + 1)], ids=range(5)
)
def test_bytes_that_are_no_manifest_are_refused(content: bytes) -> None:
    with refused(ModelFailureReason.PACKAGE_INVALID, "manifest.json"):
        Manifest.parse(content)


@pytest.mark.parametrize("content", [b"[]", b"{", b"\xff", b"[" * 200_000], ids=range(4))
def test_metadata_that_is_no_object_is_refused(content: bytes) -> None:
    with refused(ModelFailureReason.PACKAGE_INVALID, "not a JSON object"):
        parse_metadata(content)


@given(st.lists(st.binary(max_size=20), max_size=6), st.lists(st.binary(max_size=20), max_size=6))
def test_only_the_listed_bytes_pass_verification(chunks: list[bytes], others: list[bytes]) -> None:
    listed = describe("model.onnx", chunks)
    assert b"".join(verified(chunks, listed)) == b"".join(chunks)
    if b"".join(others) != b"".join(chunks):
        with refused(ModelFailureReason.DIGEST_MISMATCH):
            list(verified(others, listed))


@given(st.permutations(["model.onnx", "profile.json", "a", "Z"]))
def test_the_digest_does_not_depend_on_order(names: list[str]) -> None:
    files = [PackageFile(path=name, sha256=SHA, size=len(name)) for name in names]
    assert manifest_of(files).digest == manifest_of(reversed(files)).digest


def test_an_error_carries_its_reason_across_processes() -> None:
    error = ModelError(ModelFailureReason.NOT_ONNX, "x" * 5_000)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - made on the line above
    assert (again.reason, again.message) == (error.reason, "x" * 1_024)
    assert again.failure().reason == "NotONNX"
    assert again.exit_code == EXIT_MODEL_REFUSED
