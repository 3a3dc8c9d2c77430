"""What should serve: the spec, a RetrainRun, or a revision that a person holds."""

from typing import Any

import pytest

from tests.unit.operator.core.builders import (
    MODEL_URI,
    at,
    digest,
    time_at,
)
from tests.unit.operator.core.rollouts import accepted_run, rolling_out
from tests.unit.operator.core.world import World


def test_accepted_run_is_rolled_out_without_an_inspection() -> None:
    world = World()
    world.serve()
    world.runs = [accepted_run("older", "old", 5), accepted_run("newer", "new", 10)]
    world.now = at(11)
    decision = world.step()
    assert decision.create == ()
    candidate = world.status["candidateRevision"]
    assert candidate["origin"] == "RetrainRun/newer"
    assert candidate["uri"] == "s3://models/credit/new"
    world.make_ready(candidate["name"])
    world.settle()
    assert world.status["stableRevision"]["origin"] == "RetrainRun/newer"


def test_edit_of_the_model_wins_over_an_earlier_run() -> None:
    world = World()
    world.serve()
    world.runs = [accepted_run("newer", "new", 10)]
    world.now = at(11)
    world.settle()
    world.make_ready(world.status["candidateRevision"]["name"])
    world.settle()
    world.now = at(20)
    world.edit(model={"uri": "s3://models/credit/mine"})
    world.settle()
    assert world.status["target"]["origin"] == "Spec"
    assert world.status["target"]["chosenTime"] == time_at(20)


@pytest.mark.parametrize(
    "status",
    [
        pytest.param({"modelDeployment": "other"}, id="of-another-model"),
        pytest.param({"acceptedTime": None}, id="not-accepted"),
        pytest.param({"candidate": None}, id="without-a-candidate"),
        pytest.param({"acceptedTime": time_at(-60)}, id="before-the-spec"),
    ],
)
def test_run_that_does_not_count_changes_nothing(status: dict[str, Any]) -> None:
    world = World()
    first = world.serve()
    world.runs = [accepted_run("odd", "odd", 10, **status)]
    world.now = at(20)
    world.settle()
    assert world.status["target"]["origin"] == "Spec"
    assert world.status["stableRevision"]["name"] == first


def test_run_that_made_the_same_bytes_takes_the_revision_over() -> None:
    world = World()
    first = world.serve("same")
    world.runs = [accepted_run("again", "same", 10)]
    world.now = at(20)
    world.settle()
    assert world.status["stableRevision"]["name"] == first
    assert world.status["stableRevision"]["origin"] == "RetrainRun/again"


def serve_two(world: World) -> tuple[str, str]:
    first = world.serve()
    second = rolling_out(world)
    world.make_ready(second)
    world.settle()
    return first, second


def test_rollback_by_annotation_serves_the_old_revision_as_it_was() -> None:
    world = World()
    first, second = serve_two(world)
    world.edit(server={"threads": 4})
    world.pin(first)
    world.settle()
    assert world.status["candidateRevision"]["name"] == first
    world.make_ready(first)
    world.settle()
    assert world.status["stableRevision"]["name"] == first
    assert world.summary()["Promoted"] == "True/PinnedRevision"
    assert second in [revision["name"] for revision in world.status["revisions"]]

    world.pin(None)
    world.settle()
    assert world.status["candidateRevision"]["digest"] == digest("second")


def test_pin_of_the_stable_revision_holds_it_against_the_spec() -> None:
    world = World()
    first = world.serve()
    world.pin(first)
    world.edit(model={"uri": "s3://models/credit/8"})
    decision = world.settle()
    assert decision.create == ()
    assert world.status["stableRevision"]["name"] == first
    assert world.summary()["Promoted"] == "True/PinnedRevision"


def test_pin_of_the_candidate_keeps_it_going() -> None:
    world = World()
    world.serve()
    second = rolling_out(world)
    world.pin(second)
    world.settle()
    assert world.status["candidateRevision"]["name"] == second


def test_unknown_pin_stalls_but_what_serves_stays() -> None:
    world = World()
    first = world.serve()
    rolling_out(world)
    world.pin("no-such-revision")
    world.settle()
    assert world.summary()["Stalled"] == "True/PinnedRevisionUnknown"
    assert world.summary()["Ready"] == "True/Serving"
    assert "no-such-revision" in world.condition("Stalled")["message"]
    assert [name for kind, name in world.children if kind == "Deployment"] == [first]


def test_history_is_bounded_and_keeps_the_pinned_revision() -> None:
    world = World(revisionHistoryLimit=2)
    first = world.serve("m0")
    for index in range(1, 4):
        name = rolling_out(world, f"m{index}")
        world.make_ready(name)
        world.settle()
        if index == 1:
            oldest = world.status["revisions"][0]["name"]
    assert oldest == first
    assert len(world.status["revisions"]) == 2
    assert first not in [revision["name"] for revision in world.status["revisions"]]

    kept = world.status["revisions"][-1]["name"]
    world.pin(kept)
    world.edit(revisionHistoryLimit=1)
    world.settle()
    assert [revision["name"] for revision in world.status["revisions"]] == [kept]


def test_signature_is_asked_of_the_specs_packages_not_of_those_that_a_run_made() -> None:
    """A candidate is published by our own evaluator, which has no private key: its digest is what counts."""
    world = World(model={"uri": MODEL_URI, "verification": {"publicKeySecretName": "signing"}})
    world.settle()
    job = world.inspection()["spec"]["template"]["spec"]
    assert "signing" in str(job["volumes"])
    world.serve()
    assert world.status["stableRevision"]["publicKeySecretName"] == "signing"
    world.runs = [accepted_run("newer", "new", 10)]
    world.now = at(11)
    world.step()
    assert world.status["candidateRevision"]["origin"] == "RetrainRun/newer"
    assert "publicKeySecretName" not in world.status["candidateRevision"]
