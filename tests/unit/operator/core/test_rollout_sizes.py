"""Numbers of pods while one revision replaces another: in ratio, and within the surge."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.core.rollout_sizes import split_by_weight
from tests.unit.operator.core.rollout_worlds import CANARY, come_up, look, world_of
from tests.unit.operator.core.routes import TRAFFIC


@pytest.mark.parametrize(
    ("total", "weight", "sizes"),
    [
        (4, 20, (4, 1)),
        (4, 50, (4, 4)),
        (10, 5, (10, 1)),
        (10, 10, (10, 1)),
        (10, 33, (10, 5)),
        (1, 5, (1, 1)),
        (4, 80, (1, 4)),
        (10, 90, (1, 10)),
    ],
)
def test_pods_are_in_the_ratio_of_the_weights(total: int, weight: int, sizes: tuple[int, int]) -> None:
    assert split_by_weight(total, weight) == sizes


@given(total=st.integers(1, 200), weight=st.integers(1, 99))
def test_neither_revision_has_more_pods_than_serve_everything(total: int, weight: int) -> None:
    stable, candidate = split_by_weight(total, weight)
    assert max(stable, candidate) == total
    assert min(stable, candidate) >= 1
    share = candidate / (stable + candidate)
    assert abs(share - weight / 100) <= 1 / (stable + candidate) + 1e-9 or min(stable, candidate) == 1


def test_gateway_divides_by_weights_so_the_candidate_needs_pods_for_its_share_only() -> None:
    world, stable, second = world_of(CANARY | {"traffic": TRAFFIC}, replicas=10)
    assert world.replicas() == {stable: 10, second: 2}


@pytest.mark.parametrize("surge", [0, 1, 3])
def test_both_revisions_together_stay_within_the_surge(surge: int) -> None:
    world, stable, second = world_of({"maxSurge": surge}, replicas=4)
    for _ in range(12):
        assert sum(world.replicas().values()) <= 4 + surge
        if "candidateRevision" not in world.status:
            break
        for name in world.replicas():
            world.make_ready(name)
        world.step()
    assert world.status["stableRevision"]["name"] == second
    assert stable in {each["name"] for each in world.status["revisions"]}


def test_last_pod_of_the_stable_revision_stays_until_the_candidate_has_one() -> None:
    world, stable, second = world_of({"maxSurge": 0}, replicas=2)
    assert world.replicas() == {stable: 1, second: 1}
    for _ in range(5):
        world.step()
    assert world.replicas() == {stable: 1, second: 1}
    world.make_ready(second)
    world.settle()
    assert world.replicas() == {stable: 0, second: 2}


def test_single_pod_is_replaced_with_a_surge_of_one() -> None:
    world, stable, second = world_of({"maxSurge": 0}, replicas=1)
    assert world.replicas() == {stable: 1, second: 1}


def test_autoscaled_model_is_never_made_smaller() -> None:
    autoscaling = {"minReplicas": 4, "maxReplicas": 8}
    world, stable, second = world_of(CANARY | {"maxSurge": 0}, autoscaling=autoscaling)
    come_up(world)
    look(world)
    assert world.replicas() == {stable: 4, second: 4}


def test_canary_within_the_surge_takes_the_place_of_stable_pods() -> None:
    world, stable, second = world_of(CANARY | {"maxSurge": 1}, replicas=4)
    come_up(world)
    assert world.replicas() == {stable: 4, second: 1}
    look(world)
    assert world.replicas() == {stable: 3, second: 2}
    look(world)
    assert world.replicas() == {second: 4}


def test_shadow_within_the_surge_leaves_the_stable_revision_its_pods() -> None:
    shadow = {"shadow": {}, "maxSurge": 1}
    world, stable, second = world_of(CANARY | shadow, replicas=4)
    assert world.replicas() == {stable: 4, second: 1}
