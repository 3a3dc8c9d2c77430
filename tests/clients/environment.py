"""An environment for each set of published clients, so that their dependencies do not meet ours.

A test runs a small program of the client's side there; it gets the server's address and prints JSON.
"""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

from tests.cluster.cache import cached, content_key
from tests.cluster.progress import run_logged, step
from tests.cluster.site_packages import LOCKS, REPOSITORY

CLIENTS: Final = ("triton", "kserve", "mlserver", "schemathesis", "openlineage")
DEADLINE_SECONDS: Final = 300


def client_python(client: str) -> Path:
    """Return the interpreter that has the packages of requirements/clients-CLIENT.lock and no others.

    Raises:
        ClusterError: they cannot be installed.
    """
    lock = LOCKS / f"clients-{client}.lock"
    key = content_key([lock.read_bytes(), sys.version])
    folder = cached("clients", f"{client}-{key}", lambda partial: _install(client, lock, partial))
    return folder / "bin" / "python"


def run_client(client: str, program: str, *arguments: str) -> Any:
    """Run tests/clients/programs/PROGRAM.py in the client's environment and return the JSON that it prints.

    Raises:
        AssertionError: it failed; with what it wrote on standard error.
    """
    ended = subprocess.run(
        [client_python(client), "-B", "-m", f"tests.clients.programs.{program}", *arguments],
        cwd=REPOSITORY,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS,
        check=False,
    )
    if ended.returncode != 0:
        raise AssertionError(f"{program} ended with {ended.returncode}:\n{ended.stdout}{ended.stderr}")
    return json.loads(ended.stdout)


def _install(client: str, lock: Path, folder: Path) -> None:
    log = folder.parent / f"{client}.log"
    log.unlink(missing_ok=True)
    with step(f"installing the published clients of {lock.name} (about a minute, less when pip has them)"):
        run_logged([sys.executable, "-m", "venv", "--without-pip", folder], log)
        run_logged(
            [
                *(sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet"),
                *("--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary=:all:"),
                *("--requirement", lock),
            ],
            log,
        )
