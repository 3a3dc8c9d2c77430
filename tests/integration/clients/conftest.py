"""Servers that published clients talk to; each model gives back what it is given."""

from collections.abc import Iterator

import pytest

from holdfast.settings import ServerSettings
from tests.integration.serving.conftest import columns_server, wine_server
from tests.integration.serving.server_process import ServerProcess, free_port, running_server
from tests.unit.serving.identity_models import WIDELY_KNOWN, identity_package

__all__ = ["columns_server", "wine_server"]  # fixtures


def serve_identity(
    folder: pytest.TempPathFactory, *datatypes: str, **settings: object
) -> Iterator[ServerProcess]:
    package = identity_package(folder.mktemp("package"), datatypes)
    server = ServerSettings.model_validate(
        {
            "model_name": "identity",
            "model_revision": "identity-1",
            "model_dir": str(package.folder),
            "port": free_port(),
            **settings,
        }
    )
    with running_server(server, folder.mktemp("log") / "log") as running:
        running.wait_until_ready()
        yield running


@pytest.fixture(scope="session")
def identity_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    """Every datatype but BF16, each as an input and an output of one model."""
    yield from serve_identity(tmp_path_factory, *WIDELY_KNOWN)


@pytest.fixture(scope="session")
def bfloat16_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    yield from serve_identity(tmp_path_factory, "BF16")
