"""How fast the server answers, beside what ONNX Runtime alone could do in the same run.

    python -m tests.benchmarks.serving [--seconds 2] [--rounds 3]

Closed loop, V2 JSON, boosted trees (100 of depth 3, 30 features) on the breast-cancer rows, one server
process. The load comes from this process, so the server has a core of its own where there are two. Believe
ratios of one run.
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import cast
from urllib.parse import urlsplit

import numpy as np
import orjson
import uvloop

from holdfast.settings import ServerSettings
from holdfast_serving.http.v2_json import decode_request, encode_response
from holdfast_serving.inference.data_plane import InferenceResponse
from tests.integration.serving.server_process import free_port, running_server
from tests.unit.serving.trained_models import cancer_model

ROWS = (1, 32)
CONNECTIONS = (1, 16, 64)


@dataclass
class Measurement:
    """Requests per second of each round, and the seconds that each request took."""

    rates: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)

    def add(self, seconds: list[float], elapsed: float) -> None:
        self.rates.append(len(seconds) / elapsed)
        self.seconds += seconds

    def line(self, name: str) -> str:
        p50, p95, p99 = np.percentile(self.seconds, [50, 95, 99]) * 1e3
        return f"{name:34s} {median(self.rates):9.0f} {p50:9.3f} {p95:9.3f} {p99:9.3f}"


class Connection(asyncio.Protocol):
    """Sends the next request when the last answer is whole; all answers are as long as the first."""

    def __init__(self, request: bytes, seconds: list[float], until: float) -> None:
        self.closed = asyncio.get_running_loop().create_future()
        self._request = request
        self._seconds = seconds
        self._until = until
        self._first = b""
        self._answer_bytes = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one without saying so
        self._send()

    def data_received(self, data: bytes) -> None:
        if not self._answer_bytes:
            self._first += data
            self._answer_bytes = answer_bytes(self._first)
        self._received += len(data)
        if not self._answer_bytes or self._received < self._answer_bytes:
            return
        now = time.perf_counter()
        self._seconds.append(now - self._sent)
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.closed.set_result(exc)

    def _send(self) -> None:
        self._received = 0
        self._sent = time.perf_counter()
        self._transport.write(self._request)


def answer_bytes(received: bytes) -> int:
    """Return the length of the whole answer, or 0 while its head is incomplete."""
    head, end, _ = received.partition(b"\r\n\r\n")
    if not end:
        return 0
    if not head.startswith(b"HTTP/1.1 200 "):
        raise SystemExit(f"the server answered: {received.decode()}")
    length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    return len(head) + len(end) + int(length.partition(b":")[2])


async def load(url: str, body: bytes, connections: int, seconds: float) -> list[float]:
    """Keep ``connections`` busy for ``seconds``; return how long each request took."""
    address = urlsplit(url)
    head = f"POST /v2/models/cancer/infer HTTP/1.1\r\nhost: bench\r\ncontent-length: {len(body)}\r\n\r\n"
    taken: list[float] = []
    loop = asyncio.get_running_loop()
    until = time.perf_counter() + seconds
    opened = [
        await loop.create_connection(
            lambda: Connection(head.encode() + body, taken, until),
            str(address.hostname),
            int(str(address.port)),
        )
        for _ in range(connections)
    ]
    await asyncio.gather(*(connection.closed for _, connection in opened))
    return taken


def repeat(step: Callable[[], object], seconds: float) -> list[float]:
    """Repeat ``step`` for ``seconds``; return how long each took."""
    taken: list[float] = []
    until = time.perf_counter() + seconds
    while (started := time.perf_counter()) < until:
        step()
        taken.append(time.perf_counter() - started)
    return taken


def request_body(rows: int) -> bytes:
    tensor = cancer_model().rows["X"][:rows]
    document = {"name": "X", "datatype": "FP32", "shape": tensor.shape, "data": tensor.ravel().tolist()}
    return orjson.dumps({"inputs": [document]})


def measure_limits(results: dict[str, Measurement], rows: int, seconds: float) -> None:
    """Measure ONNX Runtime alone, and with V2 JSON on both sides, in this process."""
    session = cancer_model().session()
    inputs = {"X": cancer_model().rows["X"][:rows]}
    outputs = [(each, session.run(inputs)[each.name]) for each in session.signature.outputs]
    body = request_body(rows)

    def through_json() -> None:
        session.run(decode_request(body).inference.inputs)
        encode_response(InferenceResponse(outputs), "cancer", "cancer-1")

    for name, step in (("ONNX Runtime", lambda: session.run(inputs)), ("with V2 JSON", through_json)):
        taken = repeat(step, seconds)
        results.setdefault(f"in process, {name}, {rows} rows", Measurement()).add(taken, seconds)


def measure_server(results: dict[str, Measurement], url: str, rows: int, seconds: float) -> None:
    """Measure the server over HTTP, with few and many connections."""
    body = request_body(rows)
    for connections in CONNECTIONS:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            taken = runner.run(load(url, body, connections, seconds))
        name = f"server, {rows} rows, {connections} connections"
        results.setdefault(name, Measurement()).add(taken, seconds)


def measure(folder: Path, rounds: int, seconds: float) -> dict[str, Measurement]:
    """Measure everything ``rounds`` times, interleaved, so that a noisy machine disturbs all alike."""
    settings = ServerSettings(
        model_name="cancer",
        model_revision="cancer-1",
        model_dir=str(cancer_model().package(folder / "package").folder),
        port=free_port(),
        threads=1,
        drain_seconds=0,
    )
    results: dict[str, Measurement] = {}
    with running_server(settings, folder / "log") as server:
        server.wait_until_ready()
        for _ in range(rounds):
            for rows in ROWS:
                measure_limits(results, rows, seconds)
                measure_server(results, server.url, rows, seconds)
    return results


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=2, help="duration of each measurement")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    options = parser.parse_args()
    duration = options.rounds * options.seconds * len(ROWS) * (2 + len(CONNECTIONS))
    print(f"measuring the server for about {duration:.0f} s")  # noqa: T201 - what the user came for
    with tempfile.TemporaryDirectory() as folder:
        results = measure(Path(folder), options.rounds, options.seconds)
    lines = [measurement.line(name) for name, measurement in results.items()]
    heading = f"{'latencies in ms':34s} {'requests/s':>9s} {'p50':>9s} {'p95':>9s} {'p99':>9s}"
    print("\n".join([heading, *lines]))  # noqa: T201 - what the user came for


if __name__ == "__main__":
    main()
