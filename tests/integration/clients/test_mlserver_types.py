"""MLServer's types and codecs as they are published: its requests are answered, our answers fit its types."""

from typing import Any

import pytest

from tests.clients.environment import run_client
from tests.integration.serving.server_process import ServerProcess
from tests.unit.serving.identity_models import WIDELY_KNOWN

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def said(identity_server: ServerProcess) -> Any:
    return run_client("mlserver", "mlserver_types", identity_server.url)


@pytest.mark.parametrize("way", ["texts as they are", "texts in base64"])
def test_every_datatype_comes_back_as_it_was_sent(said: Any, way: str) -> None:
    assert set(said["datatypes"]) == set(WIDELY_KNOWN)
    assert said[way] == []


def test_answers_fit_its_types(said: Any) -> None:
    assert said["id"] == "a1"
    assert said["chosen"] == ["fp64_out"]
    assert said["error"] == "'inputs' must be a list of at least one tensor"


def test_metadata_fits_its_types(said: Any) -> None:
    assert said["server"]["name"] == "holdfast"
    assert said["model"]["versions"] == ["identity-1"]
    assert [each["datatype"] for each in said["model"]["inputs"]] == list(WIDELY_KNOWN)
