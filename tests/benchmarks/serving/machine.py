"""The machine: which cores serve and which ask, what a process tree uses, and what others use meanwhile."""

import os
import platform
import shutil
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cores:
    """CPU numbers of the servers and of the load."""

    servers: Sequence[int]
    load: Sequence[int]

    @classmethod
    def share(cls, workers: int) -> Self:
        """Give each worker a core and the load as many others, as far as there are others."""
        available = sorted(os.sched_getaffinity(0))
        servers = available[:workers]
        load = available[workers : 2 * workers] or servers
        return cls(servers, load)


def on_cores(cores: Sequence[int], command: Sequence[str]) -> list[str]:
    """Return the command that runs only on these cores."""
    if shutil.which("taskset") is None:
        return list(command)
    return ["taskset", "--cpu-list", ",".join(map(str, cores)), *command]


def process_tree(root: int) -> list[int]:
    """Return a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for pid, fields in _processes():
        children.setdefault(int(fields[1]), []).append(pid)
    found = [root]
    for pid in found:
        found.extend(children.get(pid, []))
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time of these processes, without that of children that have ended."""
    ticks = 0
    for pid in pids:
        fields = _stat(pid)
        if fields:
            ticks += int(fields[11]) + int(fields[12])
    return ticks / TICKS_PER_SECOND


def proportional_mib(pid: int) -> float:
    """Return a process's PSS: its own memory and its share of what it shares, in MiB."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024


class ForeignLoad:
    """How many cores others than this process and its children have used since this was made."""

    def __init__(self) -> None:
        self._since = time.monotonic()
        self._others = self._foreign_seconds()

    def cores(self) -> float:
        elapsed = time.monotonic() - self._since
        return max(0.0, (self._foreign_seconds() - self._others) / elapsed)

    def _foreign_seconds(self) -> float:
        fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]]
        idle, waiting = fields[3], fields[4]
        busy = (sum(fields[:8]) - idle - waiting) / TICKS_PER_SECOND
        own = os.times()
        ended = own.children_user + own.children_system
        return busy - cpu_seconds(process_tree(os.getpid())) - ended


def described() -> str:
    """Return the processor, the number of cores, the kernel and Python in words."""
    model = [
        line.partition(":")[2].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    processor = model[0] if model else platform.machine()
    return (
        f"{processor}, {os.cpu_count()} cores, Linux {platform.release()}, Python {platform.python_version()}"
    )


def _processes() -> Iterator[tuple[int, list[str]]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            yield int(entry.name), fields


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat from the state on (proc(5)'s 3rd), or none when it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []
