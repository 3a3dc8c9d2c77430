"""A real server process for tests: started as in its container, stopped by SIGTERM."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from holdfast.settings import ContainerSettings, ServerSettings

COMMAND = (sys.executable, "-m", "holdfast_serving")
DEADLINE_SECONDS = 60


@dataclass
class ServerProcess:
    """A running server and where it listens."""

    process: "subprocess.Popen[bytes]"
    url: str
    log: Path

    def terminate(self) -> None:
        self.process.send_signal(signal.SIGTERM)

    def exit_code(self) -> int:
        return self.process.wait(DEADLINE_SECONDS)

    def wait_until_ready(self) -> None:
        """Ask for readiness until it is given; what a probe does."""
        for _ in range(DEADLINE_SECONDS * 20):
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended: {self.log.read_text()}")
            try:
                if httpx.get(f"{self.url}/v2/health/ready").status_code == 200:
                    return
            except httpx.TransportError:
                pass
            time.sleep(0.05)
        raise AssertionError(f"the server did not become ready: {self.log.read_text()}")


def environment(settings: ContainerSettings) -> dict[str, str]:
    """Return the environment that the operator would give to the container."""
    return {**os.environ, **{each["name"]: each["value"] for each in settings.to_env()}}


@contextmanager
def running_server(
    settings: ServerSettings, log: Path, prefix: Sequence[str] = ()
) -> Iterator[ServerProcess]:
    """Run a server, by the program ``prefix`` if one is given, and end it at last."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*prefix, *COMMAND, "serve"], env=environment(settings), stdout=output, stderr=output
        )
    server = ServerProcess(process, f"http://127.0.0.1:{settings.port}", log)
    try:
        yield server
    finally:
        process.kill()
        process.wait()


def run_command(
    command: str, settings: ContainerSettings, extra: Mapping[str, str] | None = None
) -> "subprocess.CompletedProcess[str]":
    """Run a sub-command to its end."""
    return subprocess.run(
        [*COMMAND, command],
        env={**environment(settings), **(extra or {})},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port
