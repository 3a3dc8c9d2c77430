"""What Triton's clients ask of a server beyond the Open Inference Protocol: its models and their form."""

from collections.abc import Sequence
from typing import Any

from holdfast.results import TensorSignature
from holdfast.signature import Signature
from holdfast_serving.http.messages import Request, Response, json_response
from holdfast_serving.http.routes import Route, Routes, answering, get
from holdfast_serving.http.served_model import ServedModel


def triton_routes(model: ServedModel) -> Routes:
    """Return the routes of the model's configuration and of the index of models."""

    def on_configuration(_request: Request) -> Response:
        return json_response(model_configuration(model.name, model.plane.model))

    def on_index(_request: Request) -> Response:
        state = "READY" if model.ready else "UNAVAILABLE"
        return json_response([{"name": model.name, "version": model.revision, "state": state}])

    routes = {"/v2/repository/index": Route("POST", answering(on_index))}
    for path in model.paths():
        routes[f"{path}/config"] = get(on_configuration)
    return routes


def model_configuration(name: str, signature: Signature) -> dict[str, Any]:
    """Return the model in the form of Triton's ModelConfig; every dimension is said, none is a batch."""
    return {
        "name": name,
        "platform": "onnxruntime_onnx",
        "backend": "onnxruntime",
        "max_batch_size": 0,
        "input": _tensors(signature.inputs),
        "output": _tensors(signature.outputs),
    }


def _tensors(tensors: Sequence[TensorSignature]) -> list[dict[str, Any]]:
    return [
        {"name": each.name, "data_type": f"TYPE_{_type(each.datatype)}", "dims": each.shape}
        for each in tensors
    ]


def _type(datatype: str) -> str:
    return "STRING" if datatype == "BYTES" else datatype
