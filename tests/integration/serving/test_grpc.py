"""The Open Inference Protocol over real gRPC against a real server process."""

import re
import socket
from collections.abc import Iterator
from threading import Event

import grpc
import httpx
import numpy as np
import pytest
from grpc_reflection.v1alpha import reflection_pb2

from holdfast_serving.grpc import open_inference_grpc_pb2 as messages
from tests.integration.serving.conftest import serve
from tests.integration.serving.grpc_client import (
    HEALTH,
    SERVICE,
    GrpcClient,
    grpc_client,
    infer_request,
    refusal,
)
from tests.integration.serving.server_process import DEADLINE_SECONDS, ServerProcess, free_port
from tests.unit.serving.trained_models import wine_columns_model, wine_model

pytestmark = pytest.mark.integration

X = wine_model().rows["X"]
PORT = free_port()
COLUMNS_PORT = free_port()
Code = grpc.StatusCode


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    yield from serve(wine_model(), tmp_path_factory, grpc_port=PORT, body_timeout_seconds=1)


@pytest.fixture(scope="module")
def columns(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GrpcClient]:
    running = serve(wine_columns_model(), tmp_path_factory, grpc_port=COLUMNS_PORT)
    for _ in running:
        with grpc_client(COLUMNS_PORT) as client:
            yield client


@pytest.fixture
def client(server: ServerProcess) -> Iterator[GrpcClient]:  # noqa: ARG001 - the server must run
    with grpc_client(PORT) as client:
        yield client


def test_server_and_model_are_live_and_ready(client: GrpcClient) -> None:
    assert client.call("ServerLive", messages.ServerLiveRequest()).live
    assert client.call("ServerReady", messages.ServerReadyRequest()).ready
    for version in ("", "wine-1"):
        assert client.call("ModelReady", messages.ModelReadyRequest(name="wine", version=version)).ready


def test_server_metadata_names_the_server(client: GrpcClient) -> None:
    found = client.call("ServerMetadata", messages.ServerMetadataRequest())
    assert (found.name, found.version) == ("holdfast", "0.1.0")


def test_model_metadata_gives_versions_and_shapes(client: GrpcClient) -> None:
    found = client.call("ModelMetadata", messages.ModelMetadataRequest(name="wine"))
    assert (found.name, list(found.versions), found.platform) == ("wine", ["wine-1"], "onnx_onnxv1")
    assert [(x.name, x.datatype, list(x.shape)) for x in found.inputs] == [("X", "FP32", [-1, 13])]
    assert [(x.name, x.datatype, list(x.shape)) for x in found.outputs] == [
        ("label", "INT64", [-1]),
        ("probabilities", "FP32", [-1, 3]),
    ]


@pytest.mark.parametrize("version", ["", "wine-1"])
def test_raw_rows_give_the_models_own_answer_in_raw(client: GrpcClient, version: str) -> None:
    answer = client.call("ModelInfer", infer_request(X, model_version=version, id="abc"))
    expected = wine_model().session().run({"X": X})
    assert (answer.model_name, answer.model_version, answer.id) == ("wine", "wine-1", "abc")
    for output, raw in zip(answer.outputs, answer.raw_output_contents, strict=True):
        values = np.frombuffer(raw, expected[output.name].dtype).reshape(output.shape)
        np.testing.assert_array_equal(values, expected[output.name])


def test_typed_rows_give_the_same_answer_typed(client: GrpcClient) -> None:
    answer = client.call("ModelInfer", infer_request(X, raw=False))
    expected = wine_model().session().run({"X": X})
    label, probabilities = answer.outputs
    assert not answer.raw_output_contents
    assert list(label.contents.int64_contents) == expected["label"].tolist()
    assert list(probabilities.contents.fp32_contents) == expected["probabilities"].ravel().tolist()


def test_only_the_outputs_asked_for_are_given(client: GrpcClient) -> None:
    wanted = messages.ModelInferRequest.InferRequestedOutputTensor(name="probabilities")
    answer = client.call("ModelInfer", infer_request(X[:2], outputs=[wanted]))
    assert [output.name for output in answer.outputs] == ["probabilities"]


def test_several_inputs_of_several_datatypes_are_served(columns: GrpcClient) -> None:
    rows = wine_columns_model().rows
    request = messages.ModelInferRequest(model_name="wine")
    for name, datatype in (("region", "BYTES"), ("alcohol", "FP32"), ("vintage", "INT64")):
        entry = request.inputs.add(name=name, datatype=datatype, shape=rows[name].shape)
        values = rows[name].ravel().tolist()
        field = {"BYTES": "bytes_contents", "FP32": "fp32_contents", "INT64": "int64_contents"}[datatype]
        elements = [text.encode() for text in values] if datatype == "BYTES" else values
        getattr(entry.contents, field).extend(elements)
    expected = wine_columns_model().session().run(rows)
    answer = columns.call("ModelInfer", request)
    assert list(answer.outputs[0].contents.int64_contents) == expected[answer.outputs[0].name].tolist()


@pytest.mark.parametrize(
    ("request_", "code", "details"),
    [
        pytest.param(infer_request(X, model_name="no"), Code.NOT_FOUND, "this is 'wine'", id="model"),
        pytest.param(infer_request(X, model_version="7"), Code.NOT_FOUND, "this is 'wine-1'", id="version"),
        pytest.param(infer_request(X[:, :5]), Code.INVALID_ARGUMENT, "the model takes [-1, 13]", id="shape"),
        pytest.param(
            infer_request(X, raw_input_contents=[b""]), Code.INVALID_ARGUMENT, "2 entries", id="raw"
        ),
        pytest.param(
            infer_request(X, outputs=[messages.ModelInferRequest.InferRequestedOutputTensor(name="no")]),
            Code.INVALID_ARGUMENT,
            "it gives 'label', 'probabilities'",
            id="output",
        ),
        pytest.param(
            messages.ModelInferRequest(model_name="wine"), Code.INVALID_ARGUMENT, "1 to 16", id="none"
        ),
        pytest.param(
            infer_request(np.tile(X, (20, 1))), Code.RESOURCE_EXHAUSTED, "larger than max", id="size"
        ),
    ],
)
def test_calls_that_cannot_be_answered_say_why(
    client: GrpcClient, request_: messages.ModelInferRequest, code: Code, details: str
) -> None:
    found = refusal(lambda: client.call("ModelInfer", request_))
    assert (found[0], details in found[1]) == (code, True), found


@pytest.mark.parametrize("method", ["ModelReady", "ModelMetadata"])
def test_other_models_and_versions_are_not_found(client: GrpcClient, method: str) -> None:
    kind = messages.ModelReadyRequest if method == "ModelReady" else messages.ModelMetadataRequest
    for request in (kind(name="no"), kind(name="wine", version="7")):
        assert refusal(lambda: client.call(method, request))[0] == Code.NOT_FOUND  # noqa: B023 - called here


def test_bytes_that_are_no_message_are_refused(client: GrpcClient) -> None:
    for method in ("ModelInfer", "ModelReady"):
        code, details, _ = refusal(lambda: client.bytes_method(method)(b"\xff\xff"))  # noqa: B023 - called here
        assert (code, details) == (Code.INVALID_ARGUMENT, f"the message is not a {method}Request")


def test_methods_of_other_servers_are_unimplemented(client: GrpcClient) -> None:
    code, _, _ = refusal(lambda: client.bytes_method("ModelConfig")(b""))
    assert code == Code.UNIMPLEMENTED


def test_compressed_message_that_unfolds_beyond_the_limit_is_refused(client: GrpcClient) -> None:
    bomb = bytes(10_000_000)
    call = client.bytes_method("ModelInfer")
    code, _, _ = refusal(lambda: call(bomb, compression=grpc.Compression.Gzip, timeout=DEADLINE_SECONDS))
    assert code == Code.RESOURCE_EXHAUSTED


def test_compressed_message_is_answered(client: GrpcClient) -> None:
    answer = client.method("ModelInfer")(infer_request(X), compression=grpc.Compression.Gzip)
    assert answer.outputs[0].shape == [178]


def test_message_that_does_not_arrive_in_time_ends_its_call(client: GrpcClient) -> None:
    done = Event()

    def never() -> Iterator[bytes]:
        done.wait(DEADLINE_SECONDS)
        yield from ()

    call = client.channel.stream_unary(f"/{SERVICE}/ModelInfer")
    code, details, _ = refusal(lambda: call(never(), timeout=DEADLINE_SECONDS))
    done.set()
    assert (code, details) == (Code.DEADLINE_EXCEEDED, "the message did not arrive in time")


def test_call_without_a_message_is_refused(client: GrpcClient) -> None:
    call = client.channel.stream_unary(f"/{SERVICE}/ModelInfer")
    code, details, _ = refusal(lambda: call(iter(()), timeout=DEADLINE_SECONDS))
    assert (code, details) == (Code.INVALID_ARGUMENT, "the call ended without a message")


def test_long_names_do_not_make_long_errors(client: GrpcClient) -> None:
    request = infer_request(X[:1])
    request.inputs[0].name = "\N{GRINNING FACE}" * 20_000
    code, details, _ = refusal(lambda: client.call("ModelInfer", request))
    assert code == Code.INVALID_ARGUMENT
    assert len(details) == 500


def test_every_answer_names_the_revision(client: GrpcClient) -> None:
    _, call = client.method("ServerLive").with_call(messages.ServerLiveRequest())
    failed = refusal(lambda: client.call("ModelInfer", infer_request(X, model_name="no")))
    assert ("holdfast-revision", "wine-1") in [tuple(each) for each in call.trailing_metadata()]
    assert failed[2]["holdfast-revision"] == "wine-1"


def test_health_is_told_for_the_server_its_service_and_its_model(client: GrpcClient) -> None:
    assert {client.health(name) for name in ("", SERVICE, "wine")} == {"SERVING"}
    assert next(client.watch("no")) == "SERVICE_UNKNOWN"
    assert refusal(lambda: client.health("no"))[0] == Code.NOT_FOUND


def test_reflection_lists_the_services_and_gives_their_definition(client: GrpcClient) -> None:
    path = "/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo"
    ask = client.channel.stream_stream(
        path,
        request_serializer=lambda message: message.SerializeToString(),
        response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
    )
    asked = [
        reflection_pb2.ServerReflectionRequest(list_services=""),
        reflection_pb2.ServerReflectionRequest(file_containing_symbol=SERVICE),
    ]
    listed, defined = ask(iter(asked), timeout=DEADLINE_SECONDS)
    names = {service.name for service in listed.list_services_response.service}
    assert {SERVICE, HEALTH} <= names
    assert b"ModelInfer" in defined.file_descriptor_response.file_descriptor_proto[0]


def test_inferences_are_counted_with_those_over_http(server: ServerProcess, client: GrpcClient) -> None:
    def counted(code: int) -> float:
        text = httpx.get(f"{server.url}/metrics?name[]=holdfast_requests_total").text
        found = re.search(rf'holdfast_requests_total{{[^}}]*code="{code}"[^}}]*}} (\S+)', text)
        return float(found.group(1)) if found else 0.0

    before = [counted(code) for code in (200, 400, 404)]
    client.call("ModelInfer", infer_request(X))
    refusal(lambda: client.call("ModelInfer", infer_request(X[:, :5])))
    refusal(lambda: client.call("ModelInfer", infer_request(X, model_name="no")))
    assert [counted(code) for code in (200, 400, 404)] == [each + 1 for each in before]


def test_port_that_is_taken_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        running = serve(wine_model(), tmp_path_factory, grpc_port=taken.getsockname()[1])
        with pytest.raises(AssertionError, match="gRPC cannot listen on port"):
            next(running)
