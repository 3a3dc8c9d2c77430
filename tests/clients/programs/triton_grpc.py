"""The side of tritonclient over gRPC: `ADDRESS KIND`, for a model ``identity``; synchronous and asyncio."""

import asyncio
import queue
import sys
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import tritonclient.grpc as triton
import tritonclient.grpc.aio as triton_aio
from tritonclient.utils import InferenceServerException

from tests.clients.programs.every_datatype import Array, equal, report, tensors

MODEL = "identity"
Tensors = dict[str, Array]


def bfloat16() -> Tensors:
    values = [[1, -2.5], [3.140625, float("inf")], [float("nan"), 0]]
    return {"BF16": np.array(values, ml_dtypes.bfloat16)}


def inputs(sent: Tensors) -> list[Any]:
    made = []
    for datatype, tensor in sent.items():
        made.append(triton.InferInput(datatype.lower(), list(tensor.shape), datatype))
        made[-1].set_data_from_numpy(tensor)
    return made


def changed(answer: Any, sent: Tensors) -> list[str]:
    """Return the datatypes whose tensors did not come back as they were sent."""
    return [name for name, each in sent.items() if not equal(answer.as_numpy(f"{name.lower()}_out"), each)]


def error_of(call: Callable[[], Any]) -> list[str]:
    try:
        call()
    except InferenceServerException as error:
        return [str(error.status()), str(error.message())]
    return []


def in_the_background(client: Any, sent: Tensors) -> Any:
    answers: queue.Queue[tuple[Any, Any]] = queue.Queue()
    client.async_infer(MODEL, inputs(sent), callback=lambda result, error: answers.put((result, error)))
    answer, error = answers.get(timeout=60)
    if error is not None:
        raise error
    return answer


def synchronous(client: Any, sent: Tensors) -> dict[str, Any]:
    outputs = [triton.InferRequestedOutput(f"{datatype.lower()}_out") for datatype in sent]
    ways: dict[str, dict[str, Any]] = {
        "plain": {},
        "outputs asked for": {"outputs": outputs},
        "gzip": {"compression_algorithm": "gzip"},
        "version": {"model_version": "identity-1"},
        "parameters": {"parameters": {"mine": 1}, "priority": 1, "timeout": 10_000_000},
        "time limit": {"client_timeout": 60},
    }
    found = {way: changed(client.infer(MODEL, inputs(sent), **how), sent) for way, how in ways.items()}
    return found | {"in the background": changed(in_the_background(client, sent), sent)}


async def asynchronous(address: str, sent: Tensors) -> dict[str, Any]:
    async with triton_aio.InferenceServerClient(address) as client:
        answers = await asyncio.gather(*(client.infer(MODEL, inputs(sent)) for _ in range(20)))
        return {
            "changed": sorted({name for answer in answers for name in changed(answer, sent)}),
            "live": await client.is_server_live(),
            "metadata": await client.get_model_metadata(MODEL, as_json=True),
        }


def descriptions(client: Any) -> dict[str, Any]:
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model ready": client.is_model_ready(MODEL),
        "version ready": client.is_model_ready(MODEL, "identity-1"),
        "server": client.get_server_metadata(as_json=True),
        "model": client.get_model_metadata(MODEL, as_json=True),
        "version": client.get_model_metadata(MODEL, "identity-1", as_json=True),
    }


def errors(client: Any, sent: Tensors) -> dict[str, list[str]]:
    unknown = [triton.InferRequestedOutput("no")]
    classes = [triton.InferRequestedOutput(f"{next(iter(sent)).lower()}_out", class_count=3)]
    return {
        "missing inputs": error_of(lambda: client.infer(MODEL, inputs(sent)[:1])),
        "unknown model": error_of(lambda: client.infer("other", inputs(sent))),
        "unknown model's state": error_of(lambda: client.is_model_ready("other")),
        "unknown version": error_of(lambda: client.get_model_metadata(MODEL, "7")),
        "unknown output": error_of(lambda: client.infer(MODEL, inputs(sent), outputs=unknown)),
        "classes": error_of(lambda: client.infer(MODEL, inputs(sent), outputs=classes)),
        "Triton's configuration": error_of(lambda: client.get_model_config(MODEL)),
    }


def main(address: str, kind: str) -> None:
    sent = bfloat16() if kind == "BF16" else tensors()
    with triton.InferenceServerClient(address) as client:
        report(
            {
                "datatypes": list(sent),
                "id": client.infer(MODEL, inputs(sent), request_id="a1").get_response().id,
                "changed": synchronous(client, sent),
                "described": descriptions(client),
                "errors": errors(client, sent) if kind != "BF16" else {},
                "asyncio": asyncio.run(asynchronous(address, sent)),
            }
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
