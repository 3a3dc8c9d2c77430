"""The side of NVIDIA's tritonclient over HTTP: `URL`, for a model ``identity``; synchronous and asyncio."""

import asyncio
import sys
from collections.abc import Callable
from typing import Any

import ml_dtypes
import numpy as np
import tritonclient.http as triton
import tritonclient.http.aio as triton_aio
from tritonclient.utils import InferenceServerException

from tests.clients.programs.every_datatype import Array, equal, report, tensors, without_extremes

MODEL = "identity"
Tensors = dict[str, Array]


def bfloat16() -> Tensors:
    values = [[1, -2.5], [3.140625, float("inf")], [float("nan"), 0]]
    return {"BF16": np.array(values, ml_dtypes.bfloat16)}


def inputs(sent: Tensors, *, binary: bool) -> list[Any]:
    made = []
    for datatype, tensor in sent.items():
        made.append(triton.InferInput(datatype.lower(), list(tensor.shape), datatype))
        made[-1].set_data_from_numpy(tensor, binary_data=binary)
    return made


def outputs(sent: Tensors, *, binary: bool) -> list[Any]:
    return [triton.InferRequestedOutput(f"{datatype.lower()}_out", binary_data=binary) for datatype in sent]


def changed(answer: Any, sent: Tensors) -> list[str]:
    """Return the datatypes whose tensors did not come back as they were sent."""
    return [name for name, each in sent.items() if not equal(answer.as_numpy(f"{name.lower()}_out"), each)]


def error_of(call: Callable[[], Any]) -> list[str]:
    try:
        call()
    except InferenceServerException as error:
        return [str(error.status()), str(error.message())]
    return []


def synchronous(client: Any, sent: Tensors) -> dict[str, Any]:
    plain = without_extremes(sent)
    raw = inputs(sent, binary=True)

    def ask(given: list[Any], **options: Any) -> Any:
        return client.infer(MODEL, given, **options)

    found = {
        "binary": changed(ask(raw), sent),
        "binary in, binary asked for": changed(ask(raw, outputs=outputs(sent, binary=True)), sent),
        "gzip": changed(ask(raw, request_compression_algorithm="gzip"), sent),
        "deflate": changed(
            ask(raw, request_compression_algorithm="deflate", response_compression_algorithm="gzip"), sent
        ),
        "version": changed(ask(raw, model_version="identity-1"), sent),
        "in the background": changed(client.async_infer(MODEL, raw).get_result(), sent),
    }
    if "BF16" not in sent:  # this client sends it as raw bytes only
        json_only = inputs(plain, binary=False)
        found["JSON in"] = changed(ask(json_only), plain)
        found["JSON"] = changed(ask(json_only, outputs=outputs(plain, binary=False)), plain)
    found["JSON out"] = changed(ask(inputs(plain, binary=True), outputs=outputs(plain, binary=False)), plain)
    return found


async def asynchronous(url: str, sent: Tensors) -> dict[str, Any]:
    async with triton_aio.InferenceServerClient(url) as client:
        answers = await asyncio.gather(*(client.infer(MODEL, inputs(sent, binary=True)) for _ in range(20)))
        return {
            "asyncio": sorted({name for answer in answers for name in changed(answer, sent)}),
            "asyncio live": await client.is_server_live(),
            "asyncio metadata": await client.get_model_metadata(MODEL),
        }


def descriptions(client: Any) -> dict[str, Any]:
    return {
        "live": client.is_server_live(),
        "ready": client.is_server_ready(),
        "model ready": client.is_model_ready(MODEL),
        "version ready": client.is_model_ready(MODEL, "identity-1"),
        "other model ready": client.is_model_ready("other"),
        "server": client.get_server_metadata(),
        "model": client.get_model_metadata(MODEL),
        "version": client.get_model_metadata(MODEL, "identity-1"),
        "configuration": client.get_model_config(MODEL),
        "index": client.get_model_repository_index(),
    }


def errors(client: Any, sent: Tensors) -> dict[str, list[str]]:
    wrong = triton.InferInput("fp32", [1, 2], "FP32")
    wrong.set_data_from_numpy(np.ones((1, 2), np.float32))
    return {
        "missing inputs": error_of(lambda: client.infer(MODEL, [wrong])),
        "unknown model": error_of(lambda: client.infer("other", inputs(sent, binary=True))),
        "unknown output": error_of(
            lambda: client.infer(
                MODEL, inputs(sent, binary=True), outputs=[triton.InferRequestedOutput("no")]
            )
        ),
    }


def main(url: str, kind: str) -> None:
    sent = bfloat16() if kind == "BF16" else tensors()
    with triton.InferenceServerClient(url, concurrency=4, network_timeout=60) as client:
        answer = client.infer(MODEL, inputs(sent, binary=True), request_id="a1", parameters={"mine": 1})
        report(
            {
                "datatypes": list(sent),
                "id": answer.get_response()["id"],
                "changed": synchronous(client, sent),
                "described": descriptions(client),
                "errors": errors(client, sent),
                "asyncio": asyncio.run(asynchronous(url, sent)),
            }
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
