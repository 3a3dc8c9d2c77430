"""The commands against a real API server: what they read and write, and what they say when it goes wrong."""

import json
from pathlib import Path

import pytest
import yaml

from tests.cluster.control_plane import ControlPlane, control_plane, free_ports
from tests.integration.api.kubectl import Kubectl
from tests.unit.cli.invocation import Run
from tests.unit.cli.objects import EARLIER, Object, condition, model_deployment, retrain_policy, retrain_run

pytestmark = pytest.mark.integration

PINNED = "holdfast.dev/pinned-revision"


def store(kubectl: Kubectl, *objects: Object) -> None:
    """Create objects with their status, as they would be with an operator."""
    for each in objects:
        metadata = {"name": each["metadata"]["name"], "namespace": kubectl.namespace}
        kubectl.ok("create", "--filename=-", given={**each, "metadata": metadata})
        kubectl.ok(
            "patch",
            each["kind"].lower(),
            metadata["name"],
            "--subresource=status",
            "--type=merge",
            f"--patch={json.dumps({'status': each['status']})}",
        )


@pytest.fixture
def bikes(namespace: Kubectl) -> Kubectl:
    store(namespace, model_deployment(), retrain_policy(), retrain_run(conditions=[condition("Promoted")]))
    return namespace


def test_status_shows_the_tree(bikes: Kubectl, run: Run) -> None:
    answer = run("status", "bikes", "-n", bikes.namespace)
    assert answer.code == 0
    assert f"bikes  Ready  2/2 pods  http://bikes.ml.svc  in {bikes.namespace}" in answer.out
    assert "✔ Promoted  bikes-drift-1a2b3c4d5e" in answer.out


def test_status_of_all_namespaces_finds_the_model(bikes: Kubectl, run: Run) -> None:
    assert any(line.startswith(bikes.namespace) for line in run("status", "-A").out.splitlines())


def test_the_namespace_of_the_context_is_the_default(bikes: Kubectl, run: Run, tmp_path: Path) -> None:
    content = yaml.safe_load(bikes.kubeconfig.read_text())
    content["contexts"].append(
        {"name": "mine", "context": {**content["contexts"][0]["context"], "namespace": bikes.namespace}}
    )
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(content))
    assert run("status", "bikes", "--kubeconfig", str(kubeconfig), "--context", "mine").code == 0
    assert run("status", "bikes", "--kubeconfig", str(kubeconfig)).code == 4


def test_retrain_creates_a_run_that_the_api_server_accepts(bikes: Kubectl, run: Run) -> None:
    answer = run("retrain", "bikes", "--reason", "new sensors", "-n", bikes.namespace, "-o", "json")
    assert answer.code == 0, answer.err
    created = bikes.read("retrainrun", json.loads(answer.out)["metadata"]["name"])
    assert created["metadata"]["name"].startswith("bikes-drift-manual-")
    assert created["spec"]["trigger"] == {"type": "Manual", "reason": "new sensors"}


def test_rollback_sets_and_clears_the_annotation(bikes: Kubectl, run: Run) -> None:
    assert run("rollback", "bikes", "-n", bikes.namespace).code == 0
    held = bikes.read("modeldeployment", "bikes")
    assert held["metadata"]["annotations"][PINNED] == EARLIER["name"]
    assert run("rollback", "bikes", "--clear", "-n", bikes.namespace).code == 0
    released = bikes.read("modeldeployment", "bikes")
    assert PINNED not in released["metadata"].get("annotations", {})
    assert released["metadata"]["generation"] == held["metadata"]["generation"]


def test_an_absent_model_is_named_with_its_namespace(namespace: Kubectl, run: Run) -> None:
    answer = run("status", "nothing", "-n", namespace.namespace)
    assert answer.code == 4
    assert f"ModelDeployment 'nothing' does not exist in the namespace '{namespace.namespace}'" in answer.err


def test_what_is_not_allowed_is_said_with_the_remedy(bikes: Kubectl, run: Run, tmp_path: Path) -> None:
    bikes.ok("create", "serviceaccount", "viewer")
    token = bikes.ok("create", "token", "viewer").strip()
    content = yaml.safe_load(bikes.kubeconfig.read_text())
    content["users"] = [{"name": each["name"], "user": {"token": token}} for each in content["users"]]
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(content))
    answer = run("status", "bikes", "-n", bikes.namespace, "--kubeconfig", str(kubeconfig))
    assert answer.code == 3
    assert "not allowed: modeldeployments.holdfast.dev" in answer.err
    assert "Ask for the role" in answer.err


def test_a_cluster_without_holdfast_says_how_to_install_it(run: Run) -> None:
    with control_plane() as bare:
        answer = run("status", "--kubeconfig", str(bare.kubeconfig))
    assert answer.code == 3
    assert "does not know the kind ModelDeployment" in answer.err
    assert "helm install" in answer.err


def test_a_cluster_that_is_down_is_named(api_server: ControlPlane, run: Run, tmp_path: Path) -> None:
    content = yaml.safe_load(api_server.kubeconfig.read_text())
    (port,) = free_ports(1)
    for each in content["clusters"]:
        each["cluster"]["server"] = f"https://127.0.0.1:{port}"
    kubeconfig = tmp_path / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(content))
    answer = run("status", "--kubeconfig", str(kubeconfig))
    assert answer.code == 3
    assert f"the cluster at https://127.0.0.1:{port} does not answer" in answer.err
    assert "Connection refused" in answer.err
    assert "Traceback" not in answer.err


@pytest.mark.parametrize(
    "words", [("--kubeconfig", "/nowhere/config"), ("--context", "nowhere")], ids=["file", "context"]
)
def test_a_missing_configuration_is_said(api_server: ControlPlane, run: Run, words: tuple[str, str]) -> None:
    given = words if "--kubeconfig" in words else (*words, "--kubeconfig", str(api_server.kubeconfig))
    answer = run("status", *given)
    assert answer.code == 3
    assert "no cluster to talk to" in answer.err
