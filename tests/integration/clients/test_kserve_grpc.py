"""KServe's InferenceGRPCClient as it is published: raw and typed contents."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.clients.environment import run_client
from tests.integration.clients.conftest import serve_identity
from tests.integration.serving.server_process import free_port
from tests.unit.serving.identity_models import WIDELY_KNOWN

pytestmark = pytest.mark.integration

TYPED = [datatype for datatype in WIDELY_KNOWN if datatype != "FP16"]


def asked(folder: pytest.TempPathFactory, kind: str, *datatypes: str) -> Iterator[Any]:
    port = free_port()
    for _ in serve_identity(folder, *datatypes, grpc_port=port):
        yield run_client("kserve", "kserve_grpc", f"127.0.0.1:{port}", kind)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from asked(tmp_path_factory, "raw", *WIDELY_KNOWN)


@pytest.fixture(scope="module")
def said_of_typed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from asked(tmp_path_factory, "typed", *TYPED)


def test_every_datatype_comes_back_as_it_was_sent_raw(said: Any) -> None:
    assert set(said["datatypes"]) == set(WIDELY_KNOWN)
    assert (said["answers"]["raw"], said["answers"]["outputs asked for"]) == ([], [])


def test_every_datatype_that_has_typed_contents_comes_back_as_it_was_sent(said_of_typed: Any) -> None:
    assert set(said_of_typed["datatypes"]) == set(TYPED)
    assert said_of_typed["answers"]["typed"] == []


def test_answers_say_what_they_answer(said: Any) -> None:
    assert said["answers"]["id"] == "a1"
    assert said["answers"]["model"] == ["identity", "identity-1"]
    assert said["answers"]["order"] == [f"{name.lower()}_out" for name in reversed(said["datatypes"])]


def test_health_is_understood(said: Any) -> None:
    assert all(said[each] for each in ("live", "ready", "model ready"))


def test_errors_reach_the_client_in_words(said: Any) -> None:
    for error in ("unknown model", "unknown model's state"):
        assert said[error] == ["NOT_FOUND", "no model of that name is served here; this is 'identity'"]
    assert said["missing inputs"][0] == "INVALID_ARGUMENT"
    assert "missing input 'bool'" in said["missing inputs"][1]
