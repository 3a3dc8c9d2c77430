"""Blue-green and shadow: all requests change over at once, after a person or copies have spoken."""

from tests.unit.operator.core.rollout_worlds import (
    BLUE_GREEN,
    SHADOW,
    candidate,
    come_up,
    look,
    served_by,
    world_of,
)


def test_blue_green_changes_over_at_once() -> None:
    world, stable, second = world_of(BLUE_GREEN)
    assert world.replicas() == {stable: 4, second: 4}
    assert served_by(world) == stable
    come_up(world)
    assert world.status["stableRevision"]["name"] == second
    assert served_by(world) == second


def test_blue_green_waits_for_a_person_without_requests() -> None:
    world, stable, second = world_of(BLUE_GREEN | {"promotion": "Manual"})
    come_up(world)
    assert world.summary()["Promoted"] == "False/AwaitingPromotion"
    assert served_by(world) == stable
    world.annotate(promote=second)
    come_up(world)
    assert served_by(world) == second


def test_shadow_gets_copies_only_while_it_is_judged() -> None:
    world, stable, second = world_of(SHADOW)
    assert ("Service", "credit-shadow") not in world.children
    come_up(world)
    assert ("Service", "credit-candidate") in world.children
    assert candidate(world)["stepName"] == "Shadow"
    selector = world.children["Service", "credit-shadow"]["spec"]["selector"]
    assert selector["holdfast.dev/revision"] == second
    assert served_by(world) == stable
    look(world)
    assert world.status["stableRevision"]["name"] == second
    services = {name for kind, name in world.children if kind == "Service"}
    assert services == {"credit"}
