"""Mount, network and process namespaces of one node: whatever happens, they end with their first process.

That is what makes the removal of a node complete: the kernel ends every process in it, with all mounts,
interfaces, routes and iptables rules that it made.
"""

import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.cluster.cache import cache_folder
from tests.cluster.errors import ClusterError
from tests.cluster.processes import Daemon, await_recorded, start_daemon, stop_processes, wait_until
from tests.cluster.programs import program

# The node gets a /run, a /var/log and a /var/lib of its own, because the paths of sockets, container logs and
# of what CNI remembers are fixed in its programs; of the host's /var/lib it sees the folders that are named.
# Mounts are shared within, because volumes with mount propagation ask for it, and private towards the host.
_PREPARE = """
set -e
mkdir -p "$1/var-log"
mount --bind "$1/var-log" /var/log
mount -t tmpfs -o mode=755 tmpfs /run
mkdir /run/host-lib
mount --rbind /var/lib /run/host-lib
mount -t tmpfs -o mode=755 tmpfs /var/lib
for path in "$@"; do
    case "$path" in /var/lib/*)
        mkdir -p "$path"
        mount --bind "/run/host-lib/${path#/var/lib/}" "$path"
    esac
done
umount --lazy /run/host-lib
rmdir /run/host-lib
mount --make-rshared /
echo 1 > /proc/sys/net/ipv4/ip_forward
"""


def start_namespace(folder: Path) -> int:
    """Make the namespaces of the node in FOLDER and return the id of their first process."""
    # The folder is an argument so that `init_pid` finds the process without a record that could be lost.
    first = [program("pause"), folder]
    isolation = ["--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation=private"]
    started = start_daemon("namespace", ["unshare", *isolation, "--mount-proc", "--", *first], folder / "run")
    wait_until(lambda: init_pid(folder) is not None, "the node's namespace", [started], 10)
    found = init_pid(folder)
    if found is None:
        raise ClusterError(f"the node's namespace ended; see {started.log}")
    _prepare(found, folder)
    return found


def enter(pid: int, command: Sequence[str | Path]) -> list[str | Path]:
    """Return COMMAND as it runs inside the namespaces of process PID."""
    # Not `ip netns exec`: that mounts /sys anew and hides the cgroups from kubelet.
    return ["nsenter", f"--target={pid}", "--mount", "--net", "--pid", "--", *command]


def start_inside(name: str, command: Sequence[str | Path], pid: int, folder: Path) -> Daemon:
    """Start a long-running program of the node in FOLDER inside the namespaces of process PID."""
    return start_daemon(name, enter(pid, command), folder / "run")


def stop_namespace(folder: Path) -> None:
    """End the namespaces of the node in FOLDER with everything in them; none there is fine."""
    stop_processes(list(_processes_named_after(folder)), grace_seconds=0)
    await_recorded(folder / "run")  # `nsenter` ends a moment after the program that it entered with


def init_pid(folder: Path) -> int | None:
    """Return the first process of the namespaces of the node in FOLDER."""
    paused = [pid for pid in _processes_named_after(folder) if _argv(pid)[0].endswith("/pause")]
    return paused[0] if paused else None


def _prepare(pid: int, folder: Path) -> None:
    seen = [folder, cache_folder()]
    command = [str(word) for word in enter(pid, ["sh", "-c", _PREPARE, "prepare", *seen])]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise ClusterError(f"cannot prepare the node's namespace: {ended.stderr.strip()}")


def _processes_named_after(folder: Path) -> Iterator[int]:
    """Yield `unshare … pause FOLDER` and its child `pause FOLDER`, in whatever order."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            argv = _argv(int(entry.name))
            if len(argv) >= 2 and argv[-2].endswith("/pause") and argv[-1] == str(folder):
                yield int(entry.name)


def _argv(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").rstrip("\0").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return [""]
