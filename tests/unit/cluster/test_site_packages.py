"""The packages of an image are chosen for the image's Python, whatever runs the build."""

from pathlib import Path

import pytest

from tests.cluster.errors import ClusterError
from tests.cluster.site_packages import locked_requirements, site_packages

LOCK = """
# made by uv
numpy==2.4.6 ; python_full_version < '3.12' \\
    --hash=sha256:aa \\
    --hash=sha256:bb
    # via holdfast
numpy==2.5.5 ; python_full_version >= '3.12' \\
    --hash=sha256:cc
colorama==0.4.6 ; sys_platform == 'win32' \\
    --hash=sha256:dd
typing_extensions==4.16.0 \\
    --hash=sha256:ee
"""


def test_lines_of_other_interpreters_and_systems_are_left_out() -> None:
    assert dict(locked_requirements(LOCK)) == {
        "numpy": "numpy==2.4.6 --hash=sha256:aa --hash=sha256:bb",
        "typing-extensions": "typing_extensions==4.16.0 --hash=sha256:ee",
    }


def test_package_that_is_not_locked_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "some.lock"
    lock.write_text(LOCK)
    with pytest.raises(ClusterError, match="has no pandas"):
        site_packages(lock, only=["pandas", "numpy"])
