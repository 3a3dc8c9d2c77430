"""The OpenAPI 3.1 document of a server: paths with the model's name, schemas with the model's tensors."""

from typing import Any, Final

from holdfast.profile import Profile
from holdfast.signature import Signature
from holdfast_serving.http.example_request import example_prediction, example_request
from holdfast_serving.http.openapi_schemas import schemas

Document = dict[str, Any]

_DESCRIPTION: Final = (
    "Open Inference Protocol V2, and V1 for clients that still speak it. Large tensors are best sent as raw "
    "bytes behind the JSON (`Inference-Header-Content-Length`), as tritonclient does by itself."
)
_REFUSALS: Final = {
    "400": "The request does not fit; the error says what and where.",
    "413": "The body is larger than the limit.",
    "415": "The body is compressed in a way that is not served.",
    "500": "The model failed although the request fits.",
    "503": "The model is still being loaded, or the server is busy; try again after `Retry-After`.",
    "504": "The model did not answer in time.",
}


def openapi_document(
    model: str, revision: str, signature: Signature, profile: Profile | None, version: str
) -> Document:
    """Return the document of the server of one model; examples are typical rows of its profile."""
    example = example_request(signature, profile)
    path = f"/v2/models/{model}"
    paths = _model_paths(path, example) | _model_paths(f"{path}/versions/{revision}", example)
    paths |= _server_paths() | _v1_paths(model, example)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"Model {model}", "version": version, "description": _DESCRIPTION},
        "paths": paths,
        "components": {"schemas": schemas(signature)},
    }


def _server_paths() -> Document:
    return {
        "/v2": _get("Name, version and extensions of the server", "ServerMetadata"),
        "/v2/health/live": _get("Whether the process runs", "Live"),
        "/v2/health/ready": _get("Whether the model answers", "Ready", "503"),
        "/v2/models": _get("The models served here", "Models"),
        "/metrics": _answering("Metrics for Prometheus", {"200": _answer("Metrics", "text/plain", {})}),
    }


def _model_paths(path: str, example: Document | None) -> Document:
    return {
        f"{path}/infer": _post("Inference", "InferenceRequest", "InferenceResponse", example),
        path: _get("Inputs and outputs", "ModelMetadata", "503"),
        f"{path}/ready": _get("Whether the model answers", "ModelReady", "503"),
        f"{path}/feedback": _feedback(),
    }


def _feedback() -> Document:
    item = _post("Labels for earlier predictions", "Feedback", "FeedbackResults", None)
    refused = "None was accepted: ids that are forged, known already, too old; labels that do not fit."
    item["post"]["responses"]["4XX"] = _answer(refused, "application/json", _reference("Error"))
    return item


def _v1_paths(model: str, example: Document | None) -> Document:
    prediction = None if example is None else example_prediction(example)
    return {
        "/v1/models": _get("The models served here", "Models"),
        f"/v1/models/{model}": _get("Whether the model answers", "ModelReady", "503"),
        f"/v1/models/{model}:predict": _post(
            "Inference in the V1 protocol", "PredictionRequest", "PredictionResponse", prediction
        ),
    }


def _get(summary: str, schema: str, *also: str) -> Document:
    """``also``: statuses of the same form or an error, for what is not ready."""
    answer = _answer("OK", "application/json", _reference(schema))
    other = _answer("Not yet", "application/json", {"anyOf": [_reference(schema), _reference("Error")]})
    return _answering(summary, {"200": answer} | dict.fromkeys(also, other))


def _answering(summary: str, responses: Document) -> Document:
    return {"get": {"summary": summary, "responses": responses}}


def _post(summary: str, request: str, response: str, example: Document | None) -> Document:
    content = {"schema": _reference(request)} | ({} if example is None else {"example": example})
    refusals = {
        status: _answer(text, "application/json", _reference("Error")) for status, text in _REFUSALS.items()
    }
    return {
        "post": {
            "summary": summary,
            "requestBody": {"required": True, "content": {"application/json": content}},
            "responses": {"200": _answer("OK", "application/json", _reference(response))} | refusals,
        }
    }


def _answer(description: str, content_type: str, schema: Document) -> Document:
    return {"description": description, "content": {content_type: {"schema": schema}}}


def _reference(schema: str) -> Document:
    return {"$ref": f"#/components/schemas/{schema}"}
