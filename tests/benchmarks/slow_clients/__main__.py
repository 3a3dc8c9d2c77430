"""Measure ordinary clients alone, and beside 2,000 connections that send or read slowly.

    python -m tests.benchmarks.slow_clients [--slow 2000] [--rounds 3] [--seconds 12]

The 99th percentile beside them must be less than twice the one without.
"""

import argparse
import json
import resource
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from tests.benchmarks.serving.load import Generator, Load
from tests.benchmarks.serving.machine import Cores, described, on_cores
from tests.benchmarks.serving.models import trees
from tests.benchmarks.serving.requests import infer_body
from tests.benchmarks.serving.server_kinds import OURS, kinds
from tests.benchmarks.serving.servers import RunningServer, running
from tests.cluster.errors import ClusterError
from tests.cluster.packages import require_programs
from tests.cluster.progress import step
from tests.cluster.site_packages import REPOSITORY

CONNECTIONS = 16
MAX_RATIO = 2.0
SPARE_FILES = 500


@dataclass
class Comparison:
    """Ordinary clients without and beside the slow ones, and what the slow ones saw."""

    alone: list[Load] = field(default_factory=list)
    beside: list[Load] = field(default_factory=list)
    slow: list[dict[str, int]] = field(default_factory=list)

    @property
    def ratio(self) -> float:
        return median(each.p99_ms for each in self.beside) / median(each.p99_ms for each in self.alone)

    @property
    def met(self) -> bool:
        return self.ratio < MAX_RATIO

    def report(self) -> str:
        """Describe it for a person."""
        lines = [f"{'':24s} {'requests/s':>10s} {'p50 ms':>8s} {'p95 ms':>8s} {'p99 ms':>8s}"]
        for name, loads in (("alone", self.alone), ("beside slow connections", self.beside)):
            figures = [median(getattr(each, key) for each in loads) for key in ("p50_ms", "p95_ms", "p99_ms")]
            rate = median(each.rate for each in loads)
            lines.append(f"{name:24s} {rate:10.0f} " + " ".join(f"{each:8.3f}" for each in figures))
        fewest = min(each["fewest"] for each in self.slow)
        foreign = max(each.foreign for each in [*self.alone, *self.beside])
        lines += [
            f"slow connections: never fewer than {fewest} open; last round: {json.dumps(self.slow[-1])}",
            f"other work on the machine used {foreign:.2f} cores at most",
            f"p99 {self.ratio:.2f}x, wanted < {MAX_RATIO:g}x: {'met' if self.met else 'missed'}",
        ]
        return "\n".join(lines)


def allow_files(wanted: int) -> None:
    """Raise the limit of open files for this process and those that it starts.

    Raises:
        ClusterError: the system does not allow so many.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    unlimited = hard == resource.RLIM_INFINITY
    if not unlimited and hard < wanted:
        raise ClusterError(f"{wanted} open files are needed, and the limit is {hard}: ulimit -Hn")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


@contextmanager
def slow_connections(
    server: RunningServer, cores: Cores, count: int, interval: float, seen: list[dict[str, int]]
) -> Iterator[None]:
    """Hold slow connections while the block runs, and note what they saw."""
    module = "tests.benchmarks.slow_clients.connections"
    command = [sys.executable, "-m", module, str(server.port), str(count), str(interval)]
    with subprocess.Popen(
        on_cores(cores.load, command), cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            if process.stdout.readline() != b"open\n":
                raise ClusterError("the slow connections could not be opened")
            yield
            process.stdin.close()
            seen.append(json.loads(process.stdout.readline()))
        finally:
            process.kill()


def compare(count: int, rounds: int, seconds: int, interval: float) -> Comparison:
    """Measure in turns, so that a noisy machine disturbs both alike."""
    cores, comparison, model = Cores.share(1), Comparison(), trees()
    body = infer_body(model, model.rows[:1], binary=False)
    kind = next(each for each in kinds(1) if each.name == OURS and model.name in each.models)
    with tempfile.TemporaryDirectory() as folder, running(kind, Path(folder), Path(folder), cores) as server:
        generator = Generator(cores, Path(folder))
        generator.infer(server, model.name, body, CONNECTIONS, seconds=1)
        for number in range(rounds):
            with step(f"round {number + 1} of {rounds}: alone, then beside {count} slow connections"):
                load = generator.infer(server, model.name, body, CONNECTIONS, seconds)
                comparison.alone.append(load)
                with slow_connections(server, cores, count, interval, comparison.slow):
                    load = generator.infer(server, model.name, body, CONNECTIONS, seconds)
                    comparison.beside.append(load)
    return comparison


def main() -> int:
    """Return the exit code: 1 when the slow connections hurt the others."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--slow", type=int, default=2000, help="slow connections")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--seconds", type=int, default=12, help="duration of each; header deadlines pass meanwhile"
    )
    parser.add_argument("--interval", type=float, default=1, help="seconds between what a slow one does")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that the server is ended then too
    require_programs("wrk")
    allow_files(options.slow + SPARE_FILES)
    comparison = compare(options.slow, options.rounds, options.seconds, options.interval)
    sys.stdout.write(f"{described()}, {CONNECTIONS} ordinary connections\n{comparison.report()}\n")
    return 0 if comparison.met else 1


if __name__ == "__main__":
    sys.exit(main())
