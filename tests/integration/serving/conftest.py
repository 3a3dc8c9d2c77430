"""One server per model for all tests that only ask; those that stop a server start their own."""

from collections.abc import Iterator

import httpx
import pytest

from holdfast.settings import ServerSettings
from tests.integration.sdk.conftest import certificate, s3_credentials, s3_endpoint, web, web_credentials
from tests.integration.serving.server_process import ServerProcess, free_port, running_server
from tests.unit.serving.trained_models import TrainedModel, wine_columns_model, wine_model

__all__ = ["certificate", "s3_credentials", "s3_endpoint", "web", "web_credentials"]  # fixtures of the stores


def serve(model: TrainedModel, folder: pytest.TempPathFactory, **settings: object) -> Iterator[ServerProcess]:
    package = model.package(folder.mktemp("package"))
    server = ServerSettings.model_validate(
        {
            "model_name": "wine",
            "model_revision": "wine-1",
            "model_dir": str(package.folder),
            "port": free_port(),
            "max_body_bytes": 100_000,
            "feedback_key": "0123456789abcdef",
            **settings,
        }
    )
    with running_server(server, folder.mktemp("log") / "log") as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="session")
def wine_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    yield from serve(wine_model(), tmp_path_factory)


@pytest.fixture(scope="session")
def columns_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    yield from serve(wine_columns_model(), tmp_path_factory, feedback=False)


@pytest.fixture
def client(wine_server: ServerProcess) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=wine_server.url) as client:
        yield client
