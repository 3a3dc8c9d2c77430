"""The V1 protocol of KServe, for clients that still speak it; V2 does the same work for less."""

from holdfast_serving.http.content_encoding import decoded_body
from holdfast_serving.http.messages import Reply, Request, Response, error_response, json_response
from holdfast_serving.http.routes import Route, Routes, get, reply_with
from holdfast_serving.http.served_model import ServedModel
from holdfast_serving.http.v1_json import decode_prediction, encode_predictions
from holdfast_serving.inference.data_plane import InferenceResponse
from holdfast_serving.inference.errors import RequestError


def v1_routes(model: ServedModel, max_body_bytes: int) -> Routes:
    """Return the routes of the V1 protocol."""

    def on_predict(request: Request, reply: Reply) -> None:
        try:
            plane = model.plane
            plane.require_room()
            body = decoded_body(request.body, request.headers.get(b"content-encoding", b""), max_body_bytes)
            decoded = decode_prediction(body, plane.model.inputs)
        except RequestError as error:
            reply(error_response(error))
            return

        def done(answer: InferenceResponse | RequestError) -> None:
            reply_with(reply, _response, answer, decoded.instances)

        plane.submit(decoded.inference, done)

    def on_model(_request: Request) -> Response:
        return json_response({"name": model.name, "ready": model.ready}, 200 if model.ready else 503)

    return {
        "/": get(lambda _request: json_response({"status": "alive"})),
        "/v1/models": get(lambda _request: json_response({"models": [model.name]})),
        f"/v1/models/{model.name}": get(on_model),
        f"/v1/models/{model.name}:predict": Route("POST", on_predict, counted=True),
    }


def _response(answer: InferenceResponse | RequestError, instances: int | None) -> Response:
    if isinstance(answer, RequestError):
        raise answer
    return Response(200, encode_predictions(answer, instances))
