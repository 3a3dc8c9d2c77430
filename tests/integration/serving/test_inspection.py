"""fetch and inspect as their containers run them: real stores, a real child process, hostile models."""

import os
from pathlib import Path
from typing import Any

import pytest

from holdfast.onnx import Session
from holdfast.package import ModelPackage
from holdfast.profile import Profile
from holdfast.results import (
    EXIT_MODEL_REFUSED,
    EXIT_STORE_UNREADABLE,
    InspectionResult,
    ModelFailureReason,
)
from holdfast.settings import InspectionSettings
from holdfast.store import publish_package
from tests.integration.sdk.conftest import WebServer
from tests.integration.serving.server_process import run_command
from tests.unit.serving import greedy_models, hostile_models
from tests.unit.serving.trained_models import cancer_model, wine_columns_model, wine_model

pytestmark = pytest.mark.integration


class Containers:
    """Runs sub-commands with an own model folder and termination message."""

    def __init__(self, folder: Path, credentials: Path) -> None:
        self.model_dir = folder / "model"
        self._message = folder / "termination-log"
        self._credentials = credentials

    def run(self, command: str, uri: str, **settings: Any) -> tuple[int, InspectionResult]:
        """Return exit code and termination message."""
        self._message.write_text("")
        wanted = InspectionSettings.model_validate(
            {
                "model_uri": uri,
                "model_dir": str(self.model_dir),
                "credentials_dir": str(self._credentials),
                "termination_message_path": str(self._message),
                **settings,
            }
        )
        finished = run_command(command, wanted)
        content = self._message.read_text()
        assert len(content) <= 4096
        assert content, finished.stderr
        return finished.returncode, InspectionResult.model_validate_json(content)


@pytest.fixture
def containers(tmp_path: Path, web_credentials: Path) -> Containers:
    return Containers(tmp_path, web_credentials)


def serve_file(web: WebServer, content: bytes) -> str:
    web.files["/m/model.onnx"] = content
    return f"https://{web.host}/m/model.onnx"


def serve_package(web: WebServer, package: ModelPackage) -> str:
    for path in package.folder.iterdir():
        web.files[f"/p/{path.name}"] = path.read_bytes()
    return f"https://{web.host}/p/"


def reason_of(result: InspectionResult) -> str | None:
    return result.failure.reason if result.failure else None


@pytest.mark.parametrize(
    "trained", [pytest.param(wine_model, id="one-input"), pytest.param(wine_columns_model, id="columns")]
)
def test_inspection_reports_digest_size_signature_and_profile(
    web: WebServer, containers: Containers, tmp_path: Path, trained: Any
) -> None:
    package = trained().package(tmp_path / "package")
    code, result = containers.run("inspect", serve_package(web, package))
    signature = Session.open(package.model_path, 1).signature
    assert code == 0
    assert result == InspectionResult(
        digest=package.digest,
        size_bytes=package.size_bytes,
        profile_hash=Profile.parse(trained().profile_json()).hash,
        inputs=list(signature.inputs),
        outputs=list(signature.outputs),
    )


def test_fetch_accepts_only_the_digest_that_was_inspected(web: WebServer, containers: Containers) -> None:
    uri = serve_file(web, wine_model().onnx)
    _, inspected = containers.run("inspect", uri)
    code, fetched = containers.run("fetch", uri, model_digest=inspected.digest)
    assert (code, fetched.digest) == (0, inspected.digest)
    assert ModelPackage.read(containers.model_dir).digest == inspected.digest
    serve_file(web, cancer_model().onnx)
    containers.model_dir.joinpath("model.onnx").unlink()
    code, changed = containers.run("fetch", uri, model_digest=inspected.digest)
    assert (code, reason_of(changed)) == (EXIT_MODEL_REFUSED, ModelFailureReason.DIGEST_MISMATCH)


def test_package_in_an_object_store_is_inspected(s3_credentials: Path, tmp_path: Path) -> None:
    package = wine_model().package(tmp_path / "package")
    uri = publish_package(package, "s3://models/inspected", str(s3_credentials))
    code, result = Containers(tmp_path, s3_credentials).run("inspect", uri, model_digest=package.digest)
    assert (code, result.digest) == (0, package.digest)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        pytest.param(b"no model at all", ModelFailureReason.NOT_ONNX, id="not-onnx"),
        pytest.param(b"", ModelFailureReason.NOT_ONNX, id="empty"),
        pytest.param(wine_model().onnx[:-40], ModelFailureReason.NOT_ONNX, id="cut-off"),
        pytest.param(hostile_models.external_data(), ModelFailureReason.EXTERNAL_DATA, id="external-data"),
        pytest.param(
            hostile_models.custom_operator(), ModelFailureReason.CUSTOM_OPERATORS, id="custom-operator"
        ),
        pytest.param(greedy_models.memory_bomb(), ModelFailureReason.CHECK_FAILED, id="memory-bomb"),
    ],
)
def test_bad_models_are_refused_with_their_reason_within_seconds(
    web: WebServer, containers: Containers, content: bytes, reason: ModelFailureReason
) -> None:
    before = os.times()
    code, result = containers.run("inspect", serve_file(web, content))
    after = os.times()
    assert (code, reason_of(result)) == (EXIT_MODEL_REFUSED, reason)
    assert result.digest is None
    # CPU time: how long it takes beside other work is not the check's to say.
    user, system = (
        after.children_user - before.children_user,
        after.children_system - before.children_system,
    )
    assert user + system < 10


def test_model_that_never_answers_is_given_up(web: WebServer, containers: Containers) -> None:
    uri = serve_file(web, greedy_models.endless_loop())
    code, result = containers.run("inspect", uri, check_timeout_seconds=3)
    assert (code, reason_of(result)) == (EXIT_MODEL_REFUSED, ModelFailureReason.CHECK_FAILED)
    assert result.failure is not None
    assert "within 3 s" in result.failure.message or "CPU time" in result.failure.message


def test_profile_of_another_model_is_refused(web: WebServer, containers: Containers, tmp_path: Path) -> None:
    files = {"model.onnx": wine_model().onnx, "profile.json": cancer_model().profile_json()}
    package = ModelPackage.write(tmp_path / "package", files)
    code, result = containers.run("inspect", serve_package(web, package))
    assert (code, reason_of(result)) == (EXIT_MODEL_REFUSED, ModelFailureReason.PACKAGE_INVALID)


@pytest.mark.parametrize(
    ("uri", "settings", "code", "reason"),
    [
        pytest.param("ftp://x/y", {}, EXIT_MODEL_REFUSED, "UnsupportedURI", id="scheme"),
        pytest.param(
            "https://{host}/m/model.onnx",
            {"max_package_bytes": 100},
            EXIT_MODEL_REFUSED,
            "PackageTooLarge",
            id="too-large",
        ),
        pytest.param("https://{host}/x.onnx", {}, EXIT_STORE_UNREADABLE, "ModelNotFound", id="absent"),
        pytest.param(
            "https://127.0.0.1:1/x.onnx", {}, EXIT_STORE_UNREADABLE, "StoreUnreadable", id="no-server"
        ),
        pytest.param("pvc://claim/x", {}, EXIT_STORE_UNREADABLE, "ModelNotFound", id="not-mounted"),
    ],
)
@pytest.mark.parametrize("command", ["fetch", "inspect"])
def test_failures_to_fetch_are_told_apart(
    web: WebServer,
    containers: Containers,
    command: str,
    uri: str,
    settings: dict[str, Any],
    code: int,
    reason: str,
) -> None:
    serve_file(web, wine_model().onnx)
    found = containers.run(command, uri.format(host=web.host), **settings)
    assert (found[0], reason_of(found[1])) == (code, reason)


def test_result_is_in_the_log_when_there_is_no_termination_message(
    web: WebServer, web_credentials: Path, tmp_path: Path
) -> None:
    settings = InspectionSettings(
        model_uri=serve_file(web, wine_model().onnx),
        model_dir=str(tmp_path / "model"),
        credentials_dir=str(web_credentials),
        termination_message_path=str(tmp_path / "no" / "such" / "file"),
    )
    finished = run_command("inspect", settings)
    assert finished.returncode == 0
    assert "no termination message can be written" in finished.stderr
    assert "sha256:" in finished.stderr
