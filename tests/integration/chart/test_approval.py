"""Approval through the chart's admission policy and roles: who answers is who the API server says it is."""

import json
import time
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
import yaml

from tests.cluster.control_plane import ControlPlane
from tests.integration.api.kubectl import Kubectl, kubectl_of
from tests.integration.chart.conftest import NAMESPACE, Render, kubectl
from tests.integration.chart.values import Objects, of_kind
from tests.unit.api.objects import Resource, resource

pytestmark = pytest.mark.integration

OPERATOR = f"system:serviceaccount:{NAMESPACE}:hf-holdfast"
EDITOR, APPROVER = "eddy", "ana"
ADMISSION = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
EFFECT_SECONDS = 30


class User:
    """Somebody who may do what roles say, and writes RetrainRuns."""

    def __init__(self, server: Kubectl, name: str) -> None:
        self._server = server
        self._as = (f"--as={name}", f"--namespace={NAMESPACE}")

    def create(self, run: Resource) -> str:
        """Return the complaint about a new run; empty when it is accepted."""
        return self._said("create", "--filename=-", given=run)

    def merge(self, name: str, spec: dict[str, Any]) -> str:
        """Return the complaint about a change of a run's spec; empty when it is accepted."""
        patch = json.dumps({"spec": spec})
        return self._said("patch", "retrainrun", name, "--type=merge", f"--patch={patch}")

    def write_status(self, name: str, status: dict[str, Any]) -> str:
        """Return the complaint about a change of a run's status; empty when it is accepted."""
        patch = json.dumps({"status": status})
        words = ("patch", "retrainrun", name, "--type=merge", "--subresource=status", f"--patch={patch}")
        return self._said(*words)

    def _said(self, *words: str, given: Any = None) -> str:
        done = self._server.run(*words, *self._as, given=given)
        return done.stderr if done.returncode else ""


@pytest.fixture(scope="module")
def server(chart_server: ControlPlane, render: Render) -> Iterator[Kubectl]:
    """An API server with the chart's admission policy and users' roles."""
    objects = render()
    made = [
        *(each for kind in ADMISSION for each in of_kind(objects, kind)),
        *(each for each in of_kind(objects, "ClusterRole") if "hf-holdfast-" in each["metadata"]["name"]),
        *bindings(),
    ]
    kubectl(chart_server, "apply", "--filename=-", stdin=yaml.safe_dump_all(made))
    client = kubectl_of(chart_server)
    wait_until_effective(client)
    yield client
    kubectl(chart_server, "delete", "--filename=-", stdin=yaml.safe_dump_all(made))


def bindings() -> Objects:
    granted = {EDITOR: ("edit", "view"), APPROVER: ("approve", "view"), OPERATOR: ("edit",)}
    return [
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "metadata": {"name": f"{user.rpartition(':')[2]}-{role}", "namespace": NAMESPACE},
            "roleRef": {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": "ClusterRole",
                "name": f"hf-holdfast-{role}",
            },
            "subjects": [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": user}],
        }
        for user, roles in granted.items()
        for role in roles
    ]


def wait_until_effective(client: Kubectl) -> None:
    """The API server compiles a policy a moment after it was made."""
    forged = resource("RetrainRun", {"spec.requester": "somebody"})
    deadline = time.monotonic() + EFFECT_SECONDS
    words = ("create", "--dry-run=server", "--filename=-", f"--namespace={NAMESPACE}")
    while client.run(*words, given=forged).returncode == 0:
        assert time.monotonic() < deadline, "the admission policy has no effect"
        time.sleep(0.2)


@pytest.fixture
def run(server: Kubectl) -> str:
    """Name of a run that EDITOR made."""
    name = f"run-{uuid4().hex[:8]}"
    assert User(server, EDITOR).create(resource("RetrainRun", {"spec.requester": EDITOR}, name)) == ""
    return name


def approval(approver: str, decision: str = "Approved") -> dict[str, Any]:
    return {"approval": {"decision": decision, "approver": approver}}


def test_approver_answers_in_the_own_name(server: Kubectl, run: str) -> None:
    assert User(server, APPROVER).merge(run, approval(APPROVER)) == ""


def test_approver_cannot_sign_as_another(server: Kubectl, run: str) -> None:
    complaint = User(server, APPROVER).merge(run, approval("boss"))
    assert "spec.approval.approver must be the user who writes it: ana" in complaint


def test_editor_of_runs_and_models_cannot_answer(server: Kubectl, run: str) -> None:
    assert "forbidden" in User(server, EDITOR).merge(run, approval(EDITOR)).lower()


@pytest.mark.parametrize("user", [EDITOR, APPROVER])
def test_users_cannot_write_the_verdict_into_the_status(server: Kubectl, run: str, user: str) -> None:
    complaint = User(server, user).write_status(run, {"acceptedTime": "2026-11-02T09:00:00Z"})
    assert "forbidden" in complaint.lower()


def test_answer_is_final(server: Kubectl, run: str) -> None:
    approver = User(server, APPROVER)
    assert approver.merge(run, approval(APPROVER, "Rejected")) == ""
    assert "spec.approval is final" in approver.merge(run, approval(APPROVER))
    assert "spec.approval is final" in approver.merge(run, {"approval": None})


def test_approver_can_change_nothing_but_the_answer(server: Kubectl, run: str) -> None:
    approver = User(server, APPROVER)
    for change in ({"policyRef": {"name": "other"}}, {"trigger": {"type": "Drift"}}, {"requester": APPROVER}):
        assert "spec is immutable except for spec.approval" in approver.merge(run, change)


@pytest.mark.parametrize(
    ("edits", "says"),
    [
        pytest.param({"spec.requester": "boss"}, "spec.requester must be", id="another-requester"),
        pytest.param(
            {"spec.approval": {"decision": "Approved", "approver": EDITOR}},
            "nothing to approve when it is made",
            id="approved-from-the-start",
        ),
        pytest.param({"spec.trigger": {"type": "Drift"}}, "only the operator", id="as-a-trigger"),
    ],
)
def test_editor_cannot_make_a_run_that_looks_like_anothers(
    server: Kubectl, edits: dict[str, Any], says: str
) -> None:
    assert says in User(server, EDITOR).create(resource("RetrainRun", edits, "forged"))


def test_operator_makes_runs_of_its_triggers(server: Kubectl) -> None:
    made = resource("RetrainRun", {"spec.trigger": {"type": "Schedule"}}, "scheduled")
    assert User(server, OPERATOR).create(made) == ""
