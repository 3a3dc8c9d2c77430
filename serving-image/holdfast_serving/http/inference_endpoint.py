"""Inference in the Open Inference Protocol V2: the hot path between bytes and the data plane."""

from holdfast_serving.http.binary_tensors import split_body, whole_body_request
from holdfast_serving.http.content_encoding import decoded_body
from holdfast_serving.http.messages import Reply, Request, Response, error_response
from holdfast_serving.http.routes import Route, Routes, reply_with
from holdfast_serving.http.served_model import ServedModel
from holdfast_serving.http.v2_json import BinaryOutputs, V2Request, decode_request, encode_response
from holdfast_serving.inference import headers
from holdfast_serving.inference.data_plane import DataPlane, InferenceResponse
from holdfast_serving.inference.errors import RequestError


def inference_routes(model: ServedModel, max_body_bytes: int) -> Routes:
    """Return the routes of inference by the model and by its version."""

    def on_infer(request: Request, reply: Reply) -> None:
        try:
            plane = model.plane
            plane.require_room()
            decoded = read_request(request, plane, max_body_bytes)
            decoded.inference.is_copy = headers.COPY in request.headers
        except RequestError as error:
            reply(error_response(error))
            return

        def done(answer: InferenceResponse | RequestError) -> None:
            reply_with(reply, _response, answer, model, decoded.binary)

        plane.submit(decoded.inference, done)

    return {f"{path}/infer": Route("POST", on_infer, counted=True) for path in model.paths()}


def read_request(request: Request, plane: DataPlane, max_body_bytes: int) -> V2Request:
    """Return what a request asks for, whether its tensors are JSON or raw bytes, compressed or not.

    Raises:
        RequestError: it is not an inference request.
    """
    body = request.body
    encoding = request.headers.get(b"content-encoding")
    if encoding is not None:
        body = decoded_body(body, encoding, max_body_bytes)
    json_length = request.headers.get(headers.JSON_LENGTH)
    if json_length is None:
        return decode_request(body, datatypes=plane.datatypes)
    document, raw = split_body(body, json_length)
    if not document:
        return V2Request(whole_body_request(body, plane.model))
    return decode_request(document, raw, plane.datatypes)


def _response(
    answer: InferenceResponse | RequestError, model: ServedModel, binary: BinaryOutputs
) -> Response:
    if isinstance(answer, RequestError):
        return error_response(answer)
    return encode_response(answer, model.name, model.revision, binary)
