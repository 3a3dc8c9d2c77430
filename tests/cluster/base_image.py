"""A small Debian with Python, made from Debian's packages, for machines that reach no image registry."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from tests.cluster.cache import cached, content_key
from tests.cluster.image_build import Image, Recipe, build_image, docker_answers
from tests.cluster.mounts import remove_tree
from tests.cluster.packages import require_programs
from tests.cluster.progress import run_logged, step

PUBLIC_BASE = "docker.io/library/python:3.11-slim-bookworm"
_SUITE = "bookworm"
_INCLUDED = ("python3", "ca-certificates", "tzdata")
# Nothing in a running container installs, logs in, mounts or repairs file systems.
_PURGED = (
    "apt",
    "libapt-pkg6.0",
    "debian-archive-keyring",
    "gpgv",
    "e2fsprogs",
    "libext2fs2",
    "logsave",
    "adduser",
)
_EMPTIED = (
    "var/cache",
    "var/lib/apt",
    "var/log",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/info",
    "usr/share/locale",
    "usr/share/lintian",
    "usr/share/bash-completion",
)
_DOCKERFILE = "FROM scratch\nADD rootfs.tar /\nENV LANG=C.UTF-8\n"


def base_image() -> Image | str:
    """Return the base for Dockerfiles: $HOLDFAST_BASE_IMAGE, the public one for docker, else our own."""
    configured = os.environ.get("HOLDFAST_BASE_IMAGE")
    if configured:
        return configured
    return PUBLIC_BASE if docker_answers() else _own_base()


def _own_base() -> Image:
    key = content_key([_SUITE, *_INCLUDED, *_PURGED, *_EMPTIED, _DOCKERFILE])
    folder = cached("base", f"{_SUITE}-{key}", _bootstrap)
    return build_image(Recipe("base", folder / "Dockerfile", {"rootfs.tar": folder / "rootfs.tar"}))


def _bootstrap(folder: Path) -> None:
    require_programs("debootstrap", "/usr/share/keyrings/debian-archive-keyring.gpg")
    log = folder.parent / "debootstrap.log"
    log.unlink(missing_ok=True)
    root = Path(tempfile.mkdtemp(prefix=".rootfs-", dir=folder.parent))
    try:
        with step("making the base image from Debian packages (about 45 seconds)"):
            included = f"--include={','.join(_INCLUDED)}"
            run_logged(["debootstrap", "--variant=minbase", included, _SUITE, root], log)
            _trim(root, log)
            archive = folder / "rootfs.tar"
            run_logged(["tar", "--numeric-owner", "--sort=name", "-C", root, "-cf", archive, "."], log)
    finally:
        remove_tree(root)  # an interrupted debootstrap leaves /proc mounted there
    (folder / "Dockerfile").write_text(_DOCKERFILE)


def _trim(root: Path, log: Path) -> None:
    chroot = ["chroot", str(root)]
    forced = ["--force-depends", "--force-remove-essential", "--force-remove-protected"]
    run_logged([*chroot, "dpkg", "--purge", *forced, *_PURGED], log)
    for name in _EMPTIED:
        shutil.rmtree(root / name, ignore_errors=True)
        (root / name).mkdir(parents=True)
    for pattern in ("usr/lib/python3*/ensurepip", "usr/lib/python3*/**/__pycache__", "dev/*"):
        for path in list(root.glob(pattern)):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    # Debian ships the interpreter as python3 only; the public Python images have both names.
    (root / "usr/bin/python").symlink_to("python3")
    command = ["chroot", root, "python3", "-m", "compileall", "-q", "--invalidation-mode=unchecked-hash"]
    # Some files of the standard library's own test data are wrong on purpose, so the status says nothing.
    subprocess.run(
        [str(word) for word in [*command, "/usr/lib/python3.11"]], capture_output=True, check=False
    )
