"""Numbers of pods that an autoscaler sets are respected, and nobody resets them."""

from typing import Any

import pytest

from tests.unit.operator.core.rollouts import rolling_out
from tests.unit.operator.core.world import World

AUTOSCALING = {"minReplicas": 2, "maxReplicas": 10}
SCALED = {"server": {"autoscaling": AUTOSCALING}}


def scale(world: World, name: str, replicas: int, manager: str = "kube-controller-manager") -> None:
    """Scale the Deployment through its subresource, as the autoscaler does."""
    deployment = world.children["Deployment", name]
    deployment["spec"]["replicas"] = replicas
    deployment["metadata"]["managedFields"] = [
        {"manager": "holdfast", "operation": "Apply", "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"manager": "kube-scheduler", "operation": "Update", "subresource": "status"},
        {
            "manager": manager,
            "operation": "Update",
            "subresource": "scale",
            "fieldsV1": {"f:spec": {"f:replicas": {}}},
        },
    ]


def applied_replicas(world: World, name: str) -> Any:
    """Return what is sent for the Deployment; None: nothing, so that it stays as it is."""
    (sent,) = [each for each in world.step().desired if each["metadata"]["name"] == name]
    return sent["spec"].get("replicas")


def kept(world: World, name: str) -> Any:
    deployment = world.children["Deployment", name]
    before = deployment["spec"]["replicas"], deployment["metadata"].get("managedFields")
    sent = applied_replicas(world, name)
    # World replaces what a real API server would merge.
    after = world.children["Deployment", name]
    after["spec"]["replicas"], after["metadata"]["managedFields"] = before
    return sent


def test_first_revision_starts_with_as_few_pods_as_allowed() -> None:
    world = World(**SCALED)
    name = world.serve()
    assert applied_replicas(world, name) == 2


def test_autoscaler_scales_the_stable_deployment() -> None:
    world = World(**SCALED)
    name = world.serve()
    (autoscaler,) = world.of_kind("HorizontalPodAutoscaler")
    assert autoscaler["spec"]["scaleTargetRef"]["name"] == name
    assert (autoscaler["spec"]["minReplicas"], autoscaler["spec"]["maxReplicas"]) == (2, 10)


def test_there_is_no_autoscaler_before_something_serves() -> None:
    world = World(**SCALED)
    world.settle()
    assert world.of_kind("HorizontalPodAutoscaler") == []


@pytest.mark.parametrize("manager", ["kube-controller-manager", "kubectl", "keda-operator"])
def test_number_that_someone_else_has_set_is_left_out(manager: str) -> None:
    world = World(**SCALED)
    name = world.serve()
    scale(world, name, 7, manager)
    assert kept(world, name) is None


def test_number_that_nobody_else_has_set_is_sent_as_it_is() -> None:
    world = World(server={"replicas": 5})
    name = world.serve()
    world.edit(**SCALED)
    assert applied_replicas(world, name) == 5, "turning it on must not take pods away"


def test_spec_decides_again_without_autoscaling() -> None:
    world = World(**SCALED)
    name = world.serve()
    scale(world, name, 7)
    world.edit(server={"replicas": 3})
    assert applied_replicas(world, name) == 3
    assert world.of_kind("HorizontalPodAutoscaler") == []


def test_autoscaling_is_no_part_of_a_revision() -> None:
    world = World()
    name = world.serve()
    world.edit(**SCALED)
    world.settle()
    assert world.status["stableRevision"]["name"] == name
    assert "candidateRevision" not in world.status
    assert "autoscaling" not in world.status["stableRevision"]["server"]


def test_candidate_starts_with_as_many_pods_as_serve() -> None:
    world = World(**SCALED)
    first = world.serve()
    scale(world, first, 7)
    world.make_ready(first)
    world.edit(model={"uri": "s3://models/credit/second"})
    world.pods.clear()
    kept(world, first)
    world.pass_inspection("second")
    kept(world, first)
    second = world.status["candidateRevision"]["name"]
    kept(world, first)
    assert world.children["Deployment", second]["spec"]["replicas"] == 7
    assert [each["spec"]["scaleTargetRef"]["name"] for each in world.of_kind("HorizontalPodAutoscaler")] == [
        first
    ]


def test_autoscaler_follows_the_promotion() -> None:
    world = World(**SCALED)
    world.serve()
    second = rolling_out(world)
    world.make_ready(second)
    world.settle()
    (autoscaler,) = world.of_kind("HorizontalPodAutoscaler")
    assert autoscaler["spec"]["scaleTargetRef"]["name"] == second


def test_pods_are_counted_against_the_live_number() -> None:
    world = World(**SCALED)
    name = world.serve()
    scale(world, name, 7)
    kept(world, name)
    assert world.summary()["Reconciling"] == "True/Scaling"
    assert world.condition("Ready")["message"].startswith("2 of 7 pods")
    world.make_ready(name)
    kept(world, name)
    assert world.summary()["Reconciling"] == "False/Settled"
    assert world.status["replicas"] == 7


def test_deployment_scaled_to_nothing_says_that_its_autoscaler_is_off() -> None:
    world = World(**SCALED)
    name = world.serve()
    scale(world, name, 0)
    world.make_ready(name)
    kept(world, name)
    assert world.summary()["Ready"] == "True/ScaledToZero"
    assert "autoscaler off" in world.condition("Ready")["message"]


@pytest.mark.parametrize(("most", "budgets"), [(1, 0), (2, 1)])
def test_disruption_budget_exists_where_there_may_be_several_pods(most: int, budgets: int) -> None:
    world = World(server={"autoscaling": {"maxReplicas": most}})
    world.serve()
    assert len(world.of_kind("PodDisruptionBudget")) == budgets
