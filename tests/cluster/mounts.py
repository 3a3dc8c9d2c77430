"""Undoes the mounts below a folder, so that removing the folder removes nothing else."""

import shutil
import subprocess
from pathlib import Path

from tests.cluster.errors import ClusterError


def mounts_below(folder: Path) -> list[Path]:
    """Return the mount points in FOLDER, innermost first."""
    lines = Path("/proc/self/mounts").read_text().splitlines()
    # Blanks in a path are written as octal escapes in that file.
    points = [Path(line.split(" ")[1].encode().decode("unicode_escape")) for line in lines]
    below = [point for point in points if point.is_relative_to(folder)]
    return sorted(below, key=lambda point: len(point.parts), reverse=True)


def remove_tree(folder: Path) -> None:
    """Unmount what is mounted below FOLDER and remove it; a missing folder is fine.

    Raises:
        ClusterError: something below it cannot be unmounted, and so nothing was removed.
    """
    for point in mounts_below(folder):
        subprocess.run(["umount", "--lazy", str(point)], capture_output=True, check=False)
    remaining = mounts_below(folder)
    if remaining:
        raise ClusterError(f"cannot unmount {', '.join(map(str, remaining))}; {folder} is left as it is")
    shutil.rmtree(folder, ignore_errors=True)
