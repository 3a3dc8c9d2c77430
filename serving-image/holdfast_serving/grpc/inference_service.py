"""The service ``inference.GRPCInferenceService``: what each of its methods answers."""

from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Final, TypeVar

from google.protobuf.message import DecodeError, Message

from holdfast.settings import ServerSettings
from holdfast_serving.grpc import open_inference_grpc_pb2 as messages
from holdfast_serving.grpc.calls import Answer
from holdfast_serving.grpc.infer_messages import decode_call, encode_answer
from holdfast_serving.inference.data_plane import DataPlane
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.process.lifecycle import Lifecycle
from holdfast_serving.telemetry.request_metrics import Telemetry

SERVICE: Final = messages.DESCRIPTOR.services_by_name["GRPCInferenceService"].full_name
PLATFORM: Final = "onnx_onnxv1"

Parsed = TypeVar("Parsed", bound=Message)
OfModel = messages.ModelReadyRequest | messages.ModelMetadataRequest


class InferenceService:
    """One model, its metadata and its inference."""

    def __init__(
        self, settings: ServerSettings, lifecycle: Lifecycle, telemetry: Telemetry, version: str
    ) -> None:
        self._model = settings.model_name
        self._revision = settings.model_revision
        self._lifecycle = lifecycle
        self._telemetry = telemetry
        self._server = messages.ServerMetadataResponse(name="holdfast", version=version)

    def methods(self) -> Mapping[str, Answer]:
        """Return what answers each method of the service."""
        return {
            "ServerLive": _parsing(messages.ServerLiveRequest, self._server_live),
            "ServerReady": _parsing(messages.ServerReadyRequest, self._server_ready),
            "ServerMetadata": _parsing(messages.ServerMetadataRequest, lambda _: self._server),
            "ModelReady": _parsing(messages.ModelReadyRequest, self._model_ready),
            "ModelMetadata": _parsing(messages.ModelMetadataRequest, self._model_metadata),
            "ModelInfer": self._counted_infer,
        }

    def _server_live(self, _request: messages.ServerLiveRequest) -> Message:
        return messages.ServerLiveResponse(live=True)

    def _server_ready(self, _request: messages.ServerReadyRequest) -> Message:
        return messages.ServerReadyResponse(ready=self._lifecycle.ready)

    def _model_ready(self, request: messages.ModelReadyRequest) -> Message:
        self._require_served(request.name, request.version)
        return messages.ModelReadyResponse(ready=self._lifecycle.ready)

    def _model_metadata(self, request: messages.ModelMetadataRequest) -> Message:
        self._require_served(request.name, request.version)
        plane = self._plane
        signature = plane.model
        tensor = messages.ModelMetadataResponse.TensorMetadata
        return messages.ModelMetadataResponse(
            name=self._model,
            versions=[self._revision],
            platform=PLATFORM,
            inputs=[tensor(name=x.name, datatype=x.datatype, shape=x.shape) for x in signature.inputs],
            outputs=[tensor(name=x.name, datatype=x.datatype, shape=x.shape) for x in signature.outputs],
            properties={name: str(value) for name, value in plane.execution().items()},
        )

    async def _counted_infer(self, message: bytes) -> Message:
        """Answer an inference; one that its client cancels is not counted, as over HTTP."""
        received = perf_counter()
        try:
            response = await self._infer(message)
        except Exception as error:
            status = error.status if isinstance(error, RequestError) else 500
            self._telemetry.count_request(status, perf_counter() - received)
            raise
        self._telemetry.count_request(200, perf_counter() - received)
        return response

    async def _infer(self, message: bytes) -> Message:
        plane = self._plane
        plane.require_room()
        call = decode_call(message)
        self._require_served(call.model, call.version)
        answer = await plane.infer(call.inference)
        return encode_answer(answer, self._model, self._revision, raw=call.raw)

    @property
    def _plane(self) -> DataPlane:
        if self._lifecycle.plane is None:
            raise RequestError("the model is still being loaded", 503)
        return self._lifecycle.plane

    def _require_served(self, model: str, version: str) -> None:
        if model != self._model:
            message = f"no model of that name is served here; this is '{self._model}'"
            raise RequestError(message, 404)
        if version not in ("", self._revision):
            message = f"no such version is served here; this is '{self._revision}'"
            raise RequestError(message, 404)


def _parsing(kind: type[Parsed], answer: Callable[[Parsed], Message]) -> Answer:
    async def answer_bytes(message: bytes) -> Message:
        try:
            request = kind.FromString(message)
        except DecodeError:
            raise RequestError(f"the message is not a {kind.DESCRIPTOR.name}") from None
        return answer(request)

    return answer_bytes
