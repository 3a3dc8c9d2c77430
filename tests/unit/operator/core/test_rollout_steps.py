"""Canary, blue-green and shadow: a candidate goes on by steps that it has passed, or goes back."""

import pytest

from holdfast_operator.api.rollout import Canary, Rollout, Shadow
from holdfast_operator.core.rollout_plan import plan_steps
from tests.unit.operator.core.rollout_worlds import (
    ANALYSIS,
    CANARY,
    INTERVAL,
    candidate,
    come_up,
    look,
    served_by,
    world_of,
)
from tests.unit.operator.core.rollouts import rolling_out
from tests.unit.operator.core.step_evidences import evidence
from tests.unit.operator.core.world import World


@pytest.mark.parametrize(
    ("rollout", "names"),
    [
        (Rollout(), []),
        (Rollout(strategy="BlueGreen"), []),
        (Rollout(strategy="Shadow"), ["Shadow"]),
        (Rollout(strategy="Canary", canary=Canary(steps=[5, 40])), ["Canary 5 %", "Canary 40 %"]),
        (Rollout(strategy="Canary", canary=Canary(steps=[5]), shadow=Shadow()), ["Shadow", "Canary 5 %"]),
        (Rollout(strategy="BlueGreen", shadow=Shadow()), ["Shadow"]),
    ],
)
def test_steps_are_those_of_the_strategy(rollout: Rollout, names: list[str]) -> None:
    assert [step.name for step in plan_steps(rollout)] == names


def test_canary_goes_through_its_steps_and_takes_over() -> None:
    world, stable, second = world_of(CANARY)
    assert candidate(world)["weightPercent"] == 0
    assert served_by(world) == stable
    assert world.replicas() == {stable: 4, second: 1}
    come_up(world)
    assert (candidate(world)["step"], candidate(world)["steps"]) == (1, 3)
    assert candidate(world)["weightPercent"] == 20
    assert served_by(world) is None
    assert world.condition("Reconciling")["message"].startswith(
        f"{second} is at step 1 of 3: Canary 20 %, 1 beside 4 pods."
    )
    look(world)
    assert (candidate(world)["stepName"], candidate(world)["weightPercent"]) == ("Canary 50 %", 50)
    assert world.replicas() == {stable: 4, second: 4}
    look(world)
    assert world.status["stableRevision"]["name"] == second
    assert world.replicas() == {second: 4}
    assert [check["outcome"] for check in world.status["stableRevision"]["checks"]] == ["Pass", "Pass"]
    assert not {"step", "weightPercent", "judgedSince"} & world.status["stableRevision"].keys()


def test_nothing_is_judged_before_its_time() -> None:
    world, _, _ = world_of(CANARY)
    come_up(world)
    world.evidence = evidence(errors=900)
    decision = world.step()
    assert decision.requeue_after_seconds == INTERVAL
    world.wait(INTERVAL - 1)
    world.settle()
    assert candidate(world)["looks"] == 0


def test_failing_step_gives_the_candidate_up_and_keeps_its_numbers() -> None:
    world, stable, second = world_of(CANARY)
    come_up(world)
    look(world, errors=300)
    assert world.replicas() == {stable: 4}
    assert served_by(world) is None
    assert world.summary()["Stalled"] == "True/StepFailed"
    assert world.summary()["Ready"] == "True/Serving"
    left = world.status["revisions"][0]
    assert (left["name"], left["outcome"]) == (second, "Failed")
    assert left["message"] == "StepFailed: step 1 (Canary 20 %) failed: errorRate 0.3 (maxRegression 0.02)"
    assert left["checks"][0]["outcome"] == "Fail"
    world.wait(3600)
    world.settle()
    assert candidate(world) == {}, "it is not tried again"


def test_several_failures_may_be_allowed() -> None:
    analysis = ANALYSIS | {"failureThreshold": 2}
    world, _, _ = world_of(CANARY | {"analysis": analysis})
    come_up(world)
    look(world, errors=300)
    assert (candidate(world)["failures"], candidate(world)["step"]) == (1, 1)
    look(world, errors=300)
    assert world.summary()["Stalled"] == "True/StepFailed"


def test_candidate_without_a_ready_pod_fails_its_step() -> None:
    world, stable, second = world_of(CANARY)
    come_up(world)
    world.evidence = evidence()
    world.make_ready(second, 0)
    world.wait(INTERVAL)
    world.settle()
    assert world.summary()["Stalled"] == "True/StepFailed"
    assert "no pod of the candidate is ready" in world.status["lastFailure"]["message"]
    assert world.replicas() == {stable: 4}


def test_inconclusive_step_waits_and_then_asks_a_person() -> None:
    world, _, second = world_of(CANARY)
    come_up(world)
    for looks in (1, 2):
        look(world, requests=5)
        assert world.summary()["Promoted"] == "False/RollingOut"
        assert candidate(world)["looks"] == looks
    look(world, requests=5)
    assert world.summary()["Promoted"] == "False/AwaitingPromotion"
    assert "holdfast promote" in world.condition("Promoted")["message"]
    assert world.summary()["Ready"] == "True/Serving"
    world.annotate(promote=f"{second}/1")
    come_up(world)
    assert candidate(world)["step"] == 2
    look(world)
    assert world.status["stableRevision"]["name"] == second


def test_inconclusive_step_goes_on_once_there_is_enough() -> None:
    world, _, _ = world_of(CANARY)
    come_up(world)
    for _ in range(5):
        look(world, requests=5)
    look(world)
    assert candidate(world)["step"] == 2


def test_person_may_skip_all_steps() -> None:
    world, _, second = world_of(CANARY)
    come_up(world)
    world.annotate(promote=f"{second}@2026-11-26")
    come_up(world)
    assert world.status["stableRevision"]["name"] == second
    assert world.status["promotionAnswered"] == f"{second}@2026-11-26"


def test_promotion_that_was_used_up_promotes_nothing_again() -> None:
    world, _, second = world_of(CANARY)
    world.annotate(promote=f"{second}/1")
    come_up(world)
    look(world, errors=300)
    assert world.summary()["Stalled"] == "True/StepFailed"
    world.edit(rollout=CANARY | {"progressDeadlineSeconds": 700})
    come_up(world)
    assert (candidate(world)["name"], candidate(world)["step"]) == (second, 1)


def test_promotion_of_another_revision_is_no_promotion() -> None:
    world, _, _ = world_of(CANARY)
    world.annotate(promote="credit-0000000000")
    come_up(world)
    assert candidate(world)["step"] == 1


def test_paused_rollout_stays_at_its_step_and_may_still_fail() -> None:
    world, _, _ = world_of(CANARY)
    come_up(world)
    world.annotate(rollout_paused="true")
    look(world)
    assert candidate(world)["step"] == 1
    assert world.summary()["Reconciling"] == "True/RolloutPaused"
    world.annotate(rollout_paused=None)
    look(world)
    assert candidate(world)["step"] == 2
    world.annotate(rollout_paused="true")
    look(world, errors=300)
    assert world.summary()["Stalled"] == "True/StepFailed"


def test_paused_rollout_does_not_begin() -> None:
    world, stable, second = world_of(CANARY)
    world.annotate(rollout_paused="true")
    come_up(world)
    assert "step" not in candidate(world)
    assert served_by(world) == stable
    assert world.condition("Reconciling")["message"].startswith(f"{second} is ready.")


def test_manual_promotion_waits_after_the_last_step() -> None:
    world, stable, second = world_of(CANARY | {"promotion": "Manual"})
    come_up(world)
    look(world)
    look(world)
    assert world.summary()["Promoted"] == "False/AwaitingPromotion"
    assert world.status["stableRevision"]["name"] == stable
    look(world)
    world.annotate(promote=second)
    come_up(world)
    assert world.status["stableRevision"]["name"] == second


def test_rollback_by_a_person_takes_no_steps() -> None:
    world, stable, _ = world_of(CANARY)
    come_up(world)
    look(world)
    look(world)
    world.pin(stable)
    world.settle()
    come_up(world)
    assert world.status["stableRevision"]["name"] == stable


def test_first_revision_takes_no_steps() -> None:
    world = World(rollout=CANARY)
    world.serve()
    assert world.summary()["Promoted"] == "True/Promoted"


def test_model_without_pods_takes_no_steps() -> None:
    world, _, second = world_of(CANARY, replicas=0)
    come_up(world)
    assert world.status["stableRevision"]["name"] == second


def test_other_steps_begin_from_the_first() -> None:
    world, _, _ = world_of(CANARY)
    come_up(world)
    look(world)
    assert candidate(world)["step"] == 2
    world.edit(rollout=CANARY | {"canary": {"steps": [10, 20, 30]}})
    come_up(world)
    assert (candidate(world)["step"], candidate(world)["steps"]) == (1, 4)


def test_newer_model_replaces_a_candidate_in_its_steps() -> None:
    world, stable, second = world_of(CANARY)
    come_up(world)
    third = rolling_out(world, "third")
    assert world.replicas().keys() == {stable, third}
    assert world.status["revisions"][0]["name"] == second
    assert "step" not in world.status["revisions"][0]
