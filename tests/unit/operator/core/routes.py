"""A model with a route, and the route as a Gateway's controller leaves it."""

from collections.abc import Mapping
from typing import Any

from holdfast_operator.core.observation import GatewayApi
from tests.unit.operator.core.world import World, endpoint_slice

TRAFFIC = {"gateway": {"parentRefs": [{"name": "public", "namespace": "gateways"}]}}
ACCEPTED = {"Accepted": ("True", "Accepted"), "ResolvedRefs": ("True", "ResolvedRefs")}

Said = Mapping[str, tuple[str, str]]
"""Status and reason by condition."""


def answer(route: dict[str, Any], said: Said = ACCEPTED, *, behind: int = 0, **parent: Any) -> dict[str, Any]:
    """Let the controller of a Gateway answer for the route, or for one ``behind`` generations ago."""
    named = {"name": "public", "namespace": "gateways", **parent}
    generation = route["metadata"].get("generation", 0) - behind
    conditions = [
        {
            "type": type_,
            "status": status,
            "reason": reason,
            "message": f"about {type_}",
            "observedGeneration": generation,
        }
        for type_, (status, reason) in said.items()
    ]
    entry = {"parentRef": named, "controllerName": "example.com/gateways", "conditions": conditions}
    others = [each for each in route.get("status", {}).get("parents", []) if each["parentRef"] != named]
    route["status"] = {"parents": [*others, entry]}
    return route


def routed_world(**rollout: Any) -> World:
    world = World(rollout={"traffic": TRAFFIC, **rollout})
    world.gateway_api = GatewayApi.SERVED
    return world


def route(world: World) -> dict[str, Any]:
    (found,) = world.of_kind("HTTPRoute")
    return found


def shares(world: World) -> dict[str, int]:
    (rule,) = route(world)["spec"]["rules"]
    return {backend["name"]: backend["weight"] for backend in rule["backendRefs"]}


def serve_accepted(world: World) -> str:
    name = world.serve()
    answer(route(world))
    world.settle()
    return name


def take_over(world: World, name: str) -> None:
    """Let pods and Gateway be ready for the candidate, and it take over."""
    world.make_ready(name)
    world.settle()
    answer(route(world))
    world.settle()


def weigh(world: World, percent: int) -> None:
    """Give the candidate a share, as a step of its rollout does."""
    world.endpoint_slices.append(endpoint_slice(world.status["candidateRevision"]["name"]))
    candidate = {**world.status["candidateRevision"], "weightPercent": percent}
    world.status = {**world.status, "candidateRevision": candidate}
    world.settle()
