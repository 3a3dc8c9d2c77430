"""The side of KServe's InferenceGRPCClient: `ADDRESS KIND`, for a model ``identity``."""

import asyncio
import sys
from typing import Any

import grpc
from kserve import InferenceGRPCClient, InferInput, InferRequest
from kserve.protocol.infer_type import RequestedOutput

from tests.clients.programs.every_datatype import Array, equal, report, tensors

Tensors = dict[str, Array]


def request(sent: Tensors, *, raw: bool, model: str = "identity", outputs: bool = False) -> Any:
    """Return a request with raw or typed contents."""
    made = []
    for datatype, tensor in sent.items():
        if raw:
            made.append(InferInput(datatype.lower(), list(tensor.shape), datatype))
            made[-1].set_data_from_numpy(tensor)
        else:
            made.append(InferInput(datatype.lower(), list(tensor.shape), datatype, tensor.ravel().tolist()))
    wanted = [RequestedOutput(f"{name.lower()}_out") for name in reversed(sent)] if outputs else None
    return InferRequest(model, made, request_id="a1", request_outputs=wanted)


def changed(answer: Any, sent: Tensors) -> list[str]:
    received = {output.name: output for output in answer.outputs}
    return [
        name for name, each in sent.items() if not equal(received[f"{name.lower()}_out"].as_numpy(), each)
    ]


async def error_of(call: Any) -> list[str]:
    try:
        await call
    except grpc.aio.AioRpcError as error:
        return [error.code().name, str(error.details())]
    return []


async def answers(client: Any, sent: Tensors) -> dict[str, Any]:
    answer = await client.infer(request(sent, raw=True))
    chosen = await client.infer(request(sent, raw=True, outputs=True))
    found = {
        "id": answer.id,
        "model": [answer.model_name, answer.model_version],
        "raw": changed(answer, sent),
        "outputs asked for": changed(chosen, sent),
        "order": [output.name for output in chosen.outputs],
    }
    typed = {name: tensor for name, tensor in sent.items() if name != "FP16"}
    if len(typed) == len(sent):  # the protocol has no typed contents for FP16
        found["typed"] = changed(await client.infer(request(typed, raw=False)), typed)
    return found


async def main(address: str, kind: str) -> None:
    sent = tensors()
    if kind == "typed":
        del sent["FP16"]
    async with InferenceGRPCClient(address) as client:
        report(
            {
                "datatypes": list(sent),
                "answers": await answers(client, sent),
                "live": await client.is_server_live(),
                "ready": await client.is_server_ready(),
                "model ready": await client.is_model_ready("identity"),
                "unknown model's state": await error_of(client.is_model_ready("other")),
                "unknown model": await error_of(client.infer(request(sent, raw=True, model="other"))),
                "missing inputs": await error_of(client.infer(request({"FP32": sent["FP32"]}, raw=True))),
            }
        )


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
