"""Long-running programs of the tests' clusters: when one counts as ended."""

import os
import signal
import sys
from pathlib import Path

from tests.cluster.processes import is_running, start_daemon, stop_processes

# Its first thread ends at once, without the rest of the process; the kernel shows it as a zombie then.
WITHOUT_FIRST_THREAD = """
import ctypes, threading, time
threading.Thread(target=time.sleep, args=(60,)).start()
ctypes.CDLL(None).pthread_exit(None)
"""


def shown_state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]


def test_process_whose_first_thread_has_ended_still_runs(tmp_path: Path) -> None:
    pid = start_daemon("threads", [sys.executable, "-c", WITHOUT_FIRST_THREAD], tmp_path).pid
    while shown_state(pid) != "Z":
        assert is_running(pid)
    assert is_running(pid)
    stop_processes([pid], grace_seconds=0)
    assert not is_running(pid)


def test_process_that_nobody_has_waited_for_has_ended(tmp_path: Path) -> None:
    pid = start_daemon("true", ["true"], tmp_path).pid
    os.waitid(os.P_PID, pid, os.WEXITED | os.WNOWAIT)
    assert shown_state(pid) == "Z"
    assert not is_running(pid)


def test_killed_process_has_ended(tmp_path: Path) -> None:
    pid = start_daemon("sleep", ["sleep", "60"], tmp_path).pid
    assert is_running(pid)
    os.kill(pid, signal.SIGKILL)
    stop_processes([pid], grace_seconds=0)
    assert not is_running(pid)
