"""The server as a whole: what it speaks, whether it lives and is ready, its metrics."""

from typing import Final
from urllib.parse import parse_qs

from holdfast_serving.http.messages import Request, Response, json_response
from holdfast_serving.http.routes import Routes, get
from holdfast_serving.http.served_model import ServedModel
from holdfast_serving.telemetry.request_metrics import CONTENT_TYPE, Telemetry

EXTENSIONS: Final = ("binary_tensor_data", "model_configuration")
"""Extensions of the Open Inference Protocol that are served."""


def server_routes(model: ServedModel, telemetry: Telemetry, version: str) -> Routes:
    """Return the routes that concern no single model."""
    server = {"name": "holdfast", "version": version, "extensions": EXTENSIONS}

    def on_metrics(request: Request) -> Response:
        names = parse_qs(request.query).get("name[]", [])
        return Response(200, telemetry.render(names), CONTENT_TYPE.encode())

    metadata = get(lambda _request: json_response(server))
    return {
        "/v2": metadata,
        "/v2/": metadata,  # so the protocol's OpenAPI document spells it
        "/v2/health/live": get(lambda _request: json_response({"live": True})),
        "/v2/health/ready": get(
            lambda _request: json_response({"ready": model.ready}, 200 if model.ready else 503)
        ),
        "/metrics": get(on_metrics),
    }
