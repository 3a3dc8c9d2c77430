"""A candidate behind a Gateway: it comes, takes over or is given up, and no request is lost on the way."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.operator.core.rollouts import rolling_out
from tests.unit.operator.core.routes import (
    answer,
    route,
    routed_world,
    serve_accepted,
    shares,
    take_over,
    weigh,
)
from tests.unit.operator.core.world import endpoint_slice


def test_candidate_is_named_without_a_share_before_it_gets_one() -> None:
    world = routed_world()
    first = serve_accepted(world)
    second = rolling_out(world)
    assert shares(world) == {first: 100}
    world.make_ready(second)
    world.settle()
    assert shares(world) == {first: 100, second: 0}
    assert world.status["stableRevision"]["name"] == first, "the Gateway does not know it yet"
    assert "has not answered for the newest shares" in world.condition("Reconciling")["message"]
    assert ("Service", second) in world.children, "it must be known to the Gateway before requests come"
    inside = world.children["Service", "credit"]["spec"]["selector"]
    assert inside["holdfast.dev/revision"] == first, "nor from within the cluster"


def test_candidate_gets_its_weight_and_the_stable_revision_the_rest() -> None:
    world = routed_world()
    first = serve_accepted(world)
    second = rolling_out(world)
    weigh(world, 10)
    assert shares(world) == {first: 90, second: 10}
    assert world.summary()["RouteAccepted"] == "Unknown/RoutePending", "said of other weights"
    answer(route(world))
    world.settle()
    assert world.summary()["RouteAccepted"] == "True/RouteAccepted"


def test_pods_of_a_left_revision_wait_until_the_gateway_knows_it() -> None:
    world = routed_world()
    first = serve_accepted(world)
    second = rolling_out(world)
    take_over(world, second)
    assert world.status["stableRevision"]["name"] == second
    assert shares(world) == {second: 100, first: 0}
    kept = {("Deployment", first), ("Service", first)}
    assert kept <= world.children.keys()
    answer(route(world))
    world.settle()
    assert shares(world) == {second: 100}
    assert kept <= world.children.keys()
    answer(route(world))
    world.settle()
    assert not kept & world.children.keys()


def test_candidate_that_a_gateway_does_not_take_in_time_is_given_up() -> None:
    world = routed_world(progressDeadlineSeconds=60)
    first = serve_accepted(world)
    second = rolling_out(world)
    world.make_ready(second)
    world.settle()
    world.now += timedelta(seconds=60)
    world.settle()
    assert world.summary()["Stalled"] == "True/ProgressDeadlineExceeded"
    assert "has not answered" in world.condition("Stalled")["message"]
    assert world.status["stableRevision"]["name"] == first
    assert shares(world) == {first: 100, second: 0}, "until the Gateway has answered"
    answer(route(world))
    world.settle()
    assert shares(world) == {first: 100}


def test_service_that_someone_has_deleted_leaves_the_route() -> None:
    world = routed_world()
    first = serve_accepted(world)
    second = rolling_out(world)
    take_over(world, second)
    del world.children["Service", first]
    world.settle()
    assert shares(world) == {second: 100}


@pytest.mark.parametrize(
    ("slices", "promoted"),
    [
        pytest.param([], False, id="none"),
        pytest.param([{"endpoints": None}], False, id="empty"),
        pytest.param([{"ready": False}], False, id="not-ready"),
        pytest.param([{"ready": False}, {"ready": True}], True, id="one-of-two"),
        pytest.param([{"ready": None}], True, id="not-said"),
    ],
)
def test_revision_takes_over_when_its_service_has_ready_pods(
    slices: list[dict[str, Any]], promoted: bool
) -> None:
    world = routed_world()
    first = serve_accepted(world)
    second = rolling_out(world)
    world.make_ready(second)
    world.endpoint_slices = [
        endpoint_slice(first),
        *({**endpoint_slice(second, ready=each.get("ready")), **each} for each in slices),
    ]
    world.settle()
    answer(route(world))
    decision = world.settle()
    assert (world.status["stableRevision"]["name"] == second) is promoted
    if not promoted:
        assert decision.requeue_after_seconds == 0.5
        assert shares(world) == {first: 100}


def test_revision_without_pods_needs_no_endpoints() -> None:
    world = routed_world()
    world.spec["server"] = {"replicas": 0}
    name = serve_accepted(world)
    assert world.status["stableRevision"]["name"] == name


def test_route_of_the_first_revision_waits_for_its_endpoints() -> None:
    world = routed_world()
    world.settle()
    world.pass_inspection()
    world.settle()
    name = world.status["candidateRevision"]["name"]
    assert ("Service", name) in world.children
    world.make_ready(name)
    world.endpoint_slices.clear()
    world.settle()
    assert "stableRevision" not in world.status
    world.endpoint_slices.append(endpoint_slice(name))
    world.settle()
    assert shares(world) == {name: 100}
