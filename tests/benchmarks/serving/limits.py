"""The limit: ONNX Runtime in a loop in one process and thread, alone and between decoding and encoding.

    python -m tests.benchmarks.serving.limits SECONDS MODEL:ROWS …

Prints one line of JSON for each question and kind of codec. The codec is as short as can be (orjson, NumPy,
no checks); a server's answer costs that and HTTP.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson

from holdfast.onnx import Session
from tests.benchmarks.serving.machine import Cores, on_cores
from tests.benchmarks.serving.models import MODELS, Array, ServedModel
from tests.benchmarks.serving.requests import InferBody, infer_body
from tests.benchmarks.serving.scenarios import Question

REPOSITORY = Path(__file__).parents[3]
DATATYPES = {"float32": "FP32", "int64": "INT64"}


@dataclass(frozen=True)
class Limit:
    """Requests per second that one thread without HTTP answers: ``codec`` is run, json or binary."""

    model: str
    rows: int
    codec: str
    rate: float


def measured(questions: Iterable[Question], seconds: float, cores: Cores) -> list[Limit]:
    """Measure in a process of its own, on a server's core."""
    keys = dict.fromkeys(f"{each.model}:{each.rows}" for each in questions)
    command = [sys.executable, "-m", "tests.benchmarks.serving.limits", str(seconds), *keys]
    ended = subprocess.run(
        on_cores(cores.servers[:1], command), cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, check=True
    )
    return [Limit(**json.loads(line)) for line in ended.stdout.splitlines()]


def _limits(model: ServedModel, rows: int, seconds: float) -> Iterable[Limit]:
    session = Session.open(model.onnx, 1)
    inputs = model.rows[:rows]
    json_body, binary_body = (infer_body(model, inputs, binary) for binary in (False, True))
    steps: dict[str, Callable[[], object]] = {
        "run": lambda: session.run({model.input: inputs}),
        "json": lambda: _encode_json(session.run(_decode_json(json_body))),
        "binary": lambda: _encode_binary(session.run(_decode_binary(binary_body))),
    }
    for codec, step in steps.items():
        yield Limit(model.name, rows, codec, _rate(step, seconds))


def _decode_json(body: InferBody) -> dict[str, Array]:
    entries = orjson.loads(body.content)["inputs"]
    return {each["name"]: np.array(each["data"], np.float32).reshape(each["shape"]) for each in entries}


def _decode_binary(body: InferBody) -> dict[str, Array]:
    header = orjson.loads(memoryview(body.content)[: body.header_bytes])
    [entry] = header["inputs"]
    values = np.frombuffer(body.content, np.float32, offset=body.header_bytes or 0)
    return {entry["name"]: values.reshape(entry["shape"])}


def _encode_json(outputs: dict[str, Array]) -> bytes:
    documents = [{**_described(name, each), "data": each.ravel()} for name, each in outputs.items()]
    return orjson.dumps({"outputs": documents}, option=orjson.OPT_SERIALIZE_NUMPY)


def _encode_binary(outputs: dict[str, Array]) -> bytes:
    documents = [
        {**_described(name, each), "parameters": {"binary_data_size": each.nbytes}}
        for name, each in outputs.items()
    ]
    return b"".join([orjson.dumps({"outputs": documents}), *(each.tobytes() for each in outputs.values())])


def _described(name: str, tensor: Array) -> dict[str, object]:
    return {"name": name, "datatype": DATATYPES[tensor.dtype.name], "shape": tensor.shape}


def _rate(step: Callable[[], object], seconds: float) -> float:
    step()
    count, started = 0, time.perf_counter()
    while (elapsed := time.perf_counter() - started) < seconds:
        step()
        count += 1
    return count / elapsed


def main() -> None:
    """Measure what the command line names."""
    seconds, *keys = sys.argv[1:]
    for key in keys:
        name, _, rows = key.partition(":")
        for limit in _limits(MODELS[name](), int(rows), float(seconds)):
            sys.stdout.write(json.dumps(vars(limit)) + "\n")


if __name__ == "__main__":
    main()
