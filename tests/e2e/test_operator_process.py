"""The operator's process on a real node: killed, at rest, uninstalled."""

import time

import pytest

from tests.e2e.environment import Workspace
from tests.e2e.installation import Installation
from tests.e2e.kubectl import has_status, is_true
from tests.e2e.models import linear, worn_out
from tests.e2e.resources import model_deployment, retrain_policy, retrain_run
from tests.e2e.test_model_deployment import promoted, serve

pytestmark = pytest.mark.e2e

QUIET_SECONDS = 60


def test_operator_killed_again_and_again_still_finishes_rollout_and_run(
    workspace: Workspace, installation: Installation
) -> None:
    first = serve(workspace, "diabetes", worn_out())
    policy = retrain_policy(
        "weekly",
        "diabetes",
        image=workspace.trainer_image,
        args=["--mode", "better"],
        output="s3://models/candidates/",
    )
    workspace.kubectl.apply(policy, retrain_run("by-hand", "weekly"))
    for reached in ("job", "candidate", "acceptedTime"):
        workspace.kubectl.wait("rtr", "by-hand", has_status(reached), 240)
        installation.kill_operator()
    workspace.kubectl.wait("rtr", "by-hand", is_true("Promoted"), 240)
    assert promoted(workspace, "diabetes") != first
    assert [run["metadata"]["name"] for run in workspace.kubectl.items("rtr")] == ["by-hand"]
    assert len(workspace.kubectl.items("jobs", "holdfast.dev/retrain-run=by-hand")) == 1


def test_operator_at_rest_writes_nothing_to_any_object(
    workspace: Workspace, installation: Installation
) -> None:
    policy = retrain_policy(
        "weekly",
        "diabetes",
        image=workspace.trainer_image,
        args=["--mode", "better"],
        output="s3://models/candidates/",
        triggers={"drift": {"windowSeconds": 10, "minSamples": 400}},
    )
    workspace.kubectl.apply(model_deployment("diabetes", workspace.publish(linear(seed=1))), policy)
    promoted(workspace, "diabetes")
    workspace.kubectl.wait("rtp", "weekly", is_true("Ready"))
    installation.wait_quiet(workspace.namespace, seconds=12, deadline=120)
    before = installation.writes(workspace.namespace)
    time.sleep(QUIET_SECONDS)
    assert installation.writes(workspace.namespace)[len(before) :] == []


def test_uninstall_leaves_nothing_behind(workspace: Workspace, installation: Installation) -> None:
    serve(workspace, "diabetes", linear(seed=1))
    workspace.kubectl.delete("mdep", "diabetes")
    installation.uninstall()
    try:
        assert installation.remains() == []
    finally:
        installation.install()
