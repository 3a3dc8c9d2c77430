"""A RetrainPolicy on a real node: drift, training, judgement, promotion, rejection, failure."""

import numpy as np
import pytest

from tests.e2e.environment import Workspace
from tests.e2e.kubectl import condition, has_status, is_true
from tests.e2e.models import Model, drifted_rows, linear, worn_out
from tests.e2e.resources import model_deployment, retrain_policy, retrain_run
from tests.e2e.test_model_deployment import promoted

pytestmark = pytest.mark.e2e

DRIFT = {"drift": {"tolerance": "0.1", "minSamples": 400, "windowSeconds": 10}}


def deploy(workspace: Workspace, model: Model, mode: str, **policy: object) -> str:
    """Serve the model and watch over it with a policy whose trainer runs in that mode."""
    workspace.kubectl.apply(
        model_deployment("diabetes", workspace.publish(model)),
        retrain_policy(
            "weekly",
            "diabetes",
            image=workspace.trainer_image,
            args=["--mode", mode],
            output="s3://models/candidates/",
            **policy,
        ),
    )
    return promoted(workspace, "diabetes")


def run(workspace: Workspace, name: str = "by-hand") -> dict[str, object]:
    """Start a run by hand and return it when it has an answer or has failed."""
    workspace.kubectl.apply(retrain_run(name, "weekly"))
    return workspace.kubectl.wait(
        "rtr", name, lambda item: is_true("Ready")(item) or is_true("Stalled")(item), 300
    )


def test_drift_starts_a_run_whose_better_candidate_is_promoted(workspace: Workspace) -> None:
    first = deploy(workspace, worn_out(), "better", triggers=DRIFT)
    with workspace.service("diabetes") as url, workspace.traffic(url, "diabetes", drifted_rows()) as traffic:
        policy = workspace.kubectl.wait("rtp", "weekly", is_true("DriftConfirmed"), 120)
        workspace.kubectl.wait("rtp", "weekly", lambda item: item["status"]["lastRun"]["created"], 60)
        workspace.kubectl.wait(
            "mdep", "diabetes", lambda item: item["status"]["stableRevision"]["name"] != first, 300
        )
    assert traffic.failures == []
    assert policy["status"]["drift"]["worstFeatures"]
    found = workspace.kubectl.get("mdep", "diabetes") or {}
    origin = found["status"]["stableRevision"]["origin"]
    name = origin.removeprefix("RetrainRun/")
    finished = workspace.kubectl.wait("rtr", name, is_true("Promoted"), 60)
    assert finished["spec"]["trigger"]["type"] == "Drift"
    assert finished["status"]["evaluation"]["verdict"] == "Pass"
    checks = finished["status"]["evaluation"]["metrics"]
    check = next(each for each in checks if each["metric"] == "mae")
    assert float(check["candidate"]) < float(check["champion"])


def test_candidate_that_is_worse_is_rejected_and_the_champion_keeps_serving(workspace: Workspace) -> None:
    revision = deploy(workspace, linear(seed=1), "worse")
    finished = run(workspace)
    rejected = condition(finished, "Rejected")
    assert (rejected["status"], rejected["reason"]) == ("True", "GateFailed")
    assert "mae" in rejected["message"]
    assert promoted(workspace, "diabetes") == revision
    assert np.isfinite(workspace.infer("diabetes", drifted_rows()[:2])).all()


@pytest.mark.parametrize(
    ("mode", "reason"),
    [
        pytest.param("bad-data", "BadData", id="bad-data"),
        pytest.param("crash", "TrainerFailed", id="crash"),
        pytest.param("no-model", "EvaluationFailed", id="no-model"),
    ],
)
def test_failing_trainer_fails_the_run_with_its_reason(workspace: Workspace, mode: str, reason: str) -> None:
    revision = deploy(workspace, linear(seed=1), mode)
    finished = run(workspace)
    failed = condition(finished, "Failed")
    assert (failed["status"], failed["reason"]) == ("True", reason), failed
    assert promoted(workspace, "diabetes") == revision


def test_schedule_starts_a_run_at_its_time(workspace: Workspace) -> None:
    deploy(workspace, worn_out(), "better", triggers={"schedule": {"cron": "* * * * *"}})
    workspace.kubectl.wait("rtp", "weekly", lambda item: item["status"].get("lastRun", {}).get("created"), 90)
    [first, *_] = workspace.kubectl.items("rtr")
    assert first["spec"]["trigger"]["type"] == "Schedule"
    workspace.kubectl.wait("rtr", first["metadata"]["name"], is_true("Promoted"), 300)


def test_candidate_waits_for_a_person_and_is_rolled_out_when_the_person_agrees(workspace: Workspace) -> None:
    first = deploy(workspace, worn_out(), "better", approval={"mode": "Manual"})
    workspace.kubectl.apply(retrain_run("by-hand", "weekly"))
    workspace.kubectl.wait("rtr", "by-hand", has_status("approval"), 240)
    assert promoted(workspace, "diabetes") == first
    me = workspace.kubectl.run("auth", "whoami", "--output=jsonpath={.status.userInfo.username}")
    answer = {"decision": "Approved", "approver": me}
    workspace.kubectl.patch("rtr", "by-hand", {"spec": {"approval": answer}})
    workspace.kubectl.wait("rtr", "by-hand", is_true("Promoted"), 240)
    assert promoted(workspace, "diabetes") != first


def test_one_run_at_a_time(workspace: Workspace) -> None:
    # Candidates that are about as good ask a person; nobody answers here.
    deploy(workspace, linear(seed=1), "better", approval={"expireSeconds": 5})
    workspace.kubectl.apply(retrain_run("one", "weekly"), retrain_run("two", "weekly"))
    for name in ("one", "two"):
        workspace.kubectl.wait("rtr", name, is_true("Ready"), 300)
    times = [(workspace.kubectl.get("rtr", name) or {})["status"] for name in ("one", "two")]
    assert times[0]["completionTime"] <= times[1]["startTime"]
