"""Feedback: labels for predictions of this model, whichever replica or revision made them."""

from typing import Any

import orjson

from holdfast_serving.feedback.inbox import FeedbackError, Outcome
from holdfast_serving.http.content_encoding import decoded_body
from holdfast_serving.http.messages import Request, Response, json_response
from holdfast_serving.http.routes import Route, Routes, answering
from holdfast_serving.http.served_model import ServedModel
from holdfast_serving.inference.errors import RequestError


def feedback_routes(model: ServedModel, max_body_bytes: int) -> Routes:
    """Return the routes of feedback by the model and by its version."""

    def on_feedback(request: Request) -> Response:
        inbox = model.plane.inbox
        if inbox is None:
            raise RequestError("this server gives no prediction ids and takes no labels", 404)
        try:
            return _answer(inbox.accept(_document(request, max_body_bytes)))
        except FeedbackError as error:
            raise RequestError(str(error)) from None

    return {f"{path}/feedback": Route("POST", answering(on_feedback)) for path in model.paths()}


def _answer(outcomes: list[Outcome]) -> Response:
    """Answer 200 when anything was accepted; else as the first item was refused."""
    refused = [outcome for outcome in outcomes if outcome.error]
    document: dict[str, Any] = {
        "accepted": len(outcomes) - len(refused),
        "refused": len(refused),
        "results": [outcome.document() for outcome in outcomes],
    }
    if len(refused) < len(outcomes):
        return json_response(document)
    return json_response({"error": refused[0].error, **document}, refused[0].status)


def _document(request: Request, max_body_bytes: int) -> Any:
    body = decoded_body(request.body, request.headers.get(b"content-encoding", b""), max_body_bytes)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RequestError(f"the body is not JSON: {error}") from None
