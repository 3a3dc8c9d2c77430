"""Inference in the Open Inference Protocol V2: the hot path between bytes and the data plane."""

from holdfast_serving.http.messages import Reply, Request, Response, error_response
from holdfast_serving.http.routes import Route, Routes
from holdfast_serving.http.served_model import ServedModel
from holdfast_serving.http.v2_json import decode_request, encode_response
from holdfast_serving.inference.data_plane import InferenceResponse
from holdfast_serving.inference.errors import RequestError


def inference_routes(model: ServedModel) -> Routes:
    """Return the routes of inference by the model and by its version."""

    def on_infer(request: Request, reply: Reply) -> None:
        def done(answer: InferenceResponse | RequestError) -> None:
            if isinstance(answer, RequestError):
                reply(error_response(answer))
            else:
                reply(Response(200, encode_response(answer, model.name, model.revision)))

        try:
            model.plane.submit(decode_request(request.body), done)
        except RequestError as error:
            reply(error_response(error))

    return {f"{path}/infer": Route("POST", on_infer, counted=True) for path in model.paths()}
