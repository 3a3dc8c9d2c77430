"""Prometheus and promtool: those on PATH, else of Debian's package, unpacked and not installed."""

import shutil
import subprocess
from pathlib import Path

from tests.cluster.cache import cached
from tests.cluster.errors import ClusterError
from tests.cluster.progress import run_logged, step

PACKAGE = "prometheus"


def promtool() -> Path:
    """Return the path of promtool.

    Raises:
        ClusterError: it is not on PATH, and there is no apt to get it from.
    """
    return _program("promtool")


def prometheus() -> Path:
    """Return the path of the server.

    Raises:
        ClusterError: as above.
    """
    return _program("prometheus")


def _program(name: str) -> Path:
    found = shutil.which(name)
    if found:
        return Path(found)
    return cached("programs", "promtool-debian", _unpack) / "usr" / "bin" / name


def _unpack(folder: Path) -> None:
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        raise ClusterError("promtool is missing: install Prometheus and put promtool on PATH")
    log = folder.parent / "promtool.log"
    with step("getting promtool from Debian's package prometheus (about 10 seconds)"):
        _download(folder, log)
        (package,) = folder.glob("*.deb")
        run_logged(["dpkg-deb", "--extract", package, folder], log)
        package.unlink()
    subprocess.run([folder / "usr" / "bin" / "promtool", "--version"], check=True, capture_output=True)


def _download(folder: Path, log: Path) -> None:
    download = ["apt-get", "download", PACKAGE]
    try:
        run_logged(download, log, cwd=folder)
    except ClusterError:
        # On a fresh machine apt does not know its packages yet.
        run_logged(["apt-get", "update"], log)
        run_logged(download, log, cwd=folder)
