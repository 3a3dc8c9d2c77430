"""Probation: after a promotion the old revision stays, and serves again when a check fails."""

import pytest

from holdfast_operator.api.rollout import Analysis, StepCheck, StepResult
from holdfast_operator.core.probation import analysis_alone
from tests.unit.operator.core.rollout_worlds import CANARY, come_up, look, served_by, world_of
from tests.unit.operator.core.rollouts import rolling_out
from tests.unit.operator.core.routes import TRAFFIC, answer, route, shares
from tests.unit.operator.core.world import World

PROBATION = CANARY | {"canary": {"steps": [50]}, "probation": {"seconds": 100}}
"""A look every 30 seconds, so three of them."""


def on_probation(**terms: object) -> tuple[World, str, str]:
    """Return a world whose second revision has just been promoted."""
    probation = {"seconds": 100, **terms}
    world, stable, second = world_of(PROBATION | {"probation": probation})
    come_up(world)
    look(world)
    assert world.status["stableRevision"]["name"] == second
    return world, stable, second


def test_old_revision_stays_without_requests_until_the_end() -> None:
    world, old, new = on_probation()
    assert world.status["probation"]["revision"]["name"] == old
    assert world.replicas() == {new: 4, old: 4}
    assert served_by(world) == new
    world.wait(100)
    world.settle()
    assert "probation" not in world.status
    assert world.replicas() == {new: 4}
    assert served_by(world) is None


def test_part_of_its_pods_may_be_enough() -> None:
    world, old, _ = on_probation(standbyPercent=30)
    assert world.replicas()[old] == 2


def test_failing_check_brings_the_old_revision_back_at_once() -> None:
    world, old, new = on_probation()
    look(world, errors=300)
    assert world.status["stableRevision"]["name"] == old
    assert world.replicas() == {old: 4}
    assert world.summary()["Stalled"] == "True/ProbationFailed"
    assert world.summary()["Ready"] == "True/Serving"
    left = world.status["revisions"][0]
    assert (left["name"], left["outcome"]) == (new, "Failed")
    assert left["checks"][0]["outcome"] == "Fail"
    assert [each["name"] for each in world.status["revisions"]].count(old) == 0
    world.wait(3600)
    come_up(world)
    assert world.status["stableRevision"]["name"] == old, "it is not tried again"


def test_passing_checks_change_nothing() -> None:
    world, _, new = on_probation()
    for looks in (1, 2, 3):
        look(world)
        assert world.status["probation"]["looks"] == looks
    assert world.status["stableRevision"]["name"] == new
    assert world.step().requeue_after_seconds == 10


def test_without_a_ready_pod_of_the_old_revision_there_is_no_way_back() -> None:
    world, old, new = on_probation()
    world.make_ready(old, 0)
    world.evidence = None
    world.wait(30)
    world.settle()
    assert world.status["stableRevision"]["name"] == new


def test_next_candidate_ends_the_probation() -> None:
    world, _, new = on_probation()
    third = rolling_out(world, "third")
    assert "probation" not in world.status
    assert world.replicas().keys() == {new, third}


def test_rollback_to_the_revision_on_probation_needs_no_new_pods() -> None:
    world, old, _ = on_probation()
    pods = world.children["Deployment", old]
    world.pin(old)
    world.step()
    assert world.status["stableRevision"]["name"] == old
    assert world.children["Deployment", old]["metadata"]["uid"] == pods["metadata"]["uid"]


def test_probation_that_is_edited_away_ends() -> None:
    world, _, _ = on_probation()
    world.edit(rollout=CANARY)
    world.settle()
    assert "probation" not in world.status


def test_gateway_knows_the_old_revision_with_weight_0() -> None:
    world, old, new = world_of({"traffic": TRAFFIC, "probation": {"seconds": 100}})
    for _ in range(5):
        come_up(world)
        answer(route(world))
    world.settle()
    assert world.status["stableRevision"]["name"] == new
    assert shares(world) == {new: 100, old: 0}
    assert ("Service", old) in world.children


@pytest.mark.parametrize(
    ("check", "bound"),
    [
        (StepCheck(metric="errorRate", max="0.1"), "0.100000"),
        (StepCheck(metric="errorRate", max_regression="0.02"), "0.030000"),
        (StepCheck(metric="errorRate", max="0.02", max_regression="0.02"), "0.020000"),
        (StepCheck(metric="labelledLoss", max_regression="1"), None),
        (StepCheck(metric="predictionShift", max="0.1"), None),
    ],
)
def test_bounds_of_a_revision_alone_come_from_the_champion_at_the_last_look(
    check: StepCheck, bound: str | None
) -> None:
    results = [
        StepResult(metric=name, champion="0.01", threshold="", outcome="Pass")
        for name in ("errorRate", "predictionShift")
    ]
    found = analysis_alone(Analysis(checks=[check]), results).checks
    assert found == ([check] if bound is None else [StepCheck(metric=check.metric, max=bound)])
