"""What people and tools read about this very server: its OpenAPI document and a page about it."""

import re
from typing import Final

from holdfast.profile import Profile
from holdfast_serving.http.documentation_page import CONTENT_SECURITY_POLICY, documentation_page
from holdfast_serving.http.messages import Request, Response, json_response
from holdfast_serving.http.openapi import openapi_document
from holdfast_serving.http.routes import Routes, get
from holdfast_serving.http.served_model import ServedModel

_HTML: Final = b"text/html; charset=utf-8"
_HOST: Final = re.compile(rb"[A-Za-z0-9._-]{1,255}(:[0-9]{1,5})?|\[[0-9a-fA-F:.]{2,45}\](:[0-9]{1,5})?")


def documentation_routes(model: ServedModel, version: str) -> Routes:
    """Return the routes of the documentation."""

    def document() -> dict[str, object]:
        plane = model.plane
        profile = None if plane.profile is None else Profile.parse(plane.profile)
        return openapi_document(model.name, model.revision, plane.model, profile, version)

    def on_page(request: Request) -> Response:
        host = request.headers.get(b"host", b"")
        address = f"http://{host.decode()}" if _HOST.fullmatch(host) else "http://localhost:8080"
        page = documentation_page(document(), model.plane.model, address)
        return Response(200, page.encode(), _HTML, CONTENT_SECURITY_POLICY)

    return {
        "/openapi.json": get(lambda _request: json_response(document())),
        "/docs": get(on_page),
    }
