"""NVIDIA's tritonclient over gRPC, as it is published: synchronous, with a callback, and asyncio."""

from collections.abc import Iterator
from typing import Any

import pytest

from holdfast.release import VERSION
from tests.clients.environment import run_client
from tests.integration.clients.conftest import serve_identity
from tests.integration.serving.server_process import free_port
from tests.unit.serving.identity_models import WIDELY_KNOWN

pytestmark = pytest.mark.integration

WAYS = (
    *("plain", "outputs asked for", "gzip", "version", "parameters", "time limit"),
    "in the background",
)
# Protocol buffers write 64-bit numbers as texts in JSON.
TENSORS = [
    {"name": datatype.lower(), "datatype": datatype, "shape": ["-1", "-1"]} for datatype in WIDELY_KNOWN
]


def asked(folder: pytest.TempPathFactory, kind: str, *datatypes: str) -> Iterator[Any]:
    port = free_port()
    for _ in serve_identity(folder, *datatypes, grpc_port=port):
        yield run_client("triton", "triton_grpc", f"127.0.0.1:{port}", kind)


@pytest.fixture(scope="module")
def said(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from asked(tmp_path_factory, "NumPy", *WIDELY_KNOWN)


@pytest.fixture(scope="module")
def said_of_bf16(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    yield from asked(tmp_path_factory, "BF16", "BF16")


def test_every_datatype_comes_back_as_it_was_sent_in_every_way(said: Any) -> None:
    assert set(said["datatypes"]) == set(WIDELY_KNOWN)
    assert said["changed"] == {way: [] for way in WAYS}
    assert said["asyncio"]["changed"] == []


def test_bf16_comes_back_as_it_was_sent(said_of_bf16: Any) -> None:
    assert said_of_bf16["datatypes"] == ["BF16"]
    assert said_of_bf16["changed"] == {way: [] for way in WAYS}
    assert said_of_bf16["asyncio"]["changed"] == []


def test_server_and_model_are_described(said: Any) -> None:
    described = said["described"]
    assert all(described[each] for each in ("live", "ready", "model ready", "version ready"))
    assert (described["server"]["name"], described["server"]["version"]) == ("holdfast", VERSION)
    assert described["model"] == described["version"] == said["asyncio"]["metadata"]
    assert (described["model"]["name"], described["model"]["versions"]) == ("identity", ["identity-1"])
    assert described["model"]["inputs"] == TENSORS
    assert said["asyncio"]["live"]


def test_id_is_echoed(said: Any) -> None:
    assert said["id"] == "a1"


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        pytest.param("missing inputs", "INVALID_ARGUMENT", "missing input 'uint8'", id="missing-inputs"),
        pytest.param("unknown model", "NOT_FOUND", "this is 'identity'", id="unknown-model"),
        pytest.param("unknown model's state", "NOT_FOUND", "this is 'identity'", id="state"),
        pytest.param("unknown version", "NOT_FOUND", "this is 'identity-1'", id="unknown-version"),
        pytest.param("unknown output", "INVALID_ARGUMENT", "the model has no output 'no'", id="output"),
        pytest.param("classes", "INVALID_ARGUMENT", "'classification' is not served", id="classes"),
        pytest.param("Triton's configuration", "UNIMPLEMENTED", "Method not found", id="unimplemented"),
    ],
)
def test_errors_reach_the_client_in_words(said: Any, error: str, status: str, message: str) -> None:
    assert said["errors"][error][0] == f"StatusCode.{status}"
    assert message in said["errors"][error][1]
