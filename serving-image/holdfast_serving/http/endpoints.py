"""The server's HTTP application: from a path to what answers it, and what every answer carries."""

import logging
from time import perf_counter

from holdfast.settings import ServerSettings
from holdfast_serving.http.documentation_endpoints import documentation_routes
from holdfast_serving.http.feedback_endpoint import feedback_routes
from holdfast_serving.http.inference_endpoint import inference_routes
from holdfast_serving.http.messages import Headers, Reply, Request, Response, error_response
from holdfast_serving.http.model_endpoints import model_routes
from holdfast_serving.http.routes import Route
from holdfast_serving.http.served_model import ServedModel
from holdfast_serving.http.server_endpoints import server_routes
from holdfast_serving.http.triton_endpoints import triton_routes
from holdfast_serving.http.v1_endpoints import v1_routes
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.process.lifecycle import Lifecycle
from holdfast_serving.telemetry.request_metrics import Telemetry

logger = logging.getLogger(__name__)

REVISION_HEADER = b"holdfast-revision"


class Application:
    """One model, its metadata and its metrics; ``handle`` is the handler of every request."""

    def __init__(
        self, settings: ServerSettings, lifecycle: Lifecycle, telemetry: Telemetry, version: str
    ) -> None:
        self._telemetry = telemetry
        self._model = ServedModel(settings, lifecycle)
        self._headers: Headers = ((REVISION_HEADER, settings.model_revision.encode()),)
        self._routes = {
            **server_routes(self._model, telemetry, version),
            **model_routes(self._model),
            **inference_routes(self._model, settings.max_body_bytes),
            **triton_routes(self._model),
            **feedback_routes(self._model, settings.max_body_bytes),
            **documentation_routes(self._model, version),
            **v1_routes(self._model, settings.max_body_bytes),
        }

    @property
    def headers(self) -> Headers:
        """Header fields of every answer."""
        return self._headers

    def handle(self, request: Request, reply: Reply) -> None:
        """Answer a request; a route that takes GET takes HEAD too."""
        route = self._routes.get(request.path)
        if route is None:
            reply(error_response(RequestError(self._unknown(request.path), 404)))
            return
        finish = self._counting(request, reply) if route.counted else reply
        if route.method != request.method and (route.method, request.method) != ("GET", "HEAD"):
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

    def _counting(self, request: Request, reply: Reply) -> Reply:
        def finish(response: Response) -> None:
            self._telemetry.count_request(response.status, perf_counter() - request.received)
            reply(response)

        return finish

    def _unknown(self, path: str) -> str:
        words = path.strip("/").split("/")
        if words[:2] not in (["v1", "models"], ["v2", "models"]) or len(words) < 3:
            return "there is nothing at this path"
        if words[2].partition(":")[0] != self._model.name:
            return f"no model of that name is served here; this is '{self._model.name}'"
        if words[3:4] == ["versions"] and words[4:5] != [self._model.revision]:
            return f"no such version is served here; this is '{self._model.revision}'"
        return "there is nothing at this path"
