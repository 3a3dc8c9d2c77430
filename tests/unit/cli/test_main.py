"""The command line as a whole: names, help, version, and errors from a client to a person."""

import importlib
import json
import subprocess
import sys
from importlib.metadata import entry_points, version

import pytest
from kubernetes.client.exceptions import ApiException
from urllib3.exceptions import MaxRetryError, NewConnectionError

import holdfast.cli
from holdfast.cli.cluster import MODEL_DEPLOYMENT
from holdfast.cli.kubernetes_cluster import explain, root_cause
from tests.unit.cli.invocation import Run
from tests.unit.cli.reference import PAGE, render

COMMANDS = ("status", "retrain", "rollback", "validate", "package", "profile", "version")


@pytest.mark.parametrize(
    ("program", "called"),
    [
        ("/usr/local/bin/holdfast", "holdfast"),
        ("/usr/local/bin/kubectl-holdfast", "kubectl holdfast"),
        ("kubectl_holdfast", "kubectl holdfast"),
    ],
)
def test_help_calls_the_program_as_its_user_does(run: Run, program: str, called: str) -> None:
    answer = run("-h", program=program)
    assert answer.code == 0
    assert f"Usage: {called} [OPTIONS] COMMAND" in answer.out


def test_both_names_are_installed() -> None:
    scripts = {each.name: each.value for each in entry_points(group="console_scripts")}
    assert scripts["holdfast"] == scripts["kubectl-holdfast"] == "holdfast.cli.main:main"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(run: Run, command: str) -> None:
    assert run(command, "--help").code == 0


@pytest.mark.parametrize("command", ["status", "retrain", "rollback"])
def test_cluster_commands_take_the_options_of_kubectl(run: Run, command: str) -> None:
    shown = run(command, "--help").out
    for option in ("--namespace", "-n", "--context", "--kubeconfig", "--output", "-o"):
        assert option in shown


def test_version_names_the_api(run: Run) -> None:
    assert json.loads(run("version", "-o", "json").out)["version"] == version("holdfast")
    assert "holdfast.dev/v1alpha1" in run("version").out


def test_an_unknown_command_is_a_usage_error(run: Run) -> None:
    assert run("rolback").code == 2


def test_commands_without_a_cluster_start_without_the_kubernetes_client() -> None:
    modules = "('kubernetes', 'onnxruntime')"
    code = f"import sys, holdfast.cli.main; print([each for each in {modules} if each in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("status", "body", "message", "remedy", "code"),
    [
        pytest.param(404, "404 page not found", "does not know the kind", "helm install", 3, id="no-crd"),
        pytest.param(
            404,
            '{"details": {"name": "bikes"}}',
            "'bikes' does not exist in the namespace 'ml'",
            "kubectl get",
            4,
        ),
        pytest.param(403, '{"message": "no list"}', "not allowed: no list", "role edit", 3, id="rbac"),
        pytest.param(401, "", "not allowed: Unauthorized", "--context", 3, id="token"),
        pytest.param(422, '{"message": "spec.x: Invalid"}', "refused: spec.x: Invalid", "", 3, id="invalid"),
        pytest.param(500, "[1]", "refused: Broken", "", 3, id="not-an-object"),
    ],
)
def test_answers_of_the_api_server_are_explained(
    status: int, body: str, message: str, remedy: str, code: int
) -> None:
    reasons = {401: "Unauthorized", 500: "Broken"}
    error = ApiException(status=status, reason=reasons.get(status, ""))
    error.body = body
    explained = explain(error, MODEL_DEPLOYMENT, "bikes", "ml")
    assert message in str(explained)
    assert remedy in explained.remedy
    assert explained.exit_code == code


def test_the_cause_of_a_broken_connection_is_told_without_its_wrapping() -> None:
    refused = NewConnectionError(None, "Failed to establish a new connection: [Errno 111] Connection refused")  # type: ignore[arg-type]  # the pool is not used
    wrapped = MaxRetryError(None, "/apis", refused)  # type: ignore[arg-type]  # the pool is not used
    assert root_cause(wrapped) == "[Errno 111] Connection refused"


def test_the_reference_page_is_that_of_the_commands() -> None:
    assert PAGE.read_text(encoding="utf-8") == render(), "run: python -m tests.unit.cli.reference"


def test_without_the_extra_the_message_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ImportError, match=r"pip install 'holdfast\[cli\]'"):
        importlib.reload(holdfast.cli)
