"""Inspection: passed, refused, tried again, blocked."""

from datetime import timedelta
from typing import Any

import pytest

from holdfast.results import ModelFailureReason
from tests.unit.operator.core.builders import (
    at,
    digest,
    pod,
    terminated,
    unschedulable,
    waiting,
)
from tests.unit.operator.core.world import World


def test_inspection_job_goes_when_the_status_holds_its_result() -> None:
    world = World()
    world.serve()
    assert world.of_kind("Job") == []


@pytest.mark.parametrize("reason", list(ModelFailureReason))
def test_bad_first_model_stalls_with_reason_and_remedy(reason: ModelFailureReason) -> None:
    world = World()
    world.settle()
    world.end_inspection(20, failure={"reason": reason, "message": "what happened"})
    world.settle()
    assert world.summary() == {
        "Ready": f"False/{reason}",
        "Reconciling": f"False/{reason}",
        "Stalled": f"True/{reason}",
        "Promoted": f"False/{reason}",
    }
    text = world.condition("Stalled")["message"]
    assert text.startswith("what happened. ")
    assert len(text) > len("what happened. ") + 10
    failure = world.status["lastFailure"]
    assert (failure["reason"], failure["exitCode"], failure["container"]) == (reason, 20, "inspect")
    assert [(event.type, event.reason) for event in world.events][-1] == ("Warning", reason)


@pytest.mark.parametrize("reason", list(ModelFailureReason))
def test_bad_next_model_leaves_what_serves_untouched(reason: ModelFailureReason) -> None:
    world = World()
    first = world.serve()
    before = world.children["Deployment", first]
    world.edit(model={"uri": "s3://models/credit/bad"})
    world.settle()
    world.end_inspection(20, failure={"reason": reason, "message": "what happened"})
    world.settle()
    assert world.summary()["Ready"] == "True/Serving"
    assert world.summary()["Stalled"] == f"True/{reason}"
    assert world.children["Deployment", first] == before
    assert world.status["stableRevision"]["name"] == first


def test_failure_goes_when_the_spec_goes_back() -> None:
    world = World()
    world.serve()
    world.edit(model={"uri": "s3://models/credit/bad"})
    world.settle()
    world.end_inspection(20, failure={"reason": "NotONNX", "message": "no"})
    world.settle()
    world.edit(model={"uri": "s3://models/credit/7"})
    world.settle()
    world.pass_inspection("first")
    world.settle()
    assert "lastFailure" not in world.status
    assert world.summary()["Promoted"] == "True/Promoted"


def test_refused_model_is_not_inspected_again() -> None:
    world = World()
    world.settle()
    world.end_inspection(20, failure={"reason": "NotONNX", "message": "no"})
    world.settle()
    world.now = at(100_000)
    decision = world.settle()
    assert decision.create == ()
    assert decision.requeue_after_seconds is None


def test_refused_model_is_inspected_again_with_other_resources() -> None:
    world = World()
    world.settle()
    world.end_inspection(20, failure={"reason": "CheckFailed", "message": "out of memory"})
    world.settle()
    world.edit(server={"resources": {"limits": {"memory": "4Gi"}}})
    decision = world.step()
    assert len(decision.create) == 1
    assert world.summary()["Reconciling"] == "True/Inspecting"


@pytest.mark.parametrize("reason", ["StoreUnreadable", "ModelNotFound"])
def test_unreadable_store_is_tried_again_with_growing_delay(reason: str) -> None:
    world = World()
    world.settle()
    delays, names = [], []
    for _ in range(8):
        names.append(world.inspection()["metadata"]["name"])
        world.end_inspection(21, failure={"reason": reason, "message": "no answer"})
        wait = world.settle().requeue_after_seconds
        assert wait is not None
        delays.append(wait)
        world.now += timedelta(seconds=wait)
        assert len(world.settle().create) == 0
        assert world.summary()["Stalled"] == f"True/{reason}"
    assert delays == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert len(set(names)) == 8
    world.pass_inspection()
    world.settle()
    assert world.summary()["Reconciling"] == "True/RollingOut"
    assert len(world.of_kind("Job")) == 0


@pytest.mark.parametrize(
    ("result", "reason"),
    [
        pytest.param({"digest": digest("other")}, "DigestMismatch", id="another-digest"),
        pytest.param({}, "InspectionFailed", id="no-message"),
        pytest.param({"sizeBytes": 3}, "InspectionFailed", id="neither-digest-nor-failure"),
        pytest.param({"failure": {"reason": "NotONNX", "message": "x"}}, "NotONNX", id="exit-0-with-failure"),
    ],
)
def test_result_of_a_complete_inspection_is_checked(result: dict[str, Any], reason: str) -> None:
    world = World(model={"uri": "s3://models/credit/7", "digest": digest("pinned")})
    world.settle()
    world.end_inspection(0, **result)
    world.settle()
    assert world.summary()["Stalled"] == f"True/{reason}"


def test_pinned_digest_is_served() -> None:
    world = World(model={"uri": "s3://models/credit/7", "digest": digest("pinned")})
    world.serve("pinned")
    assert world.status["stableRevision"]["digest"] == digest("pinned")


@pytest.mark.parametrize(
    ("job_reason", "pods", "text"),
    [
        pytest.param("DeadlineExceeded", [], "DeadlineExceeded", id="deadline"),
        pytest.param("", [], "Failed", id="without-a-reason"),
        pytest.param(
            "BackoffLimitExceeded", [terminated("inspect", 137, reason="OOMKilled")], "OOMKilled", id="oom"
        ),
    ],
)
def test_inspection_that_ends_without_a_result_is_tried_again(
    job_reason: str, pods: list[dict[str, Any]], text: str
) -> None:
    world = World()
    world.settle()
    job = world.inspection()
    condition = {"type": "Failed", "status": "True", "reason": job_reason}
    job["status"] = {"conditions": [condition]}
    world.pods = [pod("p", pods, labels=job["metadata"]["labels"])] if pods else []
    decision = world.settle()
    assert world.summary()["Stalled"] == "True/InspectionFailed"
    assert text in world.condition("Stalled")["message"]
    assert decision.requeue_after_seconds == 60


@pytest.mark.parametrize(
    ("container", "reason"),
    [
        pytest.param(waiting("inspect", "ImagePullBackOff"), "ImagePullFailed", id="image"),
        pytest.param(
            waiting("inspect", "CreateContainerConfigError"), "InspectionFailed", id="configuration"
        ),
    ],
)
def test_blocked_inspection_counts_as_failed_after_a_grace(container: dict[str, Any], reason: str) -> None:
    world = World()
    world.settle()
    world.pods = [pod("p", [container], labels=world.inspection()["metadata"]["labels"])]
    decision = world.step()
    assert world.summary()["Stalled"] == "False/NothingStalled"
    assert "So far: " in world.condition("Reconciling")["message"]
    assert decision.requeue_after_seconds == 120
    world.now = at(120)
    world.settle()
    assert world.summary()["Stalled"] == f"True/{reason}"
    assert world.of_kind("Job") == []


def test_missing_claim_is_a_missing_model() -> None:
    world = World(model={"uri": "pvc://gone/model"})
    world.settle()
    text = 'persistentvolumeclaim "gone" not found'
    world.pods = [unschedulable("p", text, world.inspection()["metadata"]["labels"])]
    world.now = at(120)
    world.settle()
    assert world.summary()["Stalled"] == "True/ModelNotFound"


def test_full_nodes_are_waited_for() -> None:
    world = World()
    world.settle()
    world.pods = [unschedulable("p", "0/1 nodes: Insufficient cpu", world.inspection()["metadata"]["labels"])]
    world.now = at(600)
    decision = world.settle()
    assert world.summary()["Reconciling"] == "True/Inspecting"
    assert "Insufficient cpu" in world.condition("Reconciling")["message"]
    assert decision.requeue_after_seconds is None
