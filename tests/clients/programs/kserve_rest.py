"""The side of KServe's InferenceRESTClient: `v2 URL` for a model ``identity``, `v1 URL` for ``wine``."""

import asyncio
import json
import sys
from typing import Any

from httpx import HTTPStatusError
from kserve import InferenceRESTClient, InferInput, InferRequest, RESTConfig
from kserve.protocol.infer_type import RequestedOutput

from tests.clients.programs.every_datatype import Array, equal, report, tensors, without_extremes

Tensors = dict[str, Array]


def request(sent: Tensors, *, binary: bool, each: bool = False) -> Any:
    """Return a request in raw bytes or in JSON; FP16 goes in raw bytes, as this client insists."""
    raw = {name for name in sent if binary or name == "FP16"}
    made = []
    for datatype, tensor in sent.items():
        made.append(InferInput(datatype.lower(), list(tensor.shape), datatype))
        made[-1].set_data_from_numpy(tensor, binary_data=datatype in raw)
    wanted = [RequestedOutput(f"{name.lower()}_out", {"binary_data": name in raw}) for name in sent]
    return InferRequest(
        model_name="identity",
        infer_inputs=made,
        request_id="a1",
        request_outputs=wanted if each else [],
        parameters={"binary_data_output": binary},
    )


def changed(answer: Any, sent: Tensors) -> list[str]:
    received = {output.name: output for output in answer.outputs}
    return [
        name for name, each in sent.items() if not equal(received[f"{name.lower()}_out"].as_numpy(), each)
    ]


async def error_of(client: Any, url: str, data: Any, model: str) -> list[str]:
    try:
        await client.infer(url, data, model_name=model)
    except HTTPStatusError as error:
        return [str(error.response.status_code), str(error)]
    return []


async def second_version(url: str) -> dict[str, Any]:
    client = InferenceRESTClient(RESTConfig(protocol="v2", timeout=60))
    sent = tensors()
    whole = without_extremes(sent)  # this client writes and reads NaN as Python's float does
    answer = await client.infer(url, request(whole, binary=True), model_name="identity")
    return {
        "datatypes": list(sent),
        "live": await client.is_server_live(url),
        "ready": await client.is_server_ready(url),
        "model ready": await client.is_model_ready(url, "identity"),
        "other model ready": await client.is_model_ready(url, "other"),
        "id": answer.id,
        "model": answer.model_name,
        "binary": changed(answer, whole),
        "binary by output": changed(
            await client.infer(url, request(whole, binary=True, each=True), model_name="identity"), whole
        ),
        "JSON": changed(
            await client.infer(url, request(whole, binary=False, each=True), model_name="identity"), whole
        ),
        "unknown model": await error_of(client, url, request(whole, binary=True), "other"),
    }


async def first_version(url: str, rows: list[Any]) -> dict[str, Any]:
    client = InferenceRESTClient(RESTConfig(protocol="v1", timeout=60))
    return {
        "live": await client.is_server_live(url),
        "model ready": await client.is_model_ready(url, "wine"),
        "instances": await client.infer(url, {"instances": rows}, model_name="wine"),
        "inputs": await client.infer(url, {"inputs": rows}, model_name="wine"),
        "unknown model": await error_of(client, url, {"instances": rows}, "other"),
        "wrong rows": await error_of(client, url, {"instances": [[1, 2]]}, "wine"),
    }


def main(version: str, url: str, *rows: str) -> None:
    report(asyncio.run(second_version(url) if version == "v2" else first_version(url, json.loads(rows[0]))))


if __name__ == "__main__":
    main(*sys.argv[1:])
