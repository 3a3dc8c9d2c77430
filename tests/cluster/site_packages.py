"""Installs locked Python packages for an image on the host: building it needs no network and no pip."""

import platform
import re
import shutil
import sys
from collections.abc import Collection, Iterator
from pathlib import Path

from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.cluster.cache import cached, content_key
from tests.cluster.errors import ClusterError
from tests.cluster.progress import run_logged, step

REPOSITORY = Path(__file__).parents[2]
LOCKS = REPOSITORY / "requirements"
# The interpreter of the images (Debian bookworm and python:3.11-slim), not the one that runs this.
IMAGE_PYTHON = "3.11"
_NEWEST_GLIBC_MINOR = 36
_OLDEST_GLIBC_MINOR = 17
# What a running program never reads: a third of numpy, scipy, scikit-learn and pyarrow.
_LEFT_OUT = (
    "*/**/tests",
    "pyarrow/include",
    "pyarrow/src",
    "numpy/_core/include",
    "bin",
    "**/*.pyx",
    "**/*.pxd",
    "**/*.a",
)

_KEPT = frozenset({"evidently"})
"""Packages whose modules called tests are part of what they do."""


def site_packages(lock: Path, *, only: Collection[str] | None = None, without: Path | None = None) -> Path:
    """Return a folder with the packages of LOCK for the images' Python, installed once per content.

    ONLY keeps the named packages (for an image that adds a few to another one); WITHOUT leaves out those
    that another lock has as well. Dependencies are not looked up: the lock names them all.

    Raises:
        ClusterError: pip failed, or LOCK has no package of a name in ONLY.
    """
    entries = dict(locked_requirements(lock.read_text()))
    if without is not None:
        entries = _left_by(entries, dict(locked_requirements(without.read_text())))
    if only is not None:
        entries = _chosen(entries, only, lock)
    requirements = "\n".join(entries[name] for name in sorted(entries)) + "\n"
    key = content_key([requirements, IMAGE_PYTHON, *_platforms(), *_LEFT_OUT, *sorted(_KEPT & set(entries))])
    return cached(
        "site-packages", f"{lock.stem}-{key}", lambda folder: _install(requirements, lock.stem, folder)
    )


def locked_requirements(lock: str) -> Iterator[tuple[str, str]]:
    """Yield name and pip line (with hashes) of each requirement that applies to the images' Python.

    pip evaluates markers for the interpreter that runs it, so they are evaluated here and dropped.
    """
    environment = _image_environment()
    for logical_line in re.sub(r"\\\n\s*", " ", lock).splitlines():
        line = logical_line.partition(" #")[0].strip()
        if not line or line.startswith("#"):
            continue
        requirement_text, *hashes = re.split(r"\s+(?=--hash)", line)
        requirement = Requirement(requirement_text)
        if requirement.marker is None or requirement.marker.evaluate(environment):
            pinned = f"{requirement.name}{requirement.specifier}"
            yield canonicalize_name(requirement.name), " ".join([pinned, *hashes])


def _image_environment() -> dict[str, str]:
    environment = {name: str(value) for name, value in default_environment().items()}
    changed = {
        "python_version": IMAGE_PYTHON,
        "python_full_version": f"{IMAGE_PYTHON}.0",
        "implementation_name": "cpython",
        "platform_python_implementation": "CPython",
        "sys_platform": "linux",
        "platform_system": "Linux",
        "os_name": "posix",
    }
    return environment | changed


def _left_by(entries: dict[str, str], others: dict[str, str]) -> dict[str, str]:
    return {name: line for name, line in entries.items() if others.get(name) != line}


def _chosen(entries: dict[str, str], only: Collection[str], lock: Path) -> dict[str, str]:
    wanted = {canonicalize_name(name) for name in only}
    missing = wanted - set(entries)
    if missing:
        raise ClusterError(f"{lock} has no {', '.join(sorted(missing))}: run `make lock`")
    return {name: entries[name] for name in wanted}


def _platforms() -> list[str]:
    machine = platform.machine()
    # pip does not take an older glibc's wheels for a newer platform that is named, so all are named.
    minors = range(_NEWEST_GLIBC_MINOR, _OLDEST_GLIBC_MINOR - 1, -1)
    return [*(f"manylinux_2_{minor}_{machine}" for minor in minors), f"manylinux2014_{machine}"]


def _install(requirements: str, name: str, folder: Path) -> None:
    listed = folder.parent / f"{name}.txt"
    listed.write_text(requirements)
    log = folder.parent / f"{name}.log"
    log.unlink(missing_ok=True)
    command = [
        sys.executable,
        *("-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile", "--no-deps"),
        *("--require-hashes", "--only-binary=:all:", "--python-version", IMAGE_PYTHON),
        *("--implementation", "cp"),
        *(word for each in _platforms() for word in ("--platform", each)),
        *("--target", str(folder), "--requirement", str(listed)),
    ]
    with step(f"installing the Python packages of {name} (about a minute, less when pip has them)"):
        run_logged(command, log)
    _leave_out(folder)
    make_readable(folder)


def _leave_out(folder: Path) -> None:
    for pattern in _LEFT_OUT:
        for path in list(folder.glob(pattern)):
            if path.relative_to(folder).parts[0] in _KEPT:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)


def make_readable(folder: Path) -> None:
    """Give everybody the owner's right to read and enter: an image's user is not the one who built it."""
    for path in (folder, *folder.rglob("*")):
        if not path.is_symlink():
            mode = path.stat().st_mode
            path.chmod(mode | 0o444 | (0o111 if path.is_dir() or mode & 0o100 else 0))
