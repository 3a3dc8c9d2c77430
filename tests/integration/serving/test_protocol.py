"""The Open Inference Protocol V2 over real HTTP against a real server process."""

import gzip
import socket
from typing import Any
from urllib.parse import urlsplit

import httpx
import numpy as np
import pytest

from holdfast.profile import Profile
from tests.integration.serving.server_process import ServerProcess
from tests.unit.serving.trained_models import wine_columns_model, wine_model

pytestmark = pytest.mark.integration

X = wine_model().rows["X"]
INFER = "/v2/models/wine/infer"
EXTENSIONS = ["binary_tensor_data", "model_configuration"]


def tensor(name: str, datatype: str, values: Any) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": list(values.shape), "data": values.ravel().tolist()}


def request(rows: Any = X[:2], **fields: Any) -> dict[str, Any]:
    return {"inputs": [tensor("X", "FP32", rows)], **fields}


def expected_outputs(client: httpx.Client) -> Any:
    return client.post(INFER, json=request()).json()["outputs"]


@pytest.mark.parametrize(
    ("path", "answer"),
    [
        pytest.param("/v2", {"name": "holdfast", "version": "0.1.0", "extensions": EXTENSIONS}, id="server"),
        pytest.param("/v2/health/live", {"live": True}, id="live"),
        pytest.param("/v2/health/ready", {"ready": True}, id="ready"),
        pytest.param("/", {"status": "alive"}, id="v1-live"),
        pytest.param("/v1/models", {"models": ["wine"]}, id="v1-models"),
        pytest.param("/v1/models/wine", {"name": "wine", "ready": True}, id="v1-ready"),
        pytest.param("/v2/models", {"models": ["wine"]}, id="models"),
        pytest.param("/v2/models/wine/ready", {"name": "wine", "ready": True}, id="model-ready"),
        pytest.param(
            "/v2/models/wine/versions/wine-1/ready", {"name": "wine", "ready": True}, id="version-ready"
        ),
    ],
)
def test_health_and_metadata_answer_as_the_protocol_says(
    client: httpx.Client, path: str, answer: dict[str, Any]
) -> None:
    response = client.get(path)
    assert (response.status_code, response.json()) == (200, answer)
    assert response.headers["holdfast-revision"] == "wine-1"


@pytest.mark.parametrize("path", ["/v2/models/wine", "/v2/models/wine/versions/wine-1"])
def test_model_metadata_gives_versions_and_shapes(client: httpx.Client, path: str) -> None:
    document = client.get(path).json()
    parameters = document.pop("parameters")
    assert parameters["batching"].startswith("on: ")
    assert parameters["batch_max_rows"] == 256
    assert document == {
        "name": "wine",
        "versions": ["wine-1"],
        "platform": "onnx_onnxv1",
        "inputs": [{"name": "X", "datatype": "FP32", "shape": [-1, 13]}],
        "outputs": [
            {"name": "label", "datatype": "INT64", "shape": [-1]},
            {"name": "probabilities", "datatype": "FP32", "shape": [-1, 3]},
        ],
    }


@pytest.mark.parametrize("path", [INFER, "/v2/models/wine/versions/wine-1/infer"])
def test_inference_gives_the_models_own_answer(client: httpx.Client, path: str) -> None:
    response = client.post(path, json=request(X, id="abc"))
    answer = response.json()
    expected = wine_model().session().run({"X": X})
    assert response.status_code == 200
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("wine", "wine-1", "abc")
    for output in answer["outputs"]:
        values = np.array(output["data"], dtype=expected[output["name"]].dtype).reshape(output["shape"])
        np.testing.assert_array_equal(values, expected[output["name"]])


def test_nested_data_means_the_same_as_flat_data(client: httpx.Client) -> None:
    nested = {"inputs": [{**tensor("X", "FP32", X[:2]), "data": X[:2].tolist()}]}
    assert client.post(INFER, json=nested).json()["outputs"] == expected_outputs(client)


def test_only_the_outputs_asked_for_are_given(client: httpx.Client) -> None:
    answer = client.post(INFER, json=request(outputs=[{"name": "probabilities"}])).json()
    assert [output["name"] for output in answer["outputs"]] == ["probabilities"]


def test_several_inputs_of_several_datatypes_are_served(columns_server: ServerProcess) -> None:
    rows = wine_columns_model().rows
    inputs = [
        tensor("region", "BYTES", rows["region"]),
        tensor("alcohol", "FP32", rows["alcohol"]),
        tensor("vintage", "INT64", rows["vintage"]),
    ]
    answer = httpx.post(f"{columns_server.url}{INFER}", json={"inputs": inputs}).json()
    expected = wine_columns_model().session().run(rows)
    assert answer["outputs"][0]["data"] == expected["label"].tolist()


def test_profile_is_given_as_it_lies_in_the_package(client: httpx.Client) -> None:
    response = client.get("/v2/models/wine/profile")
    assert response.content == wine_model().profile_json()
    assert Profile.parse(response.content).rows == 178


@pytest.mark.parametrize(
    ("method", "path", "status", "error"),
    [
        pytest.param("GET", "/v3", 404, "there is nothing at this path", id="another-protocol"),
        pytest.param("POST", "/v1/models/beer:predict", 404, "this is 'wine'", id="unknown-model-v1"),
        pytest.param(
            "GET", "/v2/models/wine/nothing", 404, "there is nothing at this path", id="unknown-path"
        ),
        pytest.param("GET", "/v2/models/beer", 404, "no model of that name", id="unknown-model"),
        pytest.param("POST", "/v2/models/beer/infer", 404, "this is 'wine'", id="unknown-model-infer"),
        pytest.param("GET", "/v2/models/wine/versions/2", 404, "this is 'wine-1'", id="unknown-version"),
        pytest.param("GET", INFER, 405, "use POST here", id="get-infer"),
        pytest.param("POST", "/v2", 405, "use GET here", id="post-metadata"),
    ],
)
def test_wrong_addresses_get_an_error_of_the_protocol(
    client: httpx.Client, method: str, path: str, status: int, error: str
) -> None:
    response = client.request(method, path)
    assert response.status_code == status
    assert error in response.json()["error"]


@pytest.mark.parametrize(
    ("document", "error"),
    [
        pytest.param({}, "'inputs' must be a list", id="no-inputs"),
        pytest.param(
            {"inputs": [tensor("Y", "FP32", X[:1])]}, "no input 'Y'; it takes 'X'", id="unknown-input"
        ),
        pytest.param(
            {"inputs": [tensor("X", "FP64", X[:1])]}, "input 'X': 'datatype' must be FP32", id="datatype"
        ),
        pytest.param({"inputs": [tensor("X", "FP32", X[:1, :3])]}, "has shape [1, 3]", id="shape"),
        pytest.param(request(outputs=[{"name": "score"}]), "no output 'score'", id="unknown-output"),
    ],
)
def test_wrong_requests_are_refused_with_a_reason(
    client: httpx.Client, document: dict[str, Any], error: str
) -> None:
    response = client.post(INFER, json=document)
    assert response.status_code == 400
    assert error in response.json()["error"]


def test_missing_input_is_named(columns_server: ServerProcess) -> None:
    document = {"inputs": [tensor("alcohol", "FP32", wine_columns_model().rows["alcohol"])]}
    response = httpx.post(f"{columns_server.url}{INFER}", json=document)
    assert response.status_code == 400
    assert response.json()["error"] == "missing input 'vintage', 'region'"


def test_failure_of_the_model_shows_nothing_of_its_insides(columns_server: ServerProcess) -> None:
    rows = {name: values[:1].copy() for name, values in wine_columns_model().rows.items()}
    rows["region"][:] = "atlantis"
    inputs = [
        tensor("region", "BYTES", rows["region"]),
        tensor("alcohol", "FP32", rows["alcohol"]),
        tensor("vintage", "INT64", rows["vintage"]),
    ]
    response = httpx.post(f"{columns_server.url}{INFER}", json={"inputs": inputs})
    assert (response.status_code, response.json()) == (500, {"error": "the model failed on this input"})


def test_missing_values_are_null_in_both_directions(client: httpx.Client) -> None:
    document = request(X[:1])
    document["inputs"][0]["data"][0] = None
    answer = client.post(INFER, json=document).json()
    assert answer["outputs"][1]["data"] == [None, None, None]


def chunks(size: int) -> Any:
    for _ in range(size // 1000):
        yield b" " * 1000


def test_body_beyond_the_limit_is_refused_however_it_is_sent(client: httpx.Client) -> None:
    for content in (b" " * 100_001, chunks(200_000)):
        response = client.post(INFER, content=content)
        assert response.status_code == 413
        assert response.json() == {"error": "the body is larger than 100000 bytes"}
    assert client.post(INFER, json=request()).status_code == 200


def test_body_beyond_the_limit_is_refused_before_it_is_sent(wine_server: ServerProcess) -> None:
    """A client that waits for the go-ahead (Expect: 100-continue) never sends it."""
    address = urlsplit(wine_server.url)
    head = f"POST {INFER} HTTP/1.1\r\nhost: x\r\ncontent-length: 9000000\r\nexpect: 100-continue\r\n\r\n"
    with socket.create_connection((str(address.hostname), int(address.port or 0)), timeout=10) as connection:
        connection.sendall(head.encode())
        assert connection.recv(4096).startswith(b"HTTP/1.1 413 ")


def test_client_that_goes_away_in_the_middle_harms_nobody(wine_server: ServerProcess) -> None:
    address = urlsplit(wine_server.url)
    head = f"POST {INFER} HTTP/1.1\r\nhost: x\r\ncontent-length: 900\r\n\r\n"
    for _ in range(20):
        with socket.create_connection(
            (str(address.hostname), int(address.port or 0)), timeout=10
        ) as connection:
            connection.sendall(head.encode() + b"{")
    assert httpx.get(f"{wine_server.url}/v2/health/ready").status_code == 200


def test_page_about_the_server_shows_an_example_that_it_answers(client: httpx.Client) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert f"curl -s http://{client.base_url.netloc.decode()}{INFER}" in page.text
    document = client.get("/openapi.json").json()
    content = document["paths"][INFER]["post"]["requestBody"]["content"]["application/json"]
    assert client.post(INFER, json=content["example"]).status_code == 200


def test_host_of_the_client_cannot_become_markup(client: httpx.Client) -> None:
    assert "evil" not in client.get("/docs", headers={"host": "<evil>"}).text


@pytest.mark.parametrize(
    ("encoding", "status"), [("gzip", 200), ("br", 415)], ids=["gzip", "unknown-encoding"]
)
def test_bodies_may_be_compressed(client: httpx.Client, encoding: str, status: int) -> None:
    body = gzip.compress(httpx.Request("POST", "http://x", json=request()).content)
    assert client.post(INFER, content=body, headers={"content-encoding": encoding}).status_code == status


def test_body_that_unpacks_to_more_than_the_limit_is_refused(client: httpx.Client) -> None:
    body = gzip.compress(bytes(10_000_000))
    assert client.post(INFER, content=body, headers={"content-encoding": "gzip"}).status_code == 413


def test_body_without_json_is_the_only_input(client: httpx.Client) -> None:
    answer = client.post(INFER, content=X[:2].tobytes(), headers={"inference-header-content-length": "0"})
    assert answer.json()["outputs"] == expected_outputs(client)


def test_raw_bytes_are_answered_like_json(client: httpx.Client) -> None:
    entry = {"name": "X", "datatype": "FP32", "shape": [2, 13], "parameters": {"binary_data_size": 104}}
    head = httpx.Request("POST", "http://x", json={"inputs": [entry]}).content
    answer = client.post(
        INFER, content=head + X[:2].tobytes(), headers={"inference-header-content-length": str(len(head))}
    )
    assert answer.json()["outputs"] == expected_outputs(client)
