"""Load from wrk: clients that ask the same again as soon as they have the answer."""

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.serving.machine import Cores, ForeignLoad, cpu_seconds, on_cores
from tests.benchmarks.serving.requests import InferBody
from tests.benchmarks.serving.servers import RunningServer, ServerFailed

SCRIPT = Path(__file__).parent / "post.lua"
TIMEOUT = "30s"


@dataclass(frozen=True)
class Load:
    """What one run of wrk saw; ``cpu_us``: of the server, for a request; ``foreign``: cores of others."""

    rate: float
    p50_ms: float
    p95_ms: float
    p99_ms: float
    cpu_us: float
    foreign: float


class Generator:
    """Runs wrk on the load's cores, with bodies from files in ``folder``."""

    def __init__(self, cores: Cores, folder: Path) -> None:
        self._cores = cores
        self._folder = folder

    def infer(
        self, server: RunningServer, model: str, body: InferBody, connections: int, seconds: int
    ) -> Load:
        """Keep asking a model for so many seconds.

        Raises:
            ServerFailed: an answer was an error or a connection broke.
        """
        file = self._folder / "body"
        file.write_bytes(body.content)
        variables = {"BENCH_BODY": str(file), "BENCH_HEADER_BYTES": str(body.header_bytes or "")}
        return self._run(server, server.infer_url(model), variables, connections, seconds)

    def metrics(self, server: RunningServer, seconds: int) -> Load:
        """Keep scraping over one connection."""
        return self._run(server, server.metrics_url, {}, 1, seconds)

    def _run(
        self, server: RunningServer, url: str, variables: dict[str, str], connections: int, seconds: int
    ) -> Load:
        threads = min(connections, len(self._cores.load))
        wrk = ["wrk", f"-t{threads}", f"-c{connections}", f"-d{seconds}s", "--timeout", TIMEOUT]
        command = on_cores(self._cores.load, [*wrk, "-s", str(SCRIPT), url])
        processes, others = server.processes(), ForeignLoad()
        before = cpu_seconds(processes)
        ended = subprocess.run(
            command, env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
        used, foreign = cpu_seconds(processes) - before, others.cores()
        return _load_of(server.kind.name, ended.stdout + ended.stderr, used, foreign)


def _load_of(name: str, output: str, used: float, foreign: float) -> Load:
    line = next((each for each in output.splitlines() if each.startswith("RESULT ")), None)
    if line is None:
        raise ServerFailed(f"wrk against {name} gave no result: {output[-500:]}")
    result = json.loads(line.removeprefix("RESULT "))
    if result["refused"] or result["broken"] or not result["requests"]:
        raise ServerFailed(f"{name} under load: {line}")
    requests, seconds = result["requests"], result["seconds"]
    return Load(
        rate=requests / seconds,
        p50_ms=result["p50_ms"],
        p95_ms=result["p95_ms"],
        p99_ms=result["p99_ms"],
        cpu_us=used / requests * 1e6,
        foreign=foreign,
    )
