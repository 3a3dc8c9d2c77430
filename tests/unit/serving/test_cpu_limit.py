"""The CPU limit comes from the cgroup quota of this process, in both versions of cgroups."""

import os
from pathlib import Path

import pytest
from holdfast_serving.cpu_limit import cpu_limit

CORES = len(os.sched_getaffinity(0))
POD = "sys/fs/cgroup/kubepods/pod1/container1"


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
    for name, content in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    assert cpu_limit(tmp_path) == expected
