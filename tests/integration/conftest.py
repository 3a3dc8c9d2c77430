"""One real API server for the whole test run, started when the first test asks for it."""

from collections.abc import Iterator

import pytest

from tests.cluster.control_plane import ControlPlane, control_plane


@pytest.fixture(scope="session")
def api_server() -> Iterator[ControlPlane]:
    """An API server with nothing in it; tests use namespaces or names of their own."""
    with control_plane() as running:
        yield running
