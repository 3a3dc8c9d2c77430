"""Runs the peers, each in the environment of its lock, on the same rows as everything else."""

import json
import os
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from tests.benchmarks.drift.traffic import Rows
from tests.cluster.python_environments import locked_python
from tests.cluster.site_packages import LOCKS

SOURCES: Final = Path(__file__).parent / "peers"
QUIET: Final = {
    # Two of them would report their use over the network.
    "DO_NOT_TRACK": "1",
    "NML_DISABLE_USAGE_LOGGING": "1",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "PYTHONWARNINGS": "ignore",
}


@dataclass(frozen=True)
class Peer:
    """A tool to compare with, and how many days of an unchanged stream it is given: slow ones get fewer."""

    name: str
    title: str
    null_days: int
    rules: tuple[str, ...]
    takes_windows: bool = True

    @property
    def looks(self) -> str:
        """How it looks at a stream of 60 rows a minute."""
        return "a look at each hour's 3,600 rows" if self.takes_windows else "its detectors together"


PEERS: Final = (
    Peer("evidently", "Evidently 0.7.23", 2, ("half of the columns", "any column")),
    Peer("nannyml", "NannyML 0.13.1", 3, ("half of the columns", "any column", "reconstruction error")),
    Peer("alibi", "Alibi Detect 0.13.0", 6, ("KS, Bonferroni 0.05",)),
    Peer("river", "river 0.26.1", 3, ("ADWIN, any column", "Page-Hinkley, any column"), takes_windows=False),
)


@dataclass(frozen=True)
class Job:
    """Rows to look at; a look is from row ``starts[i]`` to before row ``ends[i]`` of the live rows."""

    reference: Rows
    live: Rows
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of_equal_looks(cls, reference: Rows, live: Rows, rows: int) -> "Job":
        """Return a job of looks at so many rows each, one after the other."""
        ends = range(rows, len(live) + 1, rows)
        return cls(reference, live, [end - rows for end in ends], list(ends))


@dataclass(frozen=True)
class Answer:
    """Live rows after which each rule alarmed, and the CPU seconds that all looks took."""

    alarms: Mapping[str, Sequence[int]]
    seconds: float


def install_peers(peers: Iterable[Peer]) -> None:
    """Install the peers' environments."""
    for peer in peers:
        _python(peer)


def ask(peer: Peer, jobs: Mapping[str, Job]) -> dict[str, Answer]:
    """Return what a peer says of each job.

    Raises:
        RuntimeError: its program failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        paths = [_write(job, Path(folder, f"{name}.npz")) for name, job in jobs.items()]
        ended = subprocess.run(
            [_python(peer), "-B", SOURCES / f"{peer.name}_peer.py", *paths],
            env={**os.environ, **QUIET},
            capture_output=True,
            text=True,
            check=False,
        )
    if ended.returncode != 0:
        raise RuntimeError(f"{peer.title} failed:\n{ended.stderr[-2000:]}")
    return {name: Answer(**each) for name, each in json.loads(ended.stdout.splitlines()[-1]).items()}


def _write(job: Job, path: Path) -> Path:
    np.savez(path, reference=job.reference, live=job.live, starts=job.starts, ends=job.ends)
    return path


def _python(peer: Peer) -> Path:
    return locked_python(LOCKS / f"bench-drift-{peer.name}.lock")
