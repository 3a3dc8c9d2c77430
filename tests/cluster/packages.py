"""The operating system's packages that the node and the image builds need."""

import os
import shutil
import subprocess
from pathlib import Path

from tests.cluster.cache import cache_folder
from tests.cluster.errors import ClusterError
from tests.cluster.progress import run_logged, step

# Program that must be there -> Debian and Ubuntu package that brings it.
PACKAGES = {
    "buildah": "buildah",
    "conntrack": "conntrack",
    "containerd": "containerd",
    "debootstrap": "debootstrap",
    "ebtables": "ebtables",
    "ethtool": "ethtool",
    "ip": "iproute2",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "openssl": "openssl",
    "runc": "runc",
    "socat": "socat",
    "wrk": "wrk",
    "/usr/lib/cni/bridge": "containernetworking-plugins",
    "/usr/share/keyrings/debian-archive-keyring.gpg": "debian-archive-keyring",
}
NODE_PROGRAMS = (
    "conntrack",
    "containerd",
    "ebtables",
    "ethtool",
    "ip",
    "iptables",
    "nsenter",
    "runc",
    "socat",
    "/usr/lib/cni/bridge",
)
# Not all users' PATH has these, and the packages install there.
_SYSTEM_FOLDERS = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"


def require_programs(*programs: str) -> None:
    """See to it that PROGRAMS are installed: with apt-get when that is ours to do, else say what is missing.

    Raises:
        ClusterError: something is missing and cannot be installed from here.
    """
    missing = sorted({PACKAGES[program] for program in programs if not is_installed(program)})
    if not missing:
        return
    wanted = " ".join(missing)
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        raise ClusterError(f"missing packages: {wanted} (on Debian or Ubuntu: sudo apt-get install {wanted})")
    _install(missing)


def is_installed(program: str) -> bool:
    """Tell whether a program of PACKAGES is there."""
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:{_SYSTEM_FOLDERS}") is not None or (
        Path(program).is_absolute() and Path(program).exists()
    )


def _install(packages: list[str]) -> None:
    log = cache_folder() / "apt-get.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    log.unlink(missing_ok=True)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with step(f"installing {' '.join(packages)} (about 30 seconds)"):
        run_logged(["apt-get", "update", "--quiet"], log, env=environment)
        install = ["apt-get", "install", "--quiet", "--yes", "--no-install-recommends", *packages]
        run_logged(install, log, env=environment)
    _stop_system_services()


def _stop_system_services() -> None:
    """Stop the containerd that the package starts: the node runs its own, and this one was not asked for."""
    if Path("/run/systemd/system").exists():
        command = ["systemctl", "disable", "--now", "containerd.service"]
        subprocess.run(command, capture_output=True, check=False)
