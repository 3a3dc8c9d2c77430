"""How many CPUs this container may use: its cgroup quota, not the node's cores."""

import math
import os
from collections.abc import Iterator
from pathlib import Path


def cpu_limit(root: Path = Path("/")) -> int:
    """Return the whole CPUs that the cgroup quota and the CPU affinity leave, at least 1.

    Fractions are dropped: a thread more than the quota pays for is throttled, which costs latency.
    ``root`` is the root of the file system to look in.
    """
    quotas = [quota for quota in _quotas(root) if quota is not None]
    return max(1, min([len(os.sched_getaffinity(0)), *(math.floor(quota) for quota in quotas)]))


def _quotas(root: Path) -> Iterator[float | None]:
    """Yield the quota in CPUs of this process's cgroup and of each above it; the tightest one binds."""
    memberships = _read(root / "proc/self/cgroup")
    for membership in (memberships or "0::/").splitlines():
        _, controllers, path = membership.split(":", 2)
        mount = root / "sys/fs/cgroup" / ("cpu" if controllers else "")
        if controllers and "cpu" not in controllers.split(","):
            continue
        folder = Path(path.lstrip("/"))
        for group in [folder, *folder.parents]:
            yield _quota_v1(mount / group) if controllers else _quota_v2(mount / group)


def _quota_v2(group: Path) -> float | None:
    words = (_read(group / "cpu.max") or "max 100000").split()
    return None if words[0] == "max" else int(words[0]) / int(words[1])


def _quota_v1(group: Path) -> float | None:
    quota, period = _read(group / "cpu.cfs_quota_us"), _read(group / "cpu.cfs_period_us")
    return None if quota is None or period is None or int(quota) <= 0 else int(quota) / int(period)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="ascii")
    except OSError:
        return None
