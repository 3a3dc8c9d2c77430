"""The status contract that kstatus, Helm, Flux, Argo CD and kubectl wait rely on: one test per row."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from holdfast_operator.api.model_deployment import ModelDeploymentStatus
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.builders import retrain_run, time_at
from tests.unit.operator.core.policy_observations import confirmed_drift, observe_policy
from tests.unit.operator.core.world import World


def kstatus(metadata: Mapping[str, Any], status: Mapping[str, Any]) -> str:
    """Return what sigs.k8s.io/cli-utils/pkg/kstatus makes of a custom resource."""
    if metadata.get("deletionTimestamp"):
        return "Terminating"
    if status.get("observedGeneration", metadata["generation"]) != metadata["generation"]:
        return "InProgress"
    for condition in status.get("conditions", []):
        if condition["type"] == "Reconciling" and condition["status"] == "True":
            return "InProgress"
        if condition["type"] == "Stalled" and condition["status"] == "True":
            return "Failed"
    for condition in status.get("conditions", []):
        if condition["type"] == "Ready":
            return "Current" if condition["status"] == "True" else "InProgress"
    return "Current"


def row(world: World) -> tuple[int, str, str, str, str]:
    """Return observedGeneration, Ready, Reconciling, Stalled and what kstatus says."""
    statuses = {each["type"]: each["status"] for each in world.status["conditions"]}
    return (
        world.status["observedGeneration"],
        statuses["Ready"],
        statuses["Reconciling"],
        statuses["Stalled"],
        kstatus(world.metadata, world.status),
    )


def test_resource_that_was_not_seen_yet_is_in_progress() -> None:
    world = World()
    assert ModelDeploymentStatus().observed_generation == -1
    assert kstatus(world.metadata, {"observedGeneration": -1}) == "InProgress"


def test_inspecting_and_rolling_out_are_in_progress() -> None:
    world = World()
    world.settle()
    assert row(world) == (1, "Unknown", "True", "False", "InProgress")
    world.pass_inspection()
    world.settle()
    assert row(world) == (1, "Unknown", "True", "False", "InProgress")


def test_serving_is_current() -> None:
    world = World()
    world.serve()
    assert row(world) == (1, "True", "False", "False", "Current")


def test_drift_and_a_running_retraining_leave_it_current() -> None:
    world = World()
    world.serve()
    started = {"startTime": time_at(1), "modelDeployment": "credit", "job": "again"}
    world.runs = [retrain_run(status=started)]
    world.settle()
    assert row(world) == (1, "True", "False", "False", "Current")


def test_confirmed_drift_leaves_the_policy_current() -> None:
    observation = observe_policy(drift=confirmed_drift(), spec={"limits": {"maxRunsPer30Days": 1}}, used=1)
    status = decide_retrain_policy(observation).status or {}
    assert {"type": "DriftConfirmed", "status": "True"}.items() <= next(
        each for each in status["conditions"] if each["type"] == "DriftConfirmed"
    ).items()
    assert kstatus({"generation": 1}, status) == "Current"


def test_new_revision_beside_a_serving_one_is_in_progress_but_ready() -> None:
    world = World()
    world.serve()
    world.edit(server={"threads": 2})
    world.settle()
    assert row(world) == (2, "True", "True", "False", "InProgress")
    assert world.condition("Promoted")["status"] == "False"


@pytest.mark.parametrize("cause", ["model", "deadline"])
def test_what_needs_an_edit_has_failed(cause: str) -> None:
    world = World(rollout={"progressDeadlineSeconds": 60})
    world.settle()
    if cause == "model":
        world.end_inspection(20, failure={"reason": "UnsupportedURI", "message": "ftp"})
    else:
        world.pass_inspection()
        world.settle()
        world.now += timedelta(seconds=60)
    world.settle()
    assert row(world) == (1, "False", "False", "True", "Failed")


def test_what_needs_an_edit_but_serves_has_failed_and_is_ready() -> None:
    world = World()
    world.serve()
    world.edit(model={"uri": "s3://models/credit/bad"})
    world.settle()
    world.end_inspection(20, failure={"reason": "NotONNX", "message": "no"})
    world.settle()
    assert row(world) == (2, "True", "False", "True", "Failed")


def test_suspended_keeps_ready_and_is_at_rest() -> None:
    world = World()
    world.serve()
    world.edit(suspend=True)
    world.settle()
    assert row(world) == (2, "True", "False", "False", "Current")


def test_deleting_writes_nothing() -> None:
    world = World()
    world.serve()
    world.metadata["deletionTimestamp"] = time_at(5)
    assert world.step().status is None
    assert kstatus(world.metadata, world.status) == "Terminating"


def test_every_condition_is_stamped_with_the_generation() -> None:
    world = World()
    world.serve()
    world.edit(server={"replicas": 2})
    world.settle()
    assert {each["observedGeneration"] for each in world.status["conditions"]} == {2}


def test_transition_time_moves_only_when_the_status_flips() -> None:
    world = World()
    world.serve()
    before = world.condition("Ready")["lastTransitionTime"]
    world.now += timedelta(hours=1)
    world.edit(server={"replicas": 0})
    world.settle()
    assert world.condition("Ready")["reason"] == "ScaledToZero"
    assert world.condition("Ready")["lastTransitionTime"] == before
