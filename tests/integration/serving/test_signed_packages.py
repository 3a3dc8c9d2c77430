"""fetch and inspect with a verification key, from a real object store and a real web server."""

from pathlib import Path

import pytest

from holdfast.credentials import Credentials
from holdfast.location import Location
from holdfast.object_store import Bucket
from holdfast.package import ModelPackage
from holdfast.results import EXIT_MODEL_REFUSED, ModelFailureReason
from holdfast.store import publish_package
from tests.integration.sdk.conftest import WebServer
from tests.integration.serving.test_inspection import Containers, reason_of, serve_package
from tests.unit.serving.signed_packages import make_key, sign
from tests.unit.serving.trained_models import wine_model

pytestmark = pytest.mark.integration


@pytest.fixture
def keys(tmp_path: Path) -> tuple[Path, Path]:
    """Private and public key."""
    return make_key(tmp_path / "keys")


@pytest.fixture
def package(tmp_path: Path) -> ModelPackage:
    return wine_model().package(tmp_path / "package")


@pytest.mark.parametrize("command", ["fetch", "inspect"])
def test_signed_package_in_an_object_store_is_accepted(
    s3_credentials: Path, tmp_path: Path, keys: tuple[Path, Path], package: ModelPackage, command: str
) -> None:
    uri = publish_package(package, f"s3://models/signed-{command}", str(s3_credentials))
    bucket = Bucket(Location.parse(uri), Credentials.read(s3_credentials))
    containers = Containers(tmp_path, s3_credentials)
    code, result = containers.run(command, uri, verification_key_file=str(keys[1]))
    assert (code, reason_of(result)) == (EXIT_MODEL_REFUSED, ModelFailureReason.SIGNATURE_INVALID)
    bucket.write("model.sig", sign(package.folder, keys[0]))
    code, result = containers.run(command, uri, verification_key_file=str(keys[1]))
    assert (code, result.digest) == (0, package.digest)


@pytest.mark.parametrize("command", ["fetch", "inspect"])
def test_package_that_changed_since_it_was_signed_is_refused(
    web: WebServer, web_credentials: Path, tmp_path: Path, keys: tuple[Path, Path], command: str
) -> None:
    signature = sign(wine_model().package(tmp_path / "signed").folder, keys[0])
    uri = serve_package(web, wine_model().package(tmp_path / "changed", README_md=b"trust me"))
    web.files["/p/model.sig"] = signature.read_bytes()
    code, result = Containers(tmp_path, web_credentials).run(command, uri, verification_key_file=str(keys[1]))
    assert (code, reason_of(result)) == (EXIT_MODEL_REFUSED, ModelFailureReason.SIGNATURE_INVALID)
    assert result.failure is not None
    assert "does not sign README.md" in result.failure.message


def test_signature_that_is_too_large_is_not_read(
    web: WebServer, web_credentials: Path, tmp_path: Path, keys: tuple[Path, Path], package: ModelPackage
) -> None:
    uri = serve_package(web, package)
    web.files["/p/model.sig"] = bytes(257 * 1024)
    code, result = Containers(tmp_path, web_credentials).run("fetch", uri, verification_key_file=str(keys[1]))
    assert (code, reason_of(result)) == (EXIT_MODEL_REFUSED, ModelFailureReason.PACKAGE_TOO_LARGE)


def test_signature_is_ignored_without_a_key(
    web: WebServer, web_credentials: Path, tmp_path: Path, package: ModelPackage
) -> None:
    uri = serve_package(web, package)
    web.files["/p/model.sig"] = b"not even JSON"
    code, result = Containers(tmp_path, web_credentials).run("fetch", uri)
    assert (code, result.digest) == (0, package.digest)


def test_container_that_starts_again_needs_no_store(
    web: WebServer, web_credentials: Path, tmp_path: Path, keys: tuple[Path, Path], package: ModelPackage
) -> None:
    sign(package.folder, keys[0])
    uri = serve_package(web, package)
    containers = Containers(tmp_path, web_credentials)
    wanted = {"verification_key_file": str(keys[1]), "model_digest": package.digest}
    assert containers.run("fetch", uri, **wanted)[0] == 0
    web.files.clear()
    assert containers.run("fetch", uri, **wanted)[0] == 0
    (containers.model_dir / "model.sig").write_bytes(b"{}")
    code, result = containers.run("fetch", uri, **wanted)
    assert (code, reason_of(result)) == (EXIT_MODEL_REFUSED, ModelFailureReason.SIGNATURE_INVALID)
