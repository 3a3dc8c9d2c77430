"""Long-running programs with a log and a process id file, so that a later command can stop them."""

import contextlib
import os
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.progress import tail

POLL_SECONDS = 0.05
_STATE, _THREADS, _START_TIME = 0, 17, 19
"""Places of fields 3, 20 and 22 of proc_pid_stat(5) in what `_stat` returns."""


@dataclass(frozen=True)
class Daemon:
    """One started program."""

    name: str
    pid: int
    log: Path


def start_daemon(name: str, command: Sequence[str | Path], folder: Path) -> Daemon:
    """Start COMMAND in a session of its own; NAME.log and NAME.pid are written in FOLDER."""
    folder.mkdir(parents=True, exist_ok=True)
    log = folder / f"{name}.log"
    words = [str(word) for word in command]
    files = [
        (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
        (os.POSIX_SPAWN_OPEN, 1, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
        (os.POSIX_SPAWN_DUP2, 1, 2),
    ]
    # Not subprocess.Popen: that object complains when it is forgotten before its process has ended.
    pid = os.posix_spawnp(words[0], words, os.environ, file_actions=files, setsid=True)
    # The start time tells a recorded process from a later one that was given the same id.
    (folder / f"{name}.pid").write_text(f"{pid} {_start_time(pid)}\n")
    return Daemon(name, pid, log)


def wait_until(
    ready: Callable[[], bool], what: str, daemons: Sequence[Daemon], timeout_seconds: float
) -> None:
    """Poll READY until it is true.

    Raises:
        ClusterError: a daemon ended meanwhile, or TIMEOUT_SECONDS passed; the message carries its log's end.
    """
    deadline = time.monotonic() + timeout_seconds
    while not ready():
        for daemon in daemons:
            if not is_running(daemon.pid):
                raise ClusterError(f"{daemon.name} ended while waiting for {what}:\n{tail(daemon.log)}")
        if time.monotonic() > deadline:
            logs = "\n".join(f"-- {daemon.log}\n{tail(daemon.log, 5)}" for daemon in daemons)
            raise ClusterError(f"{what} not within {timeout_seconds:.0f} s\n{logs}")
        time.sleep(POLL_SECONDS)


def stop_recorded(folder: Path, grace_seconds: float = 5.0) -> None:
    """Stop every process recorded in FOLDER and forget it; those already gone do no harm."""
    records = sorted(folder.glob("*.pid"))
    pids = [pid for record in records if (pid := _recorded_pid(record)) is not None]
    stop_processes(pids, grace_seconds)
    for record in records:
        record.unlink(missing_ok=True)


def await_recorded(folder: Path, patience_seconds: float = 10.0) -> None:
    """Wait until every process recorded in FOLDER, which was to end by itself, has ended."""
    pids = [pid for record in folder.glob("*.pid") if (pid := _recorded_pid(record)) is not None]
    if not _all_gone(pids, patience_seconds):
        raise ClusterError(f"of the processes recorded in {folder}, some of {pids} do not end")


def stop_processes(pids: Sequence[int], grace_seconds: float = 5.0) -> None:
    """Ask each process to end, and end it after GRACE_SECONDS; returns when all are gone."""
    for number, patience in ((signal.SIGTERM, grace_seconds), (signal.SIGKILL, 10.0)):
        remaining = [pid for pid in pids if is_running(pid)]
        for pid in remaining:
            _send(pid, number)
        if _all_gone(remaining, patience):
            return
    raise ClusterError(f"processes {[pid for pid in pids if is_running(pid)]} cannot be ended")


def is_running(pid: int) -> bool:
    """Tell whether PID is a process that has not ended, reaping it when it was ours."""
    with contextlib.suppress(ChildProcessError):  # it was started by another process
        os.waitpid(pid, os.WNOHANG)
    fields = _stat(pid)
    if not fields or fields[_STATE] == "X":
        return False
    # A process whose first thread has ended looks like a zombie while its other threads still end; one that
    # is the first of a namespace ends the whole namespace in that time.
    return fields[_STATE] != "Z" or int(fields[_THREADS]) > 1


def _all_gone(pids: Sequence[int], patience_seconds: float) -> bool:
    deadline = time.monotonic() + patience_seconds
    while any(is_running(pid) for pid in pids):
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_SECONDS)
    return True


def _send(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):  # it ended meanwhile, which is what was wanted
        os.kill(pid, number)


def _recorded_pid(record: Path) -> int | None:
    pid, _, started = record.read_text().strip().partition(" ")
    if not pid.isdigit() or _start_time(int(pid)) != started:
        return None
    return int(pid)


def _stat(pid: int) -> list[str]:
    """Return the fields of /proc/PID/stat after the program's name, which may hold spaces."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return []


def _start_time(pid: int) -> str:
    fields = _stat(pid)
    return fields[_START_TIME] if fields else ""
