"""Time, memory and files of a server's processes, read from /proc, as if they were one process.

The start is that of the supervisor where there is one: what reads counters takes a later start for a reset,
and the counters outlive a worker. CPU time and memory are sums, and CPU time keeps that of workers that have
ended. Files are those of the worker with most, as each process has the limit for itself.
"""

import os
import resource
from pathlib import Path
from typing import Final

from holdfast.metrics import (
    OPEN_FILES,
    OPEN_FILES_LIMIT,
    PROCESS_CPU_SECONDS,
    PROCESS_START,
    RESIDENT_BYTES,
    VIRTUAL_BYTES,
    WORKERS,
)
from holdfast_serving.telemetry.metric_memory import MetricMemory
from holdfast_serving.telemetry.metric_store import MetricStore

_TICKS: Final = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES: Final = resource.getpagesize()
# Positions in /proc/PID/stat after the program's name, which may hold blanks itself; see proc(5).
_OWN_TICKS: Final = slice(11, 13)
_CHILDREN_TICKS: Final = slice(13, 15)
_START_TICKS: Final = 19
_VIRTUAL_BYTES: Final = 20
_RESIDENT_PAGES: Final = 21


class ProcessMetrics:
    """Reads the workers in shared memory and their supervisor, if they have one."""

    def __init__(self, memory: MetricMemory, supervisor: int | None, proc: Path = Path("/proc")) -> None:
        self._memory = memory
        self._supervisor = supervisor
        self._proc = proc
        self._start = self._start_seconds(supervisor or os.getpid())

    def declare(self, store: MetricStore) -> None:
        """Add the readings to what the store renders."""
        store.reading(PROCESS_START, {}, lambda: self._start)
        store.reading(PROCESS_CPU_SECONDS, {}, self.cpu_seconds)
        store.reading(RESIDENT_BYTES, {}, lambda: _PAGE_BYTES * self._sum(_RESIDENT_PAGES))
        store.reading(VIRTUAL_BYTES, {}, lambda: self._sum(_VIRTUAL_BYTES))
        store.reading(OPEN_FILES, {}, self.open_files)
        store.reading(OPEN_FILES_LIMIT, {}, lambda: resource.getrlimit(resource.RLIMIT_NOFILE)[0])
        store.reading(WORKERS, {}, lambda: len(self._memory.workers))

    def cpu_seconds(self) -> float:
        """Return the CPU time of all processes, those that have ended too."""
        ticks = sum(sum(self._stat(pid, _OWN_TICKS)) for pid in self._memory.workers)
        if self._supervisor is not None:
            ticks += sum(self._stat(self._supervisor, _OWN_TICKS))
            ticks += sum(self._stat(self._supervisor, _CHILDREN_TICKS))
        return ticks / _TICKS

    def open_files(self) -> int:
        """Return how many files the worker with most has open."""
        return max((self._files(pid) for pid in self._memory.workers), default=0)

    def _start_seconds(self, pid: int) -> float:
        """Return when a process started, in seconds since the epoch."""
        boot = next(
            int(line.split()[1])
            for line in (self._proc / "stat").read_text().splitlines()
            if line.startswith("btime ")
        )
        return boot + self._stat(pid, slice(_START_TICKS, _START_TICKS + 1))[0] / _TICKS

    def _sum(self, position: int) -> int:
        pids = [*self._memory.workers, *([self._supervisor] if self._supervisor else [])]
        return sum(sum(self._stat(pid, slice(position, position + 1))) for pid in pids)

    def _stat(self, pid: int, positions: slice) -> list[int]:
        """Return numbers of /proc/PID/stat; zeros when the process has just ended."""
        try:
            content = (self._proc / str(pid) / "stat").read_bytes()
        except OSError:
            return [0]
        return [int(number) for number in content.rpartition(b")")[2].split()[positions]]

    def _files(self, pid: int) -> int:
        try:
            return sum(1 for _ in (self._proc / str(pid) / "fd").iterdir())
        except OSError:
            return 0
