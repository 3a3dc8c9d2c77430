"""MLServer's types and codecs: `URL` for a model ``identity``; its requests are sent, answers read."""

import sys
from http.client import HTTPConnection
from typing import Any

from mlserver.codecs import Base64Codec, NumpyCodec, StringCodec
from mlserver.types import (
    InferenceErrorResponse,
    InferenceRequest,
    InferenceResponse,
    MetadataModelResponse,
    MetadataServerResponse,
    RequestInput,
    RequestOutput,
)

from tests.clients.programs.every_datatype import Array, equal, report, tensors, without_extremes

Tensors = dict[str, Array]


def fetch(url: str, path: str, body: str | None = None) -> bytes:
    connection = HTTPConnection(url.removeprefix("http://"), timeout=60)
    try:
        method = "GET" if body is None else "POST"
        connection.request(method, path, body and body.encode(), {"content-type": "application/json"})
        return connection.getresponse().read()
    finally:
        connection.close()


def encoded(sent: Tensors, texts: Any) -> list[RequestInput]:
    made = []
    for datatype, tensor in sent.items():
        if datatype == "BYTES":
            elements = list(tensor.ravel())
            if texts is StringCodec:
                elements = [element.decode() for element in elements]
            entry = texts.encode_input("bytes", elements)
            entry.shape = list(tensor.shape)
        else:
            entry = NumpyCodec.encode_input(datatype.lower(), tensor)
        made.append(entry)
    return made


def decoded(output: Any) -> Any:
    return (
        StringCodec.decode_output(output) if output.name == "bytes_out" else NumpyCodec.decode_output(output)
    )


def changed(answer: InferenceResponse, sent: Tensors) -> list[str]:
    received = {output.name: decoded(output) for output in answer.outputs}
    texts = [text.decode() for text in sent["BYTES"].ravel()]
    return [
        name
        for name, tensor in sent.items()
        if (
            received["bytes_out"] != texts
            if name == "BYTES"
            else not equal(received[f"{name.lower()}_out"], tensor)
        )
    ]


def main(url: str) -> None:
    sent = without_extremes(tensors())
    infer = "/v2/models/identity/infer"

    def ask(texts: Any) -> InferenceResponse:
        request = InferenceRequest(id="a1", inputs=encoded(sent, texts))
        return InferenceResponse.model_validate_json(fetch(url, infer, request.model_dump_json()))

    answer = ask(StringCodec)
    chosen = InferenceRequest(inputs=encoded(sent, StringCodec), outputs=[RequestOutput(name="fp64_out")])
    error = InferenceErrorResponse.model_validate_json(
        fetch(url, infer, InferenceRequest(inputs=[]).model_dump_json())
    )
    report(
        {
            "datatypes": list(sent),
            "id": answer.id,
            "texts as they are": changed(answer, sent),
            "texts in base64": changed(ask(Base64Codec), sent),
            "chosen": [
                output.name
                for output in InferenceResponse.model_validate_json(
                    fetch(url, infer, chosen.model_dump_json())
                ).outputs
            ],
            "error": error.error,
            "server": MetadataServerResponse.model_validate_json(fetch(url, "/v2")).model_dump(),
            "model": MetadataModelResponse.model_validate_json(fetch(url, "/v2/models/identity")).model_dump(
                mode="json", exclude_none=True
            ),
        }
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
