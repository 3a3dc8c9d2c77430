"""Builds the Go programs of the cluster from their modules into the cache, each set once per content."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.cluster.cache import cached, content_key, folder_parts
from tests.cluster.errors import ClusterError
from tests.cluster.progress import run_logged, step

SOURCES = Path(__file__).parent / "programs"
KUBERNETES_VERSION = "1.34.4"
_KUBERNETES_MINOR = 34


@dataclass(frozen=True)
class ProgramSet:
    """Programs that are built together from one go.mod.

    `packages` maps each program's file name to its Go package; `usual` is how long a cold build takes.
    """

    name: str
    title: str
    usual: str
    packages: Mapping[str, str]
    version_flags: str = ""

    @property
    def source(self) -> Path:
        """The folder with go.mod and go.sum."""
        return SOURCES / self.name

    def key(self) -> str:
        """Name of the set's folder in the cache."""
        described = f"{sorted(self.packages.items())} {self.version_flags}"
        parts = [described, *folder_parts(self.source, ("go.mod", "go.sum", "*.go"))]
        return f"{self.name}-{content_key(parts)}"


def _kubernetes_flags() -> str:
    """Return what upstream's own build stamps into the servers and, apart from them, into every client."""
    major, minor, _ = KUBERNETES_VERSION.split(".")
    stamps = {
        "gitVersion": f"v{KUBERNETES_VERSION}",
        "gitMajor": major,
        "gitMinor": minor,
        "gitCommit": "module",
    }
    packages = ("k8s.io/component-base/version", "k8s.io/client-go/pkg/version")
    return " ".join(f"-X {package}.{name}={value}" for package in packages for name, value in stamps.items())


_KUBERNETES_PROGRAMS = (
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubeadm",
    "kubectl",
    "kubelet",
)

SETS = (
    ProgramSet(
        "kubernetes",
        f"Kubernetes {KUBERNETES_VERSION}",
        "about 5 minutes on 2 cores",
        {program: f"k8s.io/kubernetes/cmd/{program}" for program in _KUBERNETES_PROGRAMS},
        _kubernetes_flags(),
    ),
    ProgramSet("etcd", "etcd 3.6.16", "about 30 seconds on 2 cores", {"etcd": "go.etcd.io/etcd/server/v3"}),
    ProgramSet(
        "helm",
        "Helm 4.3.1",
        "about 4 minutes on 2 cores",
        {"helm": "helm.sh/helm/v4/cmd/helm"},
        "-X helm.sh/helm/v4/internal/version.version=v4.3.1",
    ),
    ProgramSet(
        "kubeconform",
        "kubeconform 0.8.0",
        "about 10 seconds on 2 cores",
        {"kubeconform": "github.com/yannh/kubeconform/cmd/kubeconform"},
        "-X main.version=v0.8.0",
    ),
    ProgramSet(
        "versitygw",
        "versitygw 1.8.0",
        "about a minute on 2 cores",
        {"versitygw": "github.com/versity/versitygw/cmd/versitygw"},
        "-X main.Version=v1.8.0",
    ),
    ProgramSet("coredns", "CoreDNS 1.14.7", "about a minute on 2 cores", {"coredns": "."}),
    ProgramSet(
        "contour",
        "Contour 1.33.8",
        "about 2 minutes on 2 cores",
        {"contour": "github.com/projectcontour/contour/cmd/contour"},
    ),
    # Later ones embed a user interface that their module lacks.
    ProgramSet(
        "alertmanager",
        "Alertmanager 0.31.1",
        "about a minute on 2 cores",
        {"alertmanager": "github.com/prometheus/alertmanager/cmd/alertmanager"},
    ),
    ProgramSet(
        "training-operator",
        "Kubeflow's training operator 1.8.1",
        "about 2 minutes on 2 cores",
        {"training-operator": "."},
    ),
    ProgramSet("pause", "the pause program", "a second", {"pause": "."}),
    ProgramSet("lua-health", "Argo CD's Lua interpreter", "about 10 seconds on 2 cores", {"lua-health": "."}),
    ProgramSet("kind", "kind 0.33.0", "about 20 seconds on 2 cores", {"kind": "sigs.k8s.io/kind"}),
    ProgramSet(
        "kwok",
        "kwok 0.8.0",
        "about a minute on 2 cores",
        {"kwok": "sigs.k8s.io/kwok/cmd/kwok"},
        "-X sigs.k8s.io/kwok/pkg/consts.Version=v0.8.0",
    ),
)


def program(name: str) -> Path:
    """Return the path of a program that this repository pins, building its set if needed.

    Raises:
        ClusterError: Go is missing or too old, or the build failed.
        KeyError: no set builds a program of that name.
    """
    return program_set(_set_of(name).name) / name


def program_set(name: str) -> Path:
    """Return the folder with the programs of the set NAME, building it if needed."""
    wanted = next(each for each in SETS if each.name == name)
    return cached("programs", wanted.key(), lambda folder: _build(wanted, folder))


def client_program(name: str) -> Path:
    """Return kubectl, helm, kubeconform or kind: one on PATH if its version suits, else our own build."""
    for candidate in _on_path(name):
        if _SUITS[name](_version_of(candidate, name)):
            return candidate
    return program(name)


def _set_of(name: str) -> ProgramSet:
    for each in SETS:
        if name in each.packages:
            return each
    raise KeyError(name)


def _build(wanted: ProgramSet, folder: Path) -> None:
    _require_go(wanted)
    # The log is outside of the folder, so that a failed build can still be read.
    log = folder.parent / f"{wanted.name}.log"
    log.unlink(missing_ok=True)
    environment = os.environ | {"CGO_ENABLED": "0", "GOFLAGS": "-trimpath -buildvcs=false"}
    flags = f"-s -w {wanted.version_flags}".strip()
    command = ["nice", "go", "build", "-ldflags", flags, "-o", f"{folder}/"]
    with step(f"building {wanted.title} ({wanted.usual})"):
        run_logged([*command, *wanted.packages.values()], log, cwd=wanted.source, env=environment)
    for name, package in wanted.packages.items():
        built = folder / _default_name(package, name)
        built.rename(folder / name)


def _default_name(package: str, name: str) -> str:
    """Return the file name that `go build` gives: the last element of the path that is not a version."""
    if package == ".":
        return name
    elements = [part for part in package.split("/") if not re.fullmatch(r"v\d+", part)]
    return elements[-1]


def _require_go(wanted: ProgramSet) -> None:
    advice = f"Go {_newest_go()} or newer is needed; install it from https://go.dev/dl/ and put it on PATH"
    if shutil.which("go") is None:
        raise ClusterError(f"there is no `go` to build {wanted.title}: {advice}")
    # In the module's folder the go command itself compares, and fetches a newer toolchain where it may.
    asked = subprocess.run(["go", "version"], cwd=wanted.source, capture_output=True, text=True, check=False)
    if asked.returncode != 0:
        raise ClusterError(f"{asked.stderr.strip()}: {advice}")


def _newest_go() -> str:
    """Return the version that builds every set, so that nobody installs twice."""
    versions = [
        found.group(1)
        for each in SETS
        if (found := re.search(r"^go (\S+)$", (each.source / "go.mod").read_text(), re.MULTILINE))
    ]
    return max(versions, key=lambda version: [int(number) for number in version.split(".")])


def _on_path(name: str) -> Iterator[Path]:
    found = shutil.which(name)
    if found:
        yield Path(found)


def _version_of(candidate: Path, name: str) -> tuple[int, ...]:
    asked = subprocess.run([candidate, *_ASK[name]], capture_output=True, text=True, check=False)
    found = re.search(r"v(\d+)\.(\d+)\.(\d+)", asked.stdout)
    return tuple(int(number) for number in found.groups()) if found else (0, 0, 0)


_ASK = {
    "kubectl": ("version", "--client"),
    "helm": ("version", "--short"),
    "kubeconform": ("-v",),
    "kind": ("version",),
}

# kubectl: one minor version either side of the server, as Kubernetes promises.
_SUITS = {
    "kubectl": lambda version: version[0] == 1 and abs(version[1] - _KUBERNETES_MINOR) <= 1,
    "helm": lambda version: version >= (3, 18, 0),
    "kubeconform": lambda version: version >= (0, 6, 0),
    "kind": lambda version: version >= (0, 30, 0),
}
