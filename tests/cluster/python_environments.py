"""Virtual environments of locked packages that are not ours: each lock has one in the cache."""

import sys
from pathlib import Path

from tests.cluster.cache import cached, content_key
from tests.cluster.progress import run_logged, step


def locked_python(lock: Path) -> Path:
    """Return the interpreter of an environment that has the packages of LOCK and no others.

    Programs that packages bring start with the path that they were installed at, so run modules instead.

    Raises:
        ClusterError: they cannot be installed.
    """
    key = content_key([lock.read_bytes(), sys.version])
    folder = cached("environments", f"{lock.stem}-{key}", lambda partial: _install(lock, partial))
    return folder / "bin" / "python"


def _install(lock: Path, folder: Path) -> None:
    log = folder.parent / f"{lock.stem}.log"
    log.unlink(missing_ok=True)
    pip = [sys.executable, "-m", "pip", "--python", str(folder / "bin" / "python"), "install", "--quiet"]
    chosen = ["--disable-pip-version-check", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    with step(f"installing the packages of {lock.name} (about a minute, less when pip has them)"):
        run_logged([sys.executable, "-m", "venv", "--without-pip", folder], log)
        run_logged([*pip, *chosen, "--requirement", str(lock)], log)
