"""The model: which one it is, whether it is ready, what it takes and gives, its profile."""

from holdfast_serving.http.messages import Request, Response, json_response
from holdfast_serving.http.routes import Routes, get
from holdfast_serving.http.served_model import ServedModel
from holdfast_serving.inference.errors import RequestError

PLATFORM = "onnx_onnxv1"


def model_routes(model: ServedModel) -> Routes:
    """Return the routes of the model and of its version."""

    def on_ready(_request: Request) -> Response:
        return json_response({"name": model.name, "ready": model.ready}, 200 if model.ready else 503)

    def on_metadata(_request: Request) -> Response:
        document = {"name": model.name, "versions": [model.revision], "platform": PLATFORM}
        return json_response(document | model.plane.signature() | {"parameters": model.plane.execution()})

    def on_profile(_request: Request) -> Response:
        profile = model.plane.profile
        if profile is None:
            raise RequestError("the model package has no profile", 404)
        return Response(200, profile)

    routes = {"/v2/models": get(lambda _request: json_response({"models": [model.name]}))}
    for path in model.paths():
        routes[path] = get(on_metadata)
        routes[f"{path}/ready"] = get(on_ready)
        routes[f"{path}/profile"] = get(on_profile)
    return routes
