"""NVIDIA's tritonclient over HTTP, as it is published: JSON and raw bytes, synchronous and asyncio."""

from typing import Any

import pytest

from tests.clients.environment import run_client
from tests.integration.serving.server_process import ServerProcess
from tests.unit.serving.identity_models import WIDELY_KNOWN

pytestmark = pytest.mark.integration

TENSORS = [{"name": datatype.lower(), "datatype": datatype, "shape": [-1, -1]} for datatype in WIDELY_KNOWN]
METADATA = {
    "name": "identity",
    "versions": ["identity-1"],
    "platform": "onnx_onnxv1",
    "inputs": TENSORS,
    "outputs": [{**tensor, "name": f"{tensor['name']}_out"} for tensor in TENSORS],
}
WAYS = (
    "binary",
    "binary in, binary asked for",
    "gzip",
    "deflate",
    "version",
    "in the background",
    "JSON out",
)


@pytest.fixture(scope="module")
def said(identity_server: ServerProcess) -> Any:
    return run_client("triton", "triton_http", identity_server.url.removeprefix("http://"), "NumPy")


def test_every_datatype_comes_back_as_it_was_sent_in_every_way(said: Any) -> None:
    assert set(said["datatypes"]) == set(WIDELY_KNOWN)
    assert said["changed"] == {way: [] for way in (*WAYS, "JSON in", "JSON")}
    assert said["asyncio"]["asyncio"] == []


def test_bf16_comes_back_as_it_was_sent(bfloat16_server: ServerProcess) -> None:
    said = run_client("triton", "triton_http", bfloat16_server.url.removeprefix("http://"), "BF16")
    assert said["datatypes"] == ["BF16"]
    assert said["changed"] == {way: [] for way in WAYS}
    assert said["asyncio"]["asyncio"] == []


def test_server_and_model_are_described(said: Any) -> None:
    described = said["described"]
    assert all(described[each] for each in ("live", "ready", "model ready", "version ready"))
    assert not described["other model ready"]
    assert described["server"]["extensions"] == ["binary_tensor_data", "model_configuration"]
    for model in (described["model"], described["version"], said["asyncio"]["asyncio metadata"]):
        assert {name: value for name, value in model.items() if name != "parameters"} == METADATA
    assert described["index"] == [{"name": "identity", "version": "identity-1", "state": "READY"}]
    assert said["asyncio"]["asyncio live"]


def test_configuration_names_the_types_as_triton_does(said: Any) -> None:
    configuration = said["described"]["configuration"]
    kinds = {tensor["name"]: tensor["data_type"] for tensor in configuration["input"]}
    assert (kinds["fp32"], kinds["bytes"]) == ("TYPE_FP32", "TYPE_STRING")
    assert configuration["max_batch_size"] == 0


def test_id_is_echoed(said: Any) -> None:
    assert said["id"] == "a1"


@pytest.mark.parametrize(
    ("error", "status", "message"),
    [
        pytest.param("missing inputs", "400", "missing input 'bool'", id="missing-inputs"),
        pytest.param("unknown model", "404", "this is 'identity'", id="unknown-model"),
        pytest.param("unknown output", "400", "the model has no output 'no'", id="unknown-output"),
    ],
)
def test_errors_reach_the_client_in_words(said: Any, error: str, status: str, message: str) -> None:
    assert said["errors"][error][0] == status
    assert message in said["errors"][error][1]
