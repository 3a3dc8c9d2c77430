"""The control groups of one node's pods, on cgroup v1 (a hierarchy per controller) and v2 (one for all)."""

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.errors import ClusterError
from tests.cluster.processes import stop_processes

MOUNT = Path("/sys/fs/cgroup")
_V2_CONTROLLERS = ("cpu", "cpuset", "io", "memory", "pids")
_REMOVAL_SECONDS = 10.0


def make_cgroups(group: str) -> None:
    """Create GROUP (an absolute path in the hierarchies) wherever kubelet will look for it."""
    for hierarchy in _hierarchies():
        folder = hierarchy / group.lstrip("/")
        folder.mkdir(parents=True, exist_ok=True)
        if (hierarchy / "cgroup.controllers").exists():
            _delegate(hierarchy, folder)


def remove_cgroups(group: str) -> None:
    """End whatever still runs in GROUP and remove it with everything below; a missing one is fine.

    Raises:
        ClusterError: the kernel does not let go of it.
    """
    deadline = time.monotonic() + _REMOVAL_SECONDS
    for hierarchy in _hierarchies():
        folder = hierarchy / group.lstrip("/")
        while folder.exists():
            stop_processes(list(_processes(folder)), grace_seconds=0)
            _remove_below(folder)
            if folder.exists() and time.monotonic() > deadline:
                raise ClusterError(f"cannot remove the control group {folder}")
            if folder.exists():
                time.sleep(0.05)  # a process that was just ended leaves its group a moment later
        with contextlib.suppress(OSError):  # other nodes may still have groups there
            folder.parent.rmdir()


def _hierarchies() -> Iterator[Path]:
    """Yield the root of each mounted hierarchy: on v2 the only one, on v1 one per controller."""
    if (MOUNT / "cgroup.controllers").exists():
        yield MOUNT
        return
    for folder in sorted(MOUNT.iterdir()):
        if not folder.is_symlink() and (folder / "cgroup.procs").exists():
            yield folder


def _delegate(hierarchy: Path, folder: Path) -> None:
    """On v2 a group has only the controllers that each group above it hands down."""
    for group in (hierarchy, folder.parent, folder):
        for controller in _V2_CONTROLLERS:
            # On v1 machines `unified` has no controllers to hand down; kubelet says what it misses.
            with contextlib.suppress(OSError):
                (group / "cgroup.subtree_control").write_text(f"+{controller}")


def _processes(folder: Path) -> Iterator[int]:
    for listed in folder.rglob("cgroup.procs"):
        with contextlib.suppress(OSError):  # the group went meanwhile
            yield from (int(pid) for pid in listed.read_text().split())


def _remove_below(folder: Path) -> None:
    groups = [path for path in folder.rglob("*") if path.is_dir()]
    for group in sorted(groups, key=lambda path: len(path.parts), reverse=True):
        with contextlib.suppress(OSError):
            group.rmdir()
    with contextlib.suppress(OSError):
        folder.rmdir()
