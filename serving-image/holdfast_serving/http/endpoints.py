"""Open Inference Protocol V2 over HTTP: paths and bytes <-> the data plane. Nothing else happens here."""

import logging
from collections.abc import Callable
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from holdfast.settings import ServerSettings
from holdfast_serving.http.messages import (
    Handler,
    Headers,
    Reply,
    Request,
    Response,
    error_response,
    json_response,
)
from holdfast_serving.http.v2_json import decode_request, encode_response
from holdfast_serving.inference.data_plane import DataPlane, InferenceResponse
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.process.lifecycle import Lifecycle
from holdfast_serving.telemetry.request_metrics import CONTENT_TYPE, Telemetry

logger = logging.getLogger(__name__)

REVISION_HEADER = b"holdfast-revision"
CLOSE = (b"connection", b"close")


class Route(NamedTuple):
    """What answers a path."""

    method: str
    handler: Handler
    counted: bool = False
    """Whether its answers are inference requests in the metrics."""


def answering(function: Callable[[Request], Response]) -> Handler:
    """Return the handler that answers at once with what ``function`` returns or raises."""

    def handle(request: Request, reply: Reply) -> None:
        try:
            response = function(request)
        except RequestError as error:
            response = error_response(error)
        reply(response)

    return handle


class Application:
    """One model, its metadata and its metrics; ``handle`` is the handler of every request."""

    def __init__(
        self, settings: ServerSettings, lifecycle: Lifecycle, telemetry: Telemetry, version: str
    ) -> None:
        self._settings = settings
        self._lifecycle = lifecycle
        self._telemetry = telemetry
        self._server = {"name": "holdfast", "version": version, "extensions": []}
        self._headers: Headers = ((REVISION_HEADER, settings.model_revision.encode()),)
        self._routes = self._make_routes(settings.model_name, settings.model_revision)

    def _make_routes(self, model: str, revision: str) -> dict[str, Route]:
        routes = {
            "/v2": Route("GET", answering(self._on_server_metadata)),
            "/v2/health/live": Route("GET", answering(self._on_live)),
            "/v2/health/ready": Route("GET", answering(self._on_ready)),
            "/v2/models": Route("GET", answering(self._on_models)),
            "/metrics": Route("GET", answering(self._on_metrics)),
        }
        for path in (f"/v2/models/{model}", f"/v2/models/{model}/versions/{revision}"):
            routes[path] = Route("GET", answering(self._on_model_metadata))
            routes[f"{path}/ready"] = Route("GET", answering(self._on_model_ready))
            routes[f"{path}/profile"] = Route("GET", answering(self._on_profile))
            routes[f"{path}/infer"] = Route("POST", self._on_infer, counted=True)
        return routes

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer a request; while draining, ask the client to come back on a new connection."""
        route = self._routes.get(request.path)
        finish = self._finisher(request, reply, counted=route is not None and route.counted)
        if route is None:
            finish(error_response(RequestError(self._unknown(request.path), 404)))
        elif request.method != route.method:
            refusal = error_response(RequestError(f"use {route.method} here", 405))
            refusal.headers = ((b"allow", route.method.encode()),)
            finish(refusal)
        else:
            self._answer(route, request, finish)

    def _answer(self, route: Route, request: Request, finish: Reply) -> None:
        try:
            route.handler(request, finish)
        except Exception:  # the client must get an answer, and it must not show what broke
            logger.exception("a request failed")
            finish(error_response(RequestError("internal error", 500)))

    def _finisher(self, request: Request, reply: Reply, *, counted: bool) -> Reply:
        def finish(response: Response) -> None:
            if counted:
                self._telemetry.count_request(response.status, perf_counter() - request.received)
            response.headers += self._headers
            if self._lifecycle.draining:
                response.headers += (CLOSE,)
            reply(response)

        return finish

    def _unknown(self, path: str) -> str:
        words = path.strip("/").split("/")
        if words[:2] != ["v2", "models"] or len(words) < 3:
            return "there is nothing at this path"
        if words[2] != self._settings.model_name:
            return f"no model of that name is served here; this is '{self._settings.model_name}'"
        if words[3:4] == ["versions"] and words[4:5] != [self._settings.model_revision]:
            return f"no such version is served here; this is '{self._settings.model_revision}'"
        return "there is nothing at this path"

    def _plane(self) -> DataPlane:
        if self._lifecycle.plane is None:
            raise RequestError("the model is still being loaded", 503)
        return self._lifecycle.plane

    def _on_infer(self, request: Request, reply: Reply) -> None:
        def done(answer: InferenceResponse | RequestError) -> None:
            if isinstance(answer, RequestError):
                reply(error_response(answer))
                return
            settings = self._settings
            reply(Response(200, encode_response(answer, settings.model_name, settings.model_revision)))

        try:
            self._plane().submit(decode_request(request.body), done)
        except RequestError as error:
            reply(error_response(error))

    def _on_server_metadata(self, _request: Request) -> Response:
        return json_response(self._server)

    def _on_live(self, _request: Request) -> Response:
        return json_response({"live": True})

    def _on_ready(self, _request: Request) -> Response:
        return json_response({"ready": self._lifecycle.ready}, 200 if self._lifecycle.ready else 503)

    def _on_models(self, _request: Request) -> Response:
        return json_response({"models": [self._settings.model_name]})

    def _on_model_ready(self, _request: Request) -> Response:
        document = {"name": self._settings.model_name, "ready": self._lifecycle.ready}
        return json_response(document, 200 if self._lifecycle.ready else 503)

    def _on_model_metadata(self, _request: Request) -> Response:
        signature: dict[str, Any] = self._plane().signature()
        return json_response(
            {
                "name": self._settings.model_name,
                "versions": [self._settings.model_revision],
                "platform": "onnx_onnxv1",
                **signature,
            }
        )

    def _on_profile(self, _request: Request) -> Response:
        profile = self._plane().profile
        if profile is None:
            raise RequestError("the model package has no profile", 404)
        return Response(200, profile)

    def _on_metrics(self, request: Request) -> Response:
        names = parse_qs(request.query).get("name[]", [])
        return Response(200, self._telemetry.render(names), CONTENT_TYPE.encode())
