"""Every child that the operator makes, judged by a real API server: schema, validation, Pod Security."""

import subprocess
from typing import Any

import pytest
import yaml

from holdfast_operator.manifests.metadata import Manifest
from tests.cluster.control_plane import ControlPlane
from tests.cluster.programs import program
from tests.integration.operator.conftest import kubectl
from tests.unit.operator.manifests.samples import every_child

pytestmark = pytest.mark.integration
ADDED = ("HTTPRoute", "PyTorchJob", "TrainJob", "Workflow")
"""Kinds of other projects, which are tried with their own definitions."""
CHILDREN = {name: child for name, child in every_child().items() if child["kind"] not in ADDED}
"""Of the kinds that every cluster has."""


def in_namespace(manifest: Manifest, namespace: str) -> dict[str, Any]:
    return {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}


@pytest.mark.parametrize("name", CHILDREN)
def test_child_is_accepted_strictly_and_without_a_warning(
    name: str, plane: ControlPlane, namespace: str
) -> None:
    kubectl(plane, "label", "namespace", namespace, "pod-security.kubernetes.io/warn=restricted")
    assert_accepted_strictly(CHILDREN[name], plane, namespace)


def assert_accepted_strictly(child: Manifest, plane: ControlPlane, namespace: str) -> None:
    command = [str(program("kubectl")), f"--kubeconfig={plane.kubeconfig}", "apply", "--server-side"]
    applied = subprocess.run(
        [*command, "--dry-run=server", "--validate=strict", "--filename=-"],
        input=yaml.safe_dump(in_namespace(child, namespace)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (applied.returncode, applied.stderr) == (0, "")
