"""A client of the server's gRPC port, from the definitions of its services."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import grpc
import numpy as np
import pytest
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc_health.v1 import health_pb2
from numpy.typing import NDArray

from holdfast_serving.grpc import open_inference_grpc_pb2 as messages
from tests.integration.serving.server_process import DEADLINE_SECONDS

SERVICE = "inference.GRPCInferenceService"
HEALTH = "grpc.health.v1.Health"
OPTIONS = (("grpc.max_send_message_length", -1), ("grpc.enable_retries", 0))


@dataclass(frozen=True)
class GrpcClient:
    """Calls methods by their names."""

    channel: Any
    """grpc.Channel; its stubs want types of messages that calls in bytes have not."""

    def call(self, method: str, request: Message, timeout: float = DEADLINE_SECONDS) -> Any:
        return self.method(method)(request, timeout=timeout)

    def method(self, name: str) -> Any:
        """Return what calls a method of the inference service."""
        descriptor = messages.DESCRIPTOR.services_by_name["GRPCInferenceService"].methods_by_name[name]
        return self.channel.unary_unary(
            f"/{SERVICE}/{name}",
            request_serializer=lambda message: message.SerializeToString(),
            response_deserializer=GetMessageClass(descriptor.output_type).FromString,
        )

    def bytes_method(self, name: str) -> Any:
        """Return what calls a method with bytes that need not be a message."""
        return self.channel.unary_unary(f"/{SERVICE}/{name}")

    def health(self, service: str = "") -> str:
        check = self.channel.unary_unary(f"/{HEALTH}/Check")
        return _status(check(_health_request(service), timeout=DEADLINE_SECONDS))

    def watch(self, service: str = "") -> Iterator[str]:
        """Yield each state that the server tells of, until it ends the watch."""
        watch = self.channel.unary_stream(f"/{HEALTH}/Watch")
        return map(_status, watch(_health_request(service), timeout=DEADLINE_SECONDS))


@contextmanager
def grpc_client(port: int) -> Iterator[GrpcClient]:
    with grpc.insecure_channel(f"127.0.0.1:{port}", options=OPTIONS) as channel:
        yield GrpcClient(channel)


def infer_request(rows: NDArray[Any], *, raw: bool = True, **fields: Any) -> messages.ModelInferRequest:
    """Return a request of FP32 rows for the input X of the model ``wine``."""
    request = messages.ModelInferRequest(**{"model_name": "wine", **fields})
    entry = request.inputs.add(name="X", datatype="FP32", shape=rows.shape)
    if raw:
        request.raw_input_contents.append(rows.astype(np.float32).tobytes())
    else:
        entry.contents.fp32_contents.extend(rows.ravel().tolist())
    return request


def refusal(call: Callable[[], object]) -> tuple[grpc.StatusCode, str, dict[str, str]]:
    """Return code, details and trailing metadata of a call that must fail."""
    with pytest.raises(grpc.RpcError) as caught:
        call()
    error: Any = caught.value
    trailing = dict(error.trailing_metadata() or ())
    return error.code(), error.details() or "", trailing


def _health_request(service: str) -> bytes:
    request: bytes = health_pb2.HealthCheckRequest(service=service).SerializeToString()
    return request


def _status(response: bytes) -> str:
    found = health_pb2.HealthCheckResponse.FromString(response)
    name: str = health_pb2.HealthCheckResponse.ServingStatus.Name(found.status)
    return name
