"""Limits come from the cgroup of this process and those above it, in both versions of cgroups."""

import os
from pathlib import Path

import pytest

from holdfast_serving.process.container_limits import cpu_limit, memory_limit

CORES = len(os.sched_getaffinity(0))
POD = "sys/fs/cgroup/kubepods/pod1/container1"


def write(root: Path, files: dict[str, str]) -> None:
    for name, content in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(content)


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, CORES, id="no-cgroup-files"),
        pytest.param({"sys/fs/cgroup/cpu.max": "max 100000\n"}, CORES, id="no-quota"),
        pytest.param({"sys/fs/cgroup/cpu.max": "100000 100000\n"}, 1, id="one-cpu"),
        pytest.param({"sys/fs/cgroup/cpu.max": "20000 100000\n"}, 1, id="less-than-one"),
        pytest.param({"sys/fs/cgroup/cpu.max": "6400000 100000\n"}, min(CORES, 64), id="more-than-the-node"),
        pytest.param(
            {"proc/self/cgroup": "0::/kubepods/pod1/container1\n", f"{POD}/cpu.max": "100000 100000"},
            1,
            id="own-group",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "0::/kubepods/pod1/container1\n",
                f"{POD}/cpu.max": "max 100000",
                "sys/fs/cgroup/kubepods/cpu.max": "100000 100000",
            },
            1,
            id="group-above",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:memory:/pod1\n2:cpu,cpuacct:/pod1\n",
                "sys/fs/cgroup/cpu/pod1/cpu.cfs_quota_us": "150000",
                "sys/fs/cgroup/cpu/pod1/cpu.cfs_period_us": "100000",
            },
            1,
            id="version-1",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "2:cpu,cpuacct:/pod1\n",
                "sys/fs/cgroup/cpu/pod1/cpu.cfs_quota_us": "-1",
                "sys/fs/cgroup/cpu/pod1/cpu.cfs_period_us": "100000",
            },
            CORES,
            id="version-1-no-quota",
        ),
    ],
)
def test_quota_limits_the_threads(tmp_path: Path, files: dict[str, str], expected: int) -> None:
    write(tmp_path, files)
    assert cpu_limit(tmp_path) == expected


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        pytest.param({}, None, id="no-cgroup-files"),
        pytest.param({"sys/fs/cgroup/memory.max": "max\n"}, None, id="no-limit"),
        pytest.param({"sys/fs/cgroup/memory.max": "1073741824\n"}, 2**30, id="one-gibibyte"),
        pytest.param(
            {
                "proc/self/cgroup": "0::/kubepods/pod1/container1\n",
                f"{POD}/memory.max": "2147483648",
                "sys/fs/cgroup/kubepods/pod1/memory.max": "1073741824",
            },
            2**30,
            id="tightest-of-the-groups",
        ),
        pytest.param(
            {
                "proc/self/cgroup": "4:memory:/pod1\n2:cpu,cpuacct:/pod1\n",
                "sys/fs/cgroup/memory/pod1/memory.limit_in_bytes": "1073741824",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712",
            },
            2**30,
            id="version-1",
        ),
    ],
)
def test_memory_is_what_the_tightest_group_allows(
    tmp_path: Path, files: dict[str, str], expected: int | None
) -> None:
    write(tmp_path, files)
    assert memory_limit(tmp_path) == expected
