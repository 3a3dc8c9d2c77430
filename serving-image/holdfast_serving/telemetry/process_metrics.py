"""Time, memory and files of a server's processes, read from /proc, as if they were one process.

The start is that of the supervisor where there is one: what reads counters takes a later start for a reset,
and the counters outlive a worker. CPU time and memory are sums, and CPU time keeps that of workers that have
ended. Files are those of the worker with most, as each process has the limit for itself.
"""

import math
import os
import resource
from pathlib import Path
from time import monotonic
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
SCRAPE_SECONDS: Final = 0.05
# Positions in /proc/PID/stat after the program's name (which may hold blanks) and state; see proc(5).
_OWN_TICKS: Final = slice(10, 12)
_CHILDREN_TICKS: Final = slice(12, 14)
_START_TICKS: Final = 18
_VIRTUAL_BYTES: Final = 19
_RESIDENT_PAGES: Final = 20


class ProcessMetrics:
    """Reads the workers in shared memory and their supervisor, if they have one."""

    def __init__(self, memory: MetricMemory, supervisor: int | None, proc: Path = Path("/proc")) -> None:
        self._memory = memory
        self._supervisor = supervisor
        self._proc = proc
        self._read_at = -math.inf
        self._stats: dict[int, list[int]] = {}
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
        """Return numbers of /proc/PID/stat; none when the process has just ended.

        The kernel takes longer for them than all other metrics do, so one scrape asks once.
        """
        now = monotonic()
        if now - self._read_at > SCRAPE_SECONDS:
            self._read_at = now
            self._stats.clear()
        if pid not in self._stats:
            self._stats[pid] = self._read_stat(pid)
        return self._stats[pid][positions]

    def _read_stat(self, pid: int) -> list[int]:
        try:
            content = (self._proc / str(pid) / "stat").read_bytes()
        except OSError:
            return []
        return [int(number) for number in content.rpartition(b")")[2].split()[1:]]

    def _files(self, pid: int) -> int:
        try:
            return len(os.listdir(f"{self._proc}/{pid}/fd"))  # noqa: PTH208 - three times as fast
        except OSError:
            return 0
