"""A server that runs: started on its cores, asked until it answers, looked at, and ended at last."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.benchmarks.serving.machine import Cores, on_cores, process_tree, proportional_mib
from tests.benchmarks.serving.models import MODELS, Array
from tests.benchmarks.serving.requests import HEADER_LENGTH, InferBody, infer_body, outputs_of
from tests.benchmarks.serving.server_kinds import SOURCES, Place, ServerKind
from tests.integration.serving.server_process import free_port

START_SECONDS = 120
STOP_SECONDS = 15


class ServerFailed(Exception):  # noqa: N818 - says what happened
    """A server did not start or did not answer as it should."""


class RunningServer:
    """A started server; ``start_seconds`` is from process start to a good answer of each of its models."""

    def __init__(self, kind: ServerKind, process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
        self.kind = kind
        self.port = port
        self.start_seconds = 0.0
        self._process = process
        self._log = log
        self._url = f"http://127.0.0.1:{port}"

    def infer_url(self, model: str) -> str:
        return f"{self._url}/v2/models/{model}/infer"

    @property
    def metrics_url(self) -> str:
        return f"{self._url}/metrics"

    def processes(self) -> list[int]:
        return process_tree(self._process.pid)

    def memory_mib(self) -> list[float]:
        """Return the PSS of each process."""
        return [proportional_mib(pid) for pid in self.processes()]

    def ask(self, client: httpx.Client, model: str, body: InferBody) -> dict[str, Array]:
        """Return the outputs of an answer.

        Raises:
            ServerFailed: the answer was an error.
        """
        answer = client.post(self.infer_url(model), content=body.content, headers=body.headers)
        if answer.status_code != httpx.codes.OK:
            raise ServerFailed(f"{self.kind.name}: {answer.status_code} {answer.text[:300]}")
        header_bytes = answer.headers.get(HEADER_LENGTH)
        return outputs_of(answer.content, int(header_bytes) if header_bytes else None)

    def wait_until_it_answers(self, started: float) -> None:
        """Ask until each model has answered; a try takes what it takes, so the time is exact to 10 ms."""
        bodies = {
            name: infer_body(MODELS[name](), MODELS[name]().rows[:1], False) for name in self.kind.models
        }
        with httpx.Client(timeout=30, trust_env=False) as client:
            for model, body in bodies.items():
                while not self._answers(client, model, body):
                    if self._process.poll() is not None or time.monotonic() - started > START_SECONDS:
                        raise ServerFailed(f"{self.kind.name} did not start:\n{self._log_end()}")
                    time.sleep(0.01)
        self.start_seconds = time.monotonic() - started

    def settle(self, model: str, body: InferBody) -> None:
        """Wait until it has answered what the last clients left in its queues."""
        with httpx.Client(timeout=60, trust_env=False) as client:
            self.ask(client, model, body)

    def stop(self) -> None:
        """End it and everything that it started, gently at first."""
        children = self.processes()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for pid in children[1:]:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _answers(self, client: httpx.Client, model: str, body: InferBody) -> bool:
        try:
            self.ask(client, model, body)
        except (httpx.TransportError, ServerFailed):
            return False
        return True

    def _log_end(self) -> str:
        return self._log.read_text(errors="replace")[-2000:]


@contextmanager
def running(kind: ServerKind, models: Path, folder: Path, cores: Cores) -> Iterator[RunningServer]:
    """Run a server on the servers' cores until the block ends."""
    place = Place(models, folder / f"{kind.name}-{'-'.join(kind.models)}", free_port(), len(cores.servers))
    shutil.rmtree(place.folder, ignore_errors=True)
    command = kind.command(place)
    log = place.folder.with_suffix(".log")
    started = time.monotonic()
    with log.open("wb") as output:
        process = subprocess.Popen(
            on_cores(cores.servers, command.words),
            env={**os.environ, **command.variables},
            cwd=SOURCES,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    server = RunningServer(kind, process, place.port, log)
    try:
        server.wait_until_it_answers(started)
        yield server
    finally:
        server.stop()
