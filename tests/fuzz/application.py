"""Whole requests into the HTTP application over a real model: endpoints, and the data plane behind them."""

import asyncio
import gzip
import tempfile
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from holdfast.settings import ServerSettings
from holdfast_serving.http.endpoints import Application
from holdfast_serving.http.messages import Request, Response
from holdfast_serving.process.lifecycle import Lifecycle
from holdfast_serving.process.observed_model import load_observed_model
from holdfast_serving.telemetry.metric_store import MetricStore
from holdfast_serving.telemetry.request_metrics import Telemetry
from tests.fuzz.json_nodes import changed_node
from tests.fuzz.target import Target, Violation, kind_of
from tests.unit.serving.trained_models import TrainedModel, wine_columns_model

Array = NDArray[Any]
INFER = b"POST /v2/models/wine/infer"
V1 = b"POST /v1/models/wine:predict"
INSIDE = (b"Traceback", b'File "', b"holdfast_serving", b"site-packages", b"onnxruntime")
"""What no answer may show."""
TIMEOUT_SECONDS = 30
READ_PATHS = (
    *("/v2", "/v2/models", "/v2/models/wine", "/v2/models/wine/versions/wine-1", "/v2/models/wine/ready"),
    *("/v2/health/live", "/v2/health/ready", "/v1/models", "/v1/models/wine", "/metrics?name[]=x"),
)
TOKENS = (
    *(
        b"GET ",
        b"HEAD ",
        b"POST ",
        b"/v2/",
        b"/v1/",
        b"/models/",
        b"wine",
        b"/versions/",
        b"wine-1",
        b"/infer",
        b"?a=b",
    ),
    *(b"\n", b"\n\n", b"content-encoding: gzip\n", b"content-encoding: deflate\n", b"content-encoding: br\n"),
    *(
        b"inference-header-content-length: 0\n",
        b"inference-header-content-length: 150\n",
        b"null",
        b"[]",
        b"{}",
        b"-1",
    ),
    *(b'"alcohol"', b'"vintage"', b'"region"', b'"label"', b'"probabilities"', b'"instances"', b'"inputs"'),
)


def _model() -> TrainedModel:
    # One that fails at unknown regions would be asked about little else.
    return wine_columns_model(unknown_region="ignore")


class Server:
    """The application of one loaded model on an event loop that runs while a request is answered."""

    def __init__(self, folder: Path) -> None:
        package = _model().package(folder)
        settings = ServerSettings(
            model_name="wine",
            model_revision="wine-1",
            model_dir=str(package.folder),
            threads=1,
            max_body_bytes=64 * 1024,
        )
        telemetry = Telemetry(settings.model_name, settings.model_revision, MetricStore())
        lifecycle = Lifecycle()
        lifecycle.plane = load_observed_model(settings, telemetry)
        self._application = Application(settings, lifecycle, telemetry, "1")
        self._runner = asyncio.Runner()

    def answer(self, request: Request) -> Response:
        return self._runner.run(self._answer(request))

    async def _answer(self, request: Request) -> Response:
        answered: asyncio.Future[Response] = asyncio.get_running_loop().create_future()
        self._application.handle(request, answered.set_result)
        return await asyncio.wait_for(answered, TIMEOUT_SECONDS)


@cache
def _server() -> Server:
    # The model is loaded at once, so the folder need not stay.
    with tempfile.TemporaryDirectory() as folder:
        return Server(Path(folder))


def run(data: bytes, _random: Random) -> str:
    """Answer one request: a line of method and path, lines of headers, an empty line, the body."""
    response = _server().answer(request_of(data))
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    if not 200 <= response.status < 500 or any(each in body for each in INSIDE):
        raise Violation(f"{response.status}: {body[:300]!r}")
    if response.status == 200:
        return "200"
    return f"{response.status} {kind_of(str(orjson.loads(body)['error']))}"


def request_of(data: bytes) -> Request:
    """Return the request that an input describes; anything describes one."""
    head, _, body = data.partition(b"\n\n")
    first, *fields = head.split(b"\n")
    method, _, target = first.decode("latin-1").partition(" ")
    path, _, query = target.partition("?")
    headers = {}
    for field in fields:
        name, _, value = field.partition(b":")
        headers[name.strip().lower()] = value.strip()
    return Request(method, path, query, headers, body)


def seeds() -> list[bytes]:
    """Return valid requests for inference in every form, and for what can be read."""
    infer = orjson.dumps({"inputs": [_json_tensor(name, rows) for name, rows in _rows().items()]})
    some = orjson.dumps({"id": "a", "inputs": orjson.loads(infer)["inputs"], "outputs": [{"name": "label"}]})
    row = {name: rows[0].tolist() for name, rows in _rows().items()}
    return [
        *(f"GET {path}\n\n".encode() for path in READ_PATHS),
        *(INFER + b"\n\n" + body for body in (infer, some)),
        INFER + b"\ncontent-encoding: gzip\n\n" + gzip.compress(infer, mtime=0),
        _binary(),
        V1 + b"\n\n" + orjson.dumps({"instances": [row]}),
    ]


def changed_body(data: bytes, random: Random) -> bytes:
    """Change a value of a body that is JSON."""
    head, end, body = data.partition(b"\n\n")
    return head + end + changed_node(body, random)


def _rows() -> dict[str, Array]:
    return {name: rows[:2] for name, rows in _model().rows.items()}


def _json_tensor(name: str, rows: Array) -> dict[str, object]:
    datatype = {"float32": "FP32", "int64": "INT64", "object": "BYTES"}[rows.dtype.name]
    return {"name": name, "datatype": datatype, "shape": list(rows.shape), "data": rows.ravel().tolist()}


def _binary() -> bytes:
    entries, raw = [], b""
    for name, rows in _rows().items():
        content = _raw(rows)
        entry = {key: value for key, value in _json_tensor(name, rows).items() if key != "data"}
        entries.append({**entry, "parameters": {"binary_data_size": len(content)}})
        raw += content
    document = orjson.dumps({"inputs": entries, "parameters": {"binary_data_output": True}})
    header = b"\ninference-header-content-length: %d\n\n" % len(document)
    return INFER + header + document + raw


def _raw(rows: Array) -> bytes:
    if rows.dtype != np.object_:
        return rows.tobytes()
    return b"".join(len(each).to_bytes(4, "little") + each.encode() for each in rows.ravel().tolist())


TARGET = Target("http-application", run, seeds(), TOKENS, changed_body)
