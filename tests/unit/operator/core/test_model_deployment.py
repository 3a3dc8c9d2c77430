"""What a ModelDeployment goes through, decision by decision."""

from typing import Any

import pytest

from holdfast_operator.core.decision import Decision
from tests.unit.operator.core.builders import (
    digest,
    pod,
    terminated,
    time_at,
)
from tests.unit.operator.core.world import World


def test_new_model_is_inspected_rolled_out_and_promoted() -> None:
    world = World()
    decision = world.step()
    assert [job["kind"] for job in decision.create] == ["Job"]
    assert {child["kind"] for child in decision.desired} == {"ServiceAccount", "Service", "NetworkPolicy"}
    assert world.summary()["Ready"] == "Unknown/Inspecting"

    world.pass_inspection()
    world.step()
    candidate = world.status["candidateRevision"]
    assert candidate["digest"] == digest("first")
    assert candidate["profileHash"] == "profile-first"
    assert world.summary() == {
        "Ready": "Unknown/RollingOut",
        "Reconciling": "True/RollingOut",
        "Stalled": "False/NothingStalled",
        "Promoted": "False/RollingOut",
    }

    world.make_ready(candidate["name"])
    world.settle()
    assert world.status["stableRevision"]["name"] == candidate["name"]
    assert world.status["stableRevision"]["outcome"] == "Serving"
    assert "candidateRevision" not in world.status
    assert world.summary() == {
        "Ready": "True/Serving",
        "Reconciling": "False/Settled",
        "Stalled": "False/NothingStalled",
        "Promoted": "True/Promoted",
    }
    assert world.status["url"] == "http://credit.bank.svc"
    assert world.status["replicas"] == world.status["readyReplicas"] == 1
    assert [event.reason for event in world.events] == ["Inspecting", "RollingOut", "Promoted"]


def test_same_digest_at_another_place_rolls_nothing() -> None:
    world = World()
    first = world.serve()
    before = world.children["Deployment", first]
    world.edit(model={"uri": "s3://models/credit/8"})
    world.settle()
    assert world.summary()["Reconciling"] == "True/Inspecting"
    world.pass_inspection("first")
    decision = world.settle()
    assert world.status["stableRevision"]["name"] == first
    assert world.children["Deployment", first] == before
    assert world.summary()["Promoted"] == "True/Promoted"
    assert decision.deletions == ()


def test_new_model_replaces_the_old_one_only_when_it_is_ready() -> None:
    world = World()
    first = world.serve()
    world.edit(model={"uri": "s3://models/credit/8"})
    world.settle()
    world.pass_inspection("second")
    world.settle()
    second = world.status["candidateRevision"]["name"]
    assert {name for kind, name in world.children if kind == "Deployment"} == {first, second}
    assert world.summary()["Ready"] == "True/Serving"
    assert world.summary()["Reconciling"] == "True/RollingOut"

    world.make_ready(second)
    promotion = world.step()
    assert promotion.deletions == ()
    assert promotion.requeue_after_seconds == pytest.approx(0.1)
    follow_up = world.step()
    assert [deletion.name for deletion in follow_up.deletions] == [first]
    assert world.status["revisions"][0]["name"] == first
    assert world.status["revisions"][0]["outcome"] == "Superseded"


def test_changed_server_settings_make_a_new_revision_without_an_inspection() -> None:
    world = World()
    first = world.serve()
    world.edit(server={"threads": 2})
    decision = world.step()
    assert decision.create == ()
    candidate = world.status["candidateRevision"]
    assert candidate["name"] != first
    assert candidate["digest"] == digest("first")
    live = world.children["Deployment", first]
    threads = [entry["name"] for entry in live["spec"]["template"]["spec"]["containers"][0]["env"]]
    assert "HOLDFAST_THREADS" not in threads


def test_new_server_image_rolls_out_as_a_new_revision() -> None:
    world = World()
    first = world.serve()
    world.upgrade_operator("holdfast-server:2.0")
    world.step()
    candidate = world.status["candidateRevision"]["name"]
    images = {
        name: world.children["Deployment", name]["spec"]["template"]["spec"]["containers"][0]["image"]
        for name in (first, candidate)
    }
    assert images == {first: "holdfast-server:1.0", candidate: "holdfast-server:2.0"}


def test_scaling_changes_the_stable_deployment_and_no_revision() -> None:
    world = World()
    first = world.serve()
    world.edit(server={"replicas": 3})
    world.step()
    assert world.children["Deployment", first]["spec"]["replicas"] == 3
    assert world.summary()["Reconciling"] == "True/Scaling"
    assert world.summary()["Ready"] == "True/Serving"
    assert [child["kind"] for child in world.of_kind("PodDisruptionBudget")] == ["PodDisruptionBudget"]
    world.make_ready(first)
    world.settle()
    assert world.summary()["Reconciling"] == "False/Settled"

    world.edit(server={"replicas": 1})
    world.step()
    assert world.of_kind("PodDisruptionBudget") == []


def test_scaled_to_zero_is_ready() -> None:
    world = World(server={"replicas": 0})
    world.serve()
    assert world.summary()["Ready"] == "True/ScaledToZero"


def test_suspended_resource_is_left_as_it_is() -> None:
    world = World()
    first = world.serve()
    world.make_ready(first, 0)
    ready = world.condition("Ready")
    world.edit(suspend=True, model={"uri": "s3://models/credit/8"}, server={"replicas": 5})
    decision = world.step()
    assert (decision.desired, decision.create, decision.deletions) == ((), (), ())
    assert world.status["observedGeneration"] == 2
    assert {**world.condition("Ready"), "observedGeneration": 1} == ready
    assert world.summary()["Reconciling"] == "False/Suspended"
    assert world.summary()["Stalled"] == "False/Suspended"
    assert world.status["target"]["uri"] == "s3://models/credit/7"
    assert world.status["readyReplicas"] == 0


def test_resource_that_is_born_suspended_is_unknown() -> None:
    world = World(suspend=True)
    world.step()
    assert world.summary()["Ready"] == "Unknown/Suspended"


def test_deleted_resource_is_left_to_the_garbage_collector() -> None:
    world = World()
    world.serve()
    world.metadata["deletionTimestamp"] = time_at(0)
    assert world.step() == Decision()


def test_deleted_and_edited_children_are_desired_again() -> None:
    world = World(server={"replicas": 2})
    first = world.serve()
    every = {(child["kind"], child["metadata"]["name"]) for child in world.step().desired}
    assert every == {
        ("ServiceAccount", "credit-server"),
        ("Service", "credit"),
        ("NetworkPolicy", "credit"),
        ("PodDisruptionBudget", "credit"),
        ("Deployment", first),
    }
    world.children.clear()
    assert {(child["kind"], child["metadata"]["name"]) for child in world.step().desired} == every


def test_stable_revision_without_ready_pods_is_not_ready_and_says_why() -> None:
    world = World()
    first = world.serve()
    world.make_ready(first, 0)
    crashed = terminated("server", 137, reason="OOMKilled", before=True)
    world.pods = [pod("p", [crashed], labels={"holdfast.dev/revision": first})]
    world.settle()
    assert world.summary()["Ready"] == "False/NoReadyPods"
    assert world.summary()["Reconciling"] == "True/Scaling"
    assert "OOMKilled" in world.condition("Ready")["message"]


@pytest.mark.parametrize("kind", ["Service", "NetworkPolicy"])
def test_object_of_someone_else_is_never_overwritten(kind: str) -> None:
    world = World()
    world.foreign = [{"apiVersion": "v1", "kind": kind, "metadata": {"name": "credit"}}]
    decision = world.settle()
    assert kind not in {child["kind"] for child in decision.desired}
    assert decision.create == ()
    assert world.summary()["Stalled"] == "True/NameConflict"
    assert world.summary()["Ready"] == "False/NameConflict"
    assert f"{kind} credit" in world.condition("Stalled")["message"]
    assert decision.requeue_after_seconds == 60

    world.foreign = []
    world.settle()
    assert world.summary()["Reconciling"] == "True/Inspecting"


def test_conflict_over_a_candidate_leaves_what_serves_ready() -> None:
    world = World()
    first = world.serve()
    world.edit(server={"threads": 3})
    name = next(
        child["metadata"]["name"]
        for child in decide_without_writing(world).desired
        if child["kind"] == "Deployment" and child["metadata"]["name"] != first
    )
    world.foreign = [{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name}}]
    world.settle()
    assert world.summary()["Ready"] == "True/Serving"
    assert world.summary()["Stalled"] == "True/NameConflict"


def test_foreign_object_of_another_kind_is_no_conflict() -> None:
    world = World()
    world.foreign = [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "credit"}}]
    world.settle()
    assert world.summary()["Stalled"] == "False/NothingStalled"


def decide_without_writing(world: World) -> Decision:
    from holdfast_operator.core.model_deployment import decide_model_deployment

    return decide_model_deployment(world.observe())


def test_children_of_other_kinds_and_those_going_are_left_alone() -> None:
    world = World()
    world.serve()
    stray: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "stray", "namespace": "bank", "uid": "u", "generation": 1},
        "status": {},
    }
    going = stray | {
        "kind": "Deployment",
        "metadata": stray["metadata"]
        | {"deletionTimestamp": time_at(0), "labels": {"app.kubernetes.io/component": "server"}},
    }
    world.children["ConfigMap", "stray"] = stray
    world.children["Deployment", "going"] = going
    assert world.step().deletions == ()
