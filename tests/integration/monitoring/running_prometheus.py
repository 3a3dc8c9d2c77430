"""A real Prometheus that scrapes servers of this machine, labelled as those of pods are."""

import json
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.integration.monitoring.programs import prometheus
from tests.integration.serving.server_process import free_port

NAMESPACE = "team"
DEADLINE_SECONDS = 60


@dataclass(frozen=True)
class Prometheus:
    """A running Prometheus at a URL."""

    url: str

    def ask(self, path: str, **query: str) -> bytes:
        """Return an answer of the API."""
        return httpx.get(f"{self.url}/api/v1/{path}", params=query).raise_for_status().content

    def wait_for(self, expression: str) -> None:
        """Wait until an expression has a value other than 0."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        while not any(float(each["value"][1]) for each in self._values(expression)):
            assert time.monotonic() < deadline, f"Prometheus never sees {expression}"
            time.sleep(0.1)

    def _values(self, expression: str) -> list[dict[str, tuple[float, str]]]:
        found: list[dict[str, tuple[float, str]]] = json.loads(self.ask("query", query=expression))["data"][
            "result"
        ]
        return found


@contextmanager
def running_prometheus(folder: Path, pods: Mapping[str, str]) -> Iterator[Prometheus]:
    """Scrape these servers (URL by name of the pod) every second until the end of the block."""
    targets = [
        {"targets": [url.removeprefix("http://")], "labels": {"namespace": NAMESPACE, "pod": pod}}
        for pod, url in pods.items()
    ]
    settings = {
        "global": {"scrape_interval": "1s"},
        "scrape_configs": [{"job_name": "models", "static_configs": targets}],
    }
    config = folder / "prometheus.yml"
    config.write_text(json.dumps(settings))
    address = f"127.0.0.1:{free_port()}"
    command = [
        str(prometheus()),
        f"--config.file={config}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address={address}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        found = Prometheus(f"http://{address}")
        _wait_until_ready(found, folder / "prometheus.log")
        yield found
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(found: Prometheus, log: Path) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            if httpx.get(f"{found.url}/-/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
