"""Rows are counted once and decided on alike, whatever happens to pods, scrapes and the operator."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from holdfast.drift_settings import Tier
from tests.unit.operator.cluster.fleet import World
from tests.unit.sdk.drift_traffic import profile

DRIFT: dict[str, Any] = {"windowSeconds": 480, "minSamples": 500, "severe": "0.25"}
"""32 rounds of scrapes."""
ROWS = 400
"""Of a round."""
PROFILE, OTHER = profile(features=2), profile(features=3)
MOVED = np.array([1.0])


def world(pods: int = 3, seed: int = 0, **drift: Any) -> World:
    made = World(DRIFT | drift, PROFILE, seed)
    for _ in range(pods):
        made.start_pod()
    return made


def pod_of(world: World, number: int) -> str:
    return list(world.fleet.pods)[number % len(world.fleet.pods)]


async def chaos(world: World, rounds: int) -> None:
    """Have anything happen before each round, and see that it is no drift."""
    events: list[Callable[[int], None]] = [
        lambda _: world.restart_operator(),
        lambda number: world.restart_process(pod_of(world, number)),
        lambda number: world.replace_pod(pod_of(world, number)),
        lambda _: world.scale(min(len(world.fleet.pods) + 1, 6)),
        lambda _: world.scale(max(len(world.fleet.pods) - 1, 2)),
        lambda number: setattr(world.fleet.pods[pod_of(world, number)], "answers", False),
    ]
    for _ in range(rounds):
        for pod in world.fleet.pods.values():
            pod.answers |= world.random.random() < 0.3
        if world.random.random() < 0.3:
            events[world.random.integers(len(events))](int(world.random.integers(100)))
        rows = int(world.random.choice([0, 50, ROWS, ROWS, 2 * ROWS]))
        await world.round(rows)
        assert [str(each.tier) for each in world.window().alarms] == []


@pytest.mark.parametrize("seed", range(4))
async def test_no_restart_churn_or_gap_is_drift_and_drift_is_found_all_the_same(seed: int) -> None:
    fleet = world(seed=seed)
    await fleet.round(ROWS)
    await chaos(fleet, 150)
    assert fleet.said("DriftConfirmed") == "False/WithinTolerance"
    assert fleet.said("DriftSuspected") == "False/WithinTolerance"
    assert fleet.runs() == []
    for number in range(40):
        if number % 10 == 0:
            fleet.restart_operator()
            fleet.restart_process(pod_of(fleet, number))
        for pod in fleet.fleet.pods.values():
            pod.answers = True
        await fleet.round(ROWS, MOVED)
    assert fleet.said("DriftConfirmed") == "True/Diverged"
    (run,) = fleet.runs()
    assert run["spec"]["trigger"]["evidence"]["name"] == "x0"


async def test_profile_of_another_revision_begins_anew_and_is_no_drift() -> None:
    fleet = world()
    for _ in range(40):
        await fleet.round(ROWS)
    fleet.serve("bikes-2", OTHER)
    for _ in range(40):
        await fleet.round(ROWS)
        assert fleet.window().alarms == ()
    assert len(fleet.window().columns) == 5
    assert fleet.said("DriftConfirmed") == "False/WithinTolerance"


async def test_restarts_of_the_operator_lose_no_row_and_change_no_decision() -> None:
    disturbed, undisturbed = world(seed=7, windowSeconds=960), world(seed=7, windowSeconds=960)
    for number in range(1, 129):
        if number in (100, 110, 111):
            disturbed.restart_operator()
            await disturbed.decide()
            assert disturbed.said("DriftConfirmed") == "False/WithinTolerance", (
                "known before the first scrape"
            )
        for each in (disturbed, undisturbed):
            await each.round(ROWS, 2 * MOVED if number > 111 else None)
    assert disturbed.window().columns == undisturbed.window().columns
    assert disturbed.window().rows == 64 * ROWS
    confirmed = [alarm for alarm in disturbed.window().alarms if alarm.tier is Tier.CONFIRMED]
    assert confirmed == [alarm for alarm in undisturbed.window().alarms if alarm.tier is Tier.CONFIRMED] != []
    assert [each["metadata"]["name"] for each in disturbed.runs()] == [
        each["metadata"]["name"] for each in undisturbed.runs()
    ]
    assert len(disturbed.runs()) == 1


async def test_replicas_are_one_server_bit_by_bit() -> None:
    one, many = world(pods=1, seed=3), world(pods=1, seed=3)
    for number in range(70):
        await one.round(ROWS, MOVED if number > 40 else None)
        (single,) = one.fleet.pods.values()
        await many.round(0)
        share_out(many, single.counts, replicas=4)
        many.time = one.time
        await many.scraper.scrape_all()
    assert many.window().columns == one.window().columns
    assert many.window().alarms == one.window().alarms != ()


def share_out(world: World, counts: Any, replicas: int) -> None:
    """Have what one server has counted be counted by several."""
    while len(world.fleet.pods) < replicas:
        world.start_pod()
    for number, pod in enumerate(world.fleet.pods.values()):
        pod.counts = counts // replicas + (number < counts % replicas)


async def test_state_is_kept_in_one_config_map_and_not_written_at_rest() -> None:
    fleet = world()
    for _ in range(60):
        await fleet.round(ROWS)
    (kept,) = fleet.checkpoints()
    assert kept["metadata"]["name"].startswith("bikes-windows-")
    for _ in range(25):
        await fleet.round(0)
    writes = [each for each in fleet.cluster.writes if each[1] == "ConfigMap"]
    for _ in range(60):
        await fleet.round(0)
    assert [each for each in fleet.cluster.writes if each[1] == "ConfigMap"] == writes
