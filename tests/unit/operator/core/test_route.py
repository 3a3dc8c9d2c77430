"""The route: whom it leads to, what Gateways say of it, and what waits for their answer."""

import pytest

from holdfast_operator.core.observation import GatewayApi
from tests.unit.operator.core.routes import (
    Said,
    answer,
    route,
    routed_world,
    serve_accepted,
    shares,
)

REFUSED: Said = {"Accepted": ("False", "NotAllowedByListeners"), "ResolvedRefs": ("True", "ResolvedRefs")}
NO_BACKEND: Said = {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("False", "BackendNotFound")}


def test_nothing_is_routed_before_something_serves() -> None:
    world = routed_world()
    world.settle()
    assert world.of_kind("HTTPRoute") == []
    assert "RouteAccepted" not in world.summary()


def test_all_requests_go_to_the_stable_revision() -> None:
    world = routed_world()
    name = world.serve()
    assert shares(world) == {name: 100}
    assert world.children["Service", name]["spec"]["selector"]["holdfast.dev/revision"] == name
    assert world.summary()["RouteAccepted"] == "Unknown/RoutePending"
    assert world.summary()["Reconciling"] == "True/RoutePending"
    assert world.summary()["Ready"] == "True/Serving"


def test_accepted_route_brings_rest() -> None:
    world = routed_world()
    serve_accepted(world)
    assert world.summary()["RouteAccepted"] == "True/RouteAccepted"
    assert world.summary()["Reconciling"] == "False/Settled"
    assert world.step().requeue_after_seconds is None


def test_unanswered_route_is_looked_at_again() -> None:
    world = routed_world()
    world.serve()
    assert world.step().requeue_after_seconds == 10


@pytest.mark.parametrize(
    ("said", "state", "words"),
    [
        pytest.param(
            REFUSED, "False/RouteRefused", "gateways/public says NotAllowedByListeners", id="refused"
        ),
        pytest.param(NO_BACKEND, "Unknown/RoutePending", "BackendNotFound", id="service-not-seen-yet"),
        pytest.param({}, "Unknown/RoutePending", "has said nothing", id="nothing"),
    ],
)
def test_condition_tells_what_the_gateway_says(said: Said, state: str, words: str) -> None:
    world = routed_world()
    world.serve()
    answer(route(world), said)
    world.settle()
    assert world.summary()["RouteAccepted"] == state
    assert words in world.condition("RouteAccepted")["message"]


def test_refused_route_is_stalled_with_the_remedy_and_serves_on() -> None:
    world = routed_world()
    serve_accepted(world)
    answer(route(world), REFUSED)
    world.settle()
    assert world.summary()["Stalled"] == "True/RouteRefused"
    assert "allow this namespace" in world.condition("Stalled")["message"]
    assert world.summary()["Ready"] == "True/Serving"
    answer(route(world))
    world.settle()
    assert world.summary()["Stalled"] == "False/NothingStalled"


def test_every_gateway_has_to_accept() -> None:
    parents = [{"name": "public", "namespace": "gateways"}, {"name": "inner", "sectionName": "http"}]
    world = routed_world(traffic={"gateway": {"parentRefs": parents}})
    world.serve()
    answer(route(world))
    world.settle()
    assert world.summary()["RouteAccepted"] == "Unknown/RoutePending"
    assert "bank/inner" in world.condition("RouteAccepted")["message"]
    answer(route(world), name="inner", namespace="bank", sectionName="http")
    world.settle()
    assert world.summary()["RouteAccepted"] == "True/RouteAccepted"


def test_other_failures_are_told_before_the_route() -> None:
    world = routed_world()
    serve_accepted(world)
    answer(route(world), REFUSED)
    world.pin("nonsense")
    world.settle()
    assert world.summary()["Stalled"] == "True/PinnedRevisionUnknown"
    assert world.summary()["RouteAccepted"] == "False/RouteRefused"


@pytest.mark.parametrize("change", ["weights", "rules"])
def test_route_that_others_have_edited_is_not_accepted(change: str) -> None:
    world = routed_world()
    serve_accepted(world)
    (rule,) = route(world)["spec"]["rules"]
    if change == "weights":
        rule["backendRefs"][0].pop("weight")
    else:
        route(world)["spec"].pop("rules")
    live = world.observe()
    decision = world.step()
    assert any(each["kind"] == "HTTPRoute" for each in decision.desired)
    assert live.children
    assert world.summary()["RouteAccepted"] == "Unknown/RoutePending"


@pytest.mark.parametrize(
    ("state", "reason", "remedy"),
    [
        (GatewayApi.OFF, "GatewayApiOff", "gatewayApi.enabled"),
        (GatewayApi.MISSING, "GatewayApiMissing", "Install the Gateway API"),
    ],
)
def test_missing_gateway_api_is_stalled_with_the_remedy(state: GatewayApi, reason: str, remedy: str) -> None:
    world = routed_world()
    world.gateway_api = state
    decision = world.settle()
    assert world.summary()["Stalled"] == f"True/{reason}"
    assert remedy in world.condition("Stalled")["message"]
    assert decision.requeue_after_seconds == 60
    assert world.of_kind("HTTPRoute") == []
    world.gateway_api = GatewayApi.SERVED
    world.serve()
    assert world.summary()["Stalled"] == "False/NothingStalled"


def test_what_serves_is_kept_when_the_gateway_api_goes_away() -> None:
    world = routed_world()
    name = serve_accepted(world)
    world.gateway_api = GatewayApi.MISSING
    world.children.pop(("HTTPRoute", "credit"))
    world.settle()
    assert world.summary()["Ready"] == "True/Serving"
    assert ("Deployment", name) in world.children
    assert ("Service", "credit") in world.children


def test_route_goes_with_the_wish_for_it() -> None:
    world = routed_world()
    name = serve_accepted(world)
    world.edit(rollout={})
    world.settle()
    assert world.of_kind("HTTPRoute") == []
    assert ("Service", name) not in world.children
    assert "RouteAccepted" not in world.summary()


def test_suspended_model_keeps_what_its_route_said() -> None:
    world = routed_world()
    serve_accepted(world)
    world.edit(suspend=True)
    world.settle()
    assert world.summary()["RouteAccepted"] == "True/RouteAccepted"
