"""Hostile packages: names, links, manifests and profiles; nothing outside is read or written."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from holdfast.failures import ModelError
from holdfast.package import ModelPackage
from holdfast.results import EXIT_MODEL_REFUSED, InspectionResult, ModelFailureReason
from holdfast.store import fetch_package
from holdfast_serving.inspection.inspection_result import check_in_child
from tests.integration.sdk.conftest import WebServer
from tests.integration.serving.test_inspection import Containers, reason_of
from tests.unit.serving.file_watch import FileWatch
from tests.unit.serving.trained_models import wine_model

pytestmark = pytest.mark.integration

SHA = "0" * 64
PACKAGE_INVALID = ModelFailureReason.PACKAGE_INVALID


def listing(*names: str, **changes: Any) -> bytes:
    """A manifest that lists the model and these names."""
    entries = [{"path": name, "sha256": SHA, "size": 16, **changes} for name in ("model.onnx", *names)]
    return json.dumps({"schemaVersion": 1, "files": entries}).encode()


MANIFESTS = [
    pytest.param(listing("../outside/canary.bin"), PACKAGE_INVALID, id="parent"),
    pytest.param(listing("/etc/passwd"), PACKAGE_INVALID, id="absolute"),
    pytest.param(listing("a/../../outside/canary.bin"), PACKAGE_INVALID, id="detour"),
    pytest.param(listing("..\\outside\\canary.bin"), PACKAGE_INVALID, id="backslashes"),
    pytest.param(listing("profile.json\0.txt"), PACKAGE_INVALID, id="NUL"),
    pytest.param(listing("."), PACKAGE_INVALID, id="folder"),
    pytest.param(listing("%2e%2e%2foutside"), PACKAGE_INVALID, id="encoded"),
    pytest.param(listing("%252e%252e"), PACKAGE_INVALID, id="encoded-twice"),
    pytest.param(listing("profile.json\n"), PACKAGE_INVALID, id="line-end"),
    pytest.param(listing("profile.js\u043en"), PACKAGE_INVALID, id="look-alike"),
    pytest.param(listing("profile.json", "profile.json"), PACKAGE_INVALID, id="twice"),
    pytest.param(listing("model.sig"), PACKAGE_INVALID, id="signature"),
    pytest.param(listing("x" * 129), PACKAGE_INVALID, id="long-name"),
    pytest.param(listing(*(f"f{each}" for each in range(64))), PACKAGE_INVALID, id="too-many"),
    pytest.param(listing(size=-1), PACKAGE_INVALID, id="negative-size"),
    pytest.param(listing(size=2**80), ModelFailureReason.PACKAGE_TOO_LARGE, id="huge-size"),
    pytest.param(listing(size=1e3), PACKAGE_INVALID, id="size-is-no-integer"),
    pytest.param(listing(sha256="../x"), PACKAGE_INVALID, id="hash"),
    pytest.param(b"[" * 60_000, PACKAGE_INVALID, id="nested"),
    pytest.param(b" " * 70_000, ModelFailureReason.PACKAGE_TOO_LARGE, id="large"),
    pytest.param(listing(), ModelFailureReason.DIGEST_MISMATCH, id="other-bytes"),
]


@pytest.mark.parametrize(("manifest", "reason"), MANIFESTS)
def test_manifests_that_lie_are_refused(
    web: WebServer, web_credentials: Path, tmp_path: Path, manifest: bytes, reason: ModelFailureReason
) -> None:
    web.files |= {"/p/manifest.json": manifest, "/p/model.onnx": b"sixteen bytes .."}
    with pytest.raises(ModelError) as refused:
        fetch_package(f"https://{web.host}/p", None, tmp_path / "model", str(web_credentials))
    assert refused.value.reason == reason
    assert {path.name for path in tmp_path.iterdir()} <= {"model", web_credentials.name}
    assert {path.name for path in (tmp_path / "model").iterdir()} <= {"model.onnx"}


def test_refused_manifest_ends_the_container_with_its_reason(
    web: WebServer, web_credentials: Path, tmp_path: Path
) -> None:
    web.files["/p/manifest.json"] = listing("../outside/canary.bin")
    code, result = Containers(tmp_path, web_credentials).run("fetch", f"https://{web.host}/p")
    assert (code, reason_of(result)) == (EXIT_MODEL_REFUSED, PACKAGE_INVALID)


def test_content_that_the_server_compresses_is_not_expanded(
    web: WebServer, web_credentials: Path, tmp_path: Path
) -> None:
    web.files["/m/model.onnx"] = b"\x1f\x8b not even compressed"
    web.headers["content-encoding"] = "gzip"
    with pytest.raises(ModelError, match="compresses"):
        fetch_package(f"https://{web.host}/m/model.onnx", None, tmp_path / "model", str(web_credentials))


class Claim:
    """A mounted claim, a canary beside it, and the folder that packages are fetched into."""

    def __init__(self, folder: Path) -> None:
        self.mount, self.outside, self.into = folder / "claim", folder / "outside", folder / "into"
        self.package = self.mount / "p"
        for path in (self.mount, self.outside, self.package):
            path.mkdir()
        self.canary = self.outside / "canary.bin"
        self.canary.write_bytes(b"sixteen bytes ..")

    def fetch(self, path: str = "p") -> ModelPackage:
        return fetch_package(f"pvc://claim/{path}", None, self.into, mount=self.mount)


@pytest.fixture
def claim(tmp_path: Path) -> Iterator[Claim]:
    """A claim whose canary must still be untouched at the end."""
    found = Claim(tmp_path)
    with FileWatch(found.canary) as watch:
        yield found
        assert watch.events() == 0
    assert found.canary.read_bytes() == b"sixteen bytes .."


def link_model(claim: Claim) -> None:
    (claim.package / "model.onnx").symlink_to(claim.canary)


def link_relatively(claim: Claim) -> None:
    (claim.package / "model.onnx").symlink_to("../../outside/canary.bin")


def link_manifest(claim: Claim) -> None:
    (claim.package / "model.onnx").write_bytes(b"model")
    (claim.package / "manifest.json").symlink_to(claim.canary)


def link_folder(claim: Claim) -> None:
    claim.package.rmdir()
    claim.package.symlink_to(claim.outside)


def put_pipe(claim: Claim) -> None:
    os.mkfifo(claim.package / "model.onnx")


def put_folder(claim: Claim) -> None:
    (claim.package / "model.onnx").mkdir()


def link_where_it_is_written(claim: Claim) -> None:
    """What the folder of the pod held before is removed, not followed."""
    (claim.package / "model.onnx").mkdir()
    claim.into.mkdir()
    (claim.into / "model.onnx").symlink_to(claim.canary)


@pytest.mark.parametrize(
    "spoil",
    [
        link_model,
        link_relatively,
        link_manifest,
        link_folder,
        put_pipe,
        put_folder,
        link_where_it_is_written,
    ],
)
def test_links_and_special_files_of_a_claim_are_not_followed(
    claim: Claim, spoil: Callable[[Claim], None]
) -> None:
    spoil(claim)
    with pytest.raises(ModelError) as refused:
        claim.fetch()
    assert refused.value.reason == PACKAGE_INVALID


@pytest.mark.parametrize("path", ["%2e%2e/outside", "%252e%252e/outside", "p/%2e%2e/%2e%2e/outside"])
def test_encoded_paths_are_never_decoded(claim: Claim, path: str) -> None:
    with pytest.raises(ModelError) as refused:
        claim.fetch(path)
    assert refused.value.reason == ModelFailureReason.MODEL_NOT_FOUND


@pytest.mark.parametrize(
    "uri",
    [
        "pvc://claim/../outside",
        "pvc://claim/p/../../outside",
        "file:///etc/passwd",
        "http://127.0.0.1/m.onnx",
        "https://user@host/m.onnx",
        "s3://bucket/../x",
        "https://host/m.onnx?x=/../",
    ],
)
def test_uris_that_lead_elsewhere_are_refused(claim: Claim, uri: str) -> None:
    with pytest.raises(ModelError) as refused:
        fetch_package(uri, None, claim.into, mount=claim.mount)
    assert refused.value.reason == ModelFailureReason.UNSUPPORTED_URI


def test_fetched_file_is_no_longer_the_file_that_others_can_change(claim: Claim) -> None:
    """A hard link cannot be told from a file; what is served is a copy with the hash that was checked."""
    (claim.package / "model.onnx").write_bytes(b"model")
    (claim.mount / "other-name").hardlink_to(claim.package / "model.onnx")
    package = claim.fetch()
    (claim.mount / "other-name").write_bytes(b"other")
    assert package.model_path.stat().st_nlink == 1
    assert package.read_file("model.onnx") == b"model"


def profile_with(**changes: Any) -> bytes:
    """The profile of the wine model with other values in its first feature."""
    document = json.loads(wine_model().profile_json())
    column = next(each for each in document["columns"] if each["kind"] == "feature")
    column.update(changes)
    return json.dumps(document).encode()


PROFILES = [
    pytest.param(profile_with(median=float("nan")), id="NaN"),
    pytest.param(profile_with(max=float("inf")), id="infinite"),
    pytest.param(profile_with(median="nan"), id="NaN-as-text"),
    pytest.param(profile_with(median="1e999"), id="infinite-as-text"),
    pytest.param(profile_with(index=2**70), id="index"),
    pytest.param(profile_with(index=-1), id="negative-index"),
    pytest.param(profile_with(missing=-5), id="negative-count"),
    pytest.param(profile_with(missing=2**64), id="huge-count"),
    pytest.param(profile_with(tensor="../x"), id="tensor"),
    pytest.param(profile_with(name="x" * 10_000), id="long-name"),
    pytest.param(profile_with(extra=1), id="unknown-field"),
    pytest.param(b"[" * 100_000, id="nested"),
    pytest.param(b'{"schemaVersion":1,"rows":' + b"9" * 100_000 + b',"columns":[]}', id="long-number"),
    pytest.param(b" " * (1024 * 1024 + 1), id="large"),
    pytest.param(b"\xff\xfe{}", id="no-text"),
]


@pytest.mark.parametrize("profile", PROFILES)
def test_profiles_that_lie_are_refused(tmp_path: Path, profile: bytes) -> None:
    ModelPackage.write(tmp_path, {"model.onnx": wine_model().onnx, "profile.json": profile})
    result = check_in_child(tmp_path, 60)
    assert result.failure is not None
    assert result.failure.reason == PACKAGE_INVALID


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"median": 1e308}, id="median-beyond-FP32"),
        pytest.param(
            {"type": "categorical", "categories": [2**90], "edges": None}, id="category-beyond-64-bits"
        ),
    ],
)
def test_typical_values_beyond_the_datatype_end_with_a_reason(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    document = json.loads(profile_with(**changes))
    column = next(each for each in document["columns"] if each["kind"] == "feature")
    if column["type"] == "categorical":
        for name in ("edges", "min", "max", "median"):
            column.pop(name)
        column["counts"] = [document["rows"] - column["missing"], 0]
    ModelPackage.write(
        tmp_path, {"model.onnx": wine_model().onnx, "profile.json": json.dumps(document).encode()}
    )
    # They only pick the row that the check runs: whether the model can be served does not depend on them.
    assert reason_of(_checked(tmp_path)) in (None, PACKAGE_INVALID, ModelFailureReason.CHECK_FAILED)


def _checked(folder: Path) -> InspectionResult:
    try:
        return check_in_child(folder, 60)
    except ModelError as error:
        return InspectionResult(failure=error.failure())
