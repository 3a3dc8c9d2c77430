"""What this container may use: its cgroup's limits, not the node's cores and memory."""

import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path("/")
_UNLIMITED_BYTES: Final = 2**60
"""Version 1 of cgroups says "no limit" with a number near 2**63."""


def cpu_limit(root: Path = ROOT) -> int:
    """Return the whole CPUs that the cgroup quota and the CPU affinity leave, at least 1.

    Fractions are dropped: a thread more than the quota pays for is throttled, which costs latency.
    ``root`` is the root of the file system to look in.
    """
    quotas = [quota for group in _groups(root, "cpu") if (quota := _quota(group)) is not None]
    return max(1, min([len(os.sched_getaffinity(0)), *(math.floor(quota) for quota in quotas)]))


def memory_limit(root: Path = ROOT) -> int | None:
    """Return the bytes of memory that the cgroup allows, or None when it sets no limit."""
    limits = [_bytes(group) for group in _groups(root, "memory")]
    return min((limit for limit in limits if limit is not None), default=None)


def _groups(root: Path, controller: str) -> Iterator[Path]:
    """Yield the folder of this process's cgroup and of each above it; the tightest limit binds."""
    memberships = _read(root / "proc/self/cgroup")
    for membership in (memberships or "0::/").splitlines():
        _, controllers, path = membership.split(":", 2)
        if controllers and controller not in controllers.split(","):
            continue
        mount = root / "sys/fs/cgroup" / (controller if controllers else "")
        folder = Path(path.lstrip("/"))
        for group in [folder, *folder.parents]:
            yield mount / group


def _quota(group: Path) -> float | None:
    """Return the CPUs of a group in version 2 (one file) or 1 (two files) of cgroups."""
    words = (_read(group / "cpu.max") or "").split()
    if not words:
        words = [_read(group / f"cpu.cfs_{name}_us") or "-1" for name in ("quota", "period")]
    if words[0] == "max" or int(words[0]) <= 0:
        return None
    return int(words[0]) / int(words[1])


def _bytes(group: Path) -> int | None:
    text = (_read(group / "memory.max") or _read(group / "memory.limit_in_bytes") or "max").strip()
    return None if text == "max" or int(text) >= _UNLIMITED_BYTES else int(text)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return None
