"""Worlds in which a candidate goes through the steps of a rollout."""

from typing import Any

from holdfast_operator.core.observation import GatewayApi
from tests.unit.operator.core.rollouts import rolling_out
from tests.unit.operator.core.step_evidences import evidence
from tests.unit.operator.core.world import World

INTERVAL = 30
ANALYSIS = {"intervalSeconds": INTERVAL, "maxIntervals": 3}
CANARY = {"strategy": "Canary", "canary": {"steps": [20, 50]}, "analysis": ANALYSIS}
BLUE_GREEN = {"strategy": "BlueGreen", "analysis": ANALYSIS}
SHADOW = {"strategy": "Shadow", "analysis": ANALYSIS}


def world_of(rollout: dict[str, Any], replicas: int = 4, **server: Any) -> tuple[World, str, str]:
    """Return a world in which a candidate is about to start, with the names of stable and candidate."""
    world = World(rollout=rollout, server={"replicas": replicas, **server})
    world.gateway_api = GatewayApi.SERVED
    stable = world.serve()
    return world, stable, rolling_out(world)


def candidate(world: World) -> dict[str, Any]:
    found: dict[str, Any] = world.status.get("candidateRevision", {})
    return found


def come_up(world: World) -> None:
    """Let all pods be ready and the operator follow, until it waits for time to pass."""
    for _ in range(4):
        for name in world.replicas():
            world.make_ready(name)
        world.settle()


def look(world: World, **counted: Any) -> None:
    """Let an interval pass in which that was counted."""
    world.evidence = evidence(**counted)
    world.wait(INTERVAL)
    come_up(world)


def served_by(world: World) -> str | None:
    """Return the revision that the model's Service is for; None: all."""
    selector = world.children["Service", "credit"]["spec"]["selector"]
    name: str | None = selector.get("holdfast.dev/revision")
    return name
