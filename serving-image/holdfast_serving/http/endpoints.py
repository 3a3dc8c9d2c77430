"""Open Inference Protocol V2 over HTTP: paths and bytes <-> the data plane. Nothing else happens here."""

import logging
from collections.abc import Awaitable, Callable
from time import perf_counter
from typing import Any, NamedTuple
from urllib.parse import parse_qs

from holdfast.settings import ServerSettings
from holdfast_serving.http.asgi import (
    ClientDisconnected,
    Receive,
    Response,
    Scope,
    Send,
    error_response,
    json_response,
    read_body,
    send_response,
)
from holdfast_serving.http.v2_json import decode_request, encode_response
from holdfast_serving.inference.data_plane import DataPlane
from holdfast_serving.inference.errors import RequestError
from holdfast_serving.process.lifecycle import Lifecycle
from holdfast_serving.telemetry.request_metrics import CONTENT_TYPE, Telemetry

logger = logging.getLogger(__name__)

REVISION_HEADER = b"holdfast-revision"
RECEIVED = "holdfast.received"
"""Key in the scope: when the last byte of the request was read."""

Handler = Callable[[Scope, Receive], Awaitable[Response]]


class Route(NamedTuple):
    """What answers a path."""

    method: str
    handler: Handler
    counted: bool = False
    """Whether its answers are inference requests in the metrics."""


class Application:
    """The ASGI application: one model, its metadata and its metrics."""

    def __init__(
        self, settings: ServerSettings, lifecycle: Lifecycle, telemetry: Telemetry, version: str
    ) -> None:
        self._settings = settings
        self._lifecycle = lifecycle
        self._telemetry = telemetry
        self._server = {"name": "holdfast", "version": version, "extensions": []}
        self._headers = [(REVISION_HEADER, settings.model_revision.encode())]
        self._routes = self._make_routes(settings.model_name, settings.model_revision)

    def _make_routes(self, model: str, revision: str) -> dict[str, Route]:
        routes = {
            "/v2": Route("GET", self._on_server_metadata),
            "/v2/health/live": Route("GET", self._on_live),
            "/v2/health/ready": Route("GET", self._on_ready),
            "/v2/models": Route("GET", self._on_models),
            "/metrics": Route("GET", self._on_metrics),
        }
        for path in (f"/v2/models/{model}", f"/v2/models/{model}/versions/{revision}"):
            routes[path] = Route("GET", self._on_model_metadata)
            routes[f"{path}/ready"] = Route("GET", self._on_model_ready)
            routes[f"{path}/profile"] = Route("GET", self._on_profile)
            routes[f"{path}/infer"] = Route("POST", self._on_infer, counted=True)
        return routes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; while draining, ask the client to come back on a new connection."""
        route = self._routes.get(scope["path"])
        try:
            response = await self._answer(route, scope, receive)
        except ClientDisconnected:
            return
        if route is not None and route.counted:
            self._telemetry.count_request(
                response.status, perf_counter() - scope.get(RECEIVED, perf_counter())
            )
        headers = self._headers
        if route is not None and scope["method"] != route.method:
            headers = [*headers, (b"allow", route.method.encode())]
        if self._lifecycle.draining:
            headers = [*headers, (b"connection", b"close")]
        await send_response(send, response, headers)

    async def _answer(self, route: Route | None, scope: Scope, receive: Receive) -> Response:
        if route is None:
            return error_response(self._unknown(scope["path"]), 404)
        if scope["method"] != route.method:
            return error_response(f"use {route.method} here", 405)
        try:
            return await route.handler(scope, receive)
        except RequestError as error:
            return error_response(error.message, error.status)
        except ClientDisconnected:
            raise
        except Exception:  # the client must get an answer, and it must not show what broke
            logger.exception("a request failed")
            return error_response("internal error", 500)

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

    async def _on_infer(self, scope: Scope, receive: Receive) -> Response:
        body = await read_body(scope, receive, self._settings.max_body_bytes)
        scope[RECEIVED] = perf_counter()
        answer = await self._plane().infer(decode_request(body))
        return Response(
            200, encode_response(answer, self._settings.model_name, self._settings.model_revision)
        )

    async def _on_server_metadata(self, _scope: Scope, _receive: Receive) -> Response:
        return json_response(self._server)

    async def _on_live(self, _scope: Scope, _receive: Receive) -> Response:
        return json_response({"live": True})

    async def _on_ready(self, _scope: Scope, _receive: Receive) -> Response:
        return json_response({"ready": self._lifecycle.ready}, 200 if self._lifecycle.ready else 503)

    async def _on_models(self, _scope: Scope, _receive: Receive) -> Response:
        return json_response({"models": [self._settings.model_name]})

    async def _on_model_ready(self, _scope: Scope, _receive: Receive) -> Response:
        document = {"name": self._settings.model_name, "ready": self._lifecycle.ready}
        return json_response(document, 200 if self._lifecycle.ready else 503)

    async def _on_model_metadata(self, _scope: Scope, _receive: Receive) -> Response:
        signature: dict[str, Any] = self._plane().signature()
        return json_response(
            {
                "name": self._settings.model_name,
                "versions": [self._settings.model_revision],
                "platform": "onnx_onnxv1",
                **signature,
            }
        )

    async def _on_profile(self, _scope: Scope, _receive: Receive) -> Response:
        profile = self._plane().profile
        if profile is None:
            return error_response("the model package has no profile", 404)
        return Response(200, profile)

    async def _on_metrics(self, scope: Scope, _receive: Receive) -> Response:
        names = parse_qs(scope["query_string"].decode("latin-1")).get("name[]", [])
        return Response(200, self._telemetry.render(names), CONTENT_TYPE.encode())
