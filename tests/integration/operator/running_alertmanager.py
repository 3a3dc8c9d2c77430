"""A real Alertmanager that posts to a receiver of alerts, and repeats itself every second."""

import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.cluster.control_plane import free_ports
from tests.cluster.programs import program

DEADLINE_SECONDS = 60.0


@dataclass(frozen=True)
class Alertmanager:
    """A running Alertmanager at a URL."""

    url: str

    def fire(self, **labels: str) -> None:
        """Report an alert, as Prometheus does."""
        httpx.post(f"{self.url}/api/v2/alerts", json=[{"labels": labels}]).raise_for_status()


@contextmanager
def running_alertmanager(folder: Path, receiver_url: str, token: Path) -> Iterator[Alertmanager]:
    """Post to the URL with the token in that file until the end of the block."""
    webhook = {
        "url": receiver_url,
        "http_config": {"authorization": {"credentials_file": str(token)}},
        "send_resolved": True,
    }
    settings = {
        "route": {
            "receiver": "holdfast",
            "group_by": ["namespace"],
            "group_wait": "100ms",
            "group_interval": "1s",
            "repeat_interval": "1s",
        },
        "receivers": [{"name": "holdfast", "webhook_configs": [webhook]}],
    }
    config = folder / "alertmanager.yml"
    config.write_text(json.dumps(settings))
    (port,) = free_ports(1)
    command = [
        str(program("alertmanager")),
        f"--config.file={config}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--cluster.listen-address=",
    ]
    log = folder / "alertmanager.log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        found = Alertmanager(f"http://127.0.0.1:{port}")
        _wait_until_ready(found, log)
        yield found
    finally:
        process.terminate()
        process.wait()


def _wait_until_ready(found: Alertmanager, log: Path) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        try:
            if httpx.get(f"{found.url}/-/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.1)
