"""The control plane of the integration tests is a real API server that leaves nothing behind."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.cluster.control_plane import ControlPlane, control_plane
from tests.cluster.processes import is_running
from tests.cluster.programs import program

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def plane() -> Iterator[ControlPlane]:
    with control_plane() as running:
        yield running


def kubectl(plane: ControlPlane, *words: str, stdin: str = "") -> str:
    command = [str(program("kubectl")), f"--kubeconfig={plane.kubeconfig}", *words]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=True).stdout


def test_objects_are_written_and_read_back(plane: ControlPlane) -> None:
    kubectl(plane, "create", "configmap", "written", "--from-literal=key=value")
    read = json.loads(kubectl(plane, "get", "configmap", "written", "--output=json"))
    assert read["data"] == {"key": "value"}


def test_admission_policies_of_cluster_administrators_are_served(plane: ControlPlane) -> None:
    assert "ValidatingAdmissionPolicy" in kubectl(plane, "api-resources")


def test_audit_log_names_every_write(plane: ControlPlane) -> None:
    kubectl(plane, "create", "configmap", "audited")
    events = [json.loads(line) for line in plane.audit_log.read_text().splitlines()]
    written = [(event["verb"], event.get("objectRef", {}).get("name")) for event in events]
    assert ("create", "audited") in written


def test_two_run_at_once_and_nothing_is_left() -> None:
    with control_plane() as one, control_plane() as other:
        kubectl(one, "create", "namespace", "only-here")
        assert "only-here" not in kubectl(other, "get", "namespaces")
        pids = [int(record.read_text().split()[0]) for record in one.folder.glob("run/*.pid")]
        assert len(pids) == 2
    assert not one.folder.exists()
    assert not any(is_running(pid) for pid in pids)
