"""Rollout: candidates that fail, are dropped or are tried again."""

from datetime import timedelta
from typing import Any

import pytest

from tests.unit.operator.core.builders import (
    at,
    digest,
    message,
    terminated,
    waiting,
)
from tests.unit.operator.core.rollouts import candidate_pod, rolling_out
from tests.unit.operator.core.world import World


@pytest.mark.parametrize(
    ("init", "reason", "code"),
    [
        pytest.param(None, "ProgressDeadlineExceeded", None, id="nothing-known"),
        pytest.param(waiting("fetch", "ErrImagePull"), "ImagePullFailed", None, id="image-pull"),
        pytest.param(terminated("fetch", 21, before=True), "StoreUnreadable", 21, id="store"),
        pytest.param(terminated("server", 137, before=True), "ProgressDeadlineExceeded", 137, id="crash"),
    ],
)
def test_candidate_is_given_up_at_the_deadline(
    init: dict[str, Any] | None, reason: str, code: int | None
) -> None:
    world = World(rollout={"progressDeadlineSeconds": 60})
    first = world.serve()
    second = rolling_out(world)
    world.pods = [candidate_pod(world, init)] if init else []
    waiting_for = world.step()
    assert waiting_for.requeue_after_seconds == 60
    world.now += timedelta(seconds=60)
    given_up = world.step()
    assert given_up.deletions == ()
    assert [deletion.name for deletion in world.step().deletions] == [second]
    assert world.summary()["Stalled"] == f"True/{reason}"
    assert world.summary()["Ready"] == "True/Serving"
    assert world.status["lastFailure"].get("exitCode") == code
    assert world.status["revisions"][0]["name"] == second
    assert world.status["revisions"][0]["outcome"] == "Failed"
    assert world.status["stableRevision"]["name"] == first


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        pytest.param(
            message(failure={"reason": "DigestMismatch", "message": "other bytes"}),
            "DigestMismatch",
            id="said",
        ),
        pytest.param(message(digest=digest("x")), "PackageInvalid", id="no-failure"),
        pytest.param("Traceback", "PackageInvalid", id="not-json"),
    ],
)
def test_candidate_whose_package_is_refused_is_given_up_at_once(text: str, reason: str) -> None:
    world = World()
    world.serve()
    rolling_out(world)
    world.pods = [candidate_pod(world, terminated("fetch", 20, text, before=True))]
    world.settle()
    assert world.summary()["Stalled"] == f"True/{reason}"
    assert world.status["lastFailure"]["container"] == "fetch"


def test_passing_fetch_failures_are_waited_out() -> None:
    world = World()
    world.serve()
    rolling_out(world)
    world.pods = [candidate_pod(world, terminated("fetch", 0), terminated("other", 21))]
    world.settle()
    assert world.summary()["Reconciling"] == "True/RollingOut"


def test_failed_candidate_is_not_tried_again_until_something_changes() -> None:
    world = World(rollout={"progressDeadlineSeconds": 60})
    world.serve()
    second = rolling_out(world)
    world.now += timedelta(seconds=60)
    world.settle()
    at_rest = world.status
    world.now += timedelta(days=1)
    world.settle()
    assert world.status == at_rest

    world.edit(server={"replicas": 2})
    world.settle()
    assert "candidateRevision" not in world.status, "scaling is no reason to try again"

    world.edit(rollout={"progressDeadlineSeconds": 120})
    world.settle()
    assert world.status["candidateRevision"]["name"] == second
    assert world.status["candidateRevision"]["outcome"] == "RollingOut"
    world.make_ready(second)
    world.settle()
    assert world.status["stableRevision"]["name"] == second
    assert second not in [revision["name"] for revision in world.status["revisions"]]
    assert "lastFailure" not in world.status


def test_first_candidate_that_fails_leaves_nothing_ready() -> None:
    world = World(rollout={"progressDeadlineSeconds": 60})
    world.settle()
    world.pass_inspection()
    world.settle()
    world.now = at(60)
    world.settle()
    assert world.summary()["Ready"] == "False/ProgressDeadlineExceeded"
    assert world.of_kind("Deployment") == []


def test_newer_target_drops_the_candidate_under_way() -> None:
    world = World()
    first = world.serve()
    second = rolling_out(world)
    world.edit(model={"uri": "s3://models/credit/third"})
    world.settle()
    assert "candidateRevision" not in world.status
    assert {name for kind, name in world.children if kind == "Deployment"} == {first}
    assert world.status["revisions"][0] | {"outcome": "Superseded"} == world.status["revisions"][0]
    assert world.status["revisions"][0]["name"] == second


def test_going_back_to_the_stable_model_drops_the_candidate() -> None:
    world = World()
    first = world.serve()
    rolling_out(world)
    world.edit(model={"uri": "s3://models/credit/7"})
    world.settle()
    world.pass_inspection("first")
    world.settle()
    assert world.status["stableRevision"]["name"] == first
    assert world.summary()["Promoted"] == "True/Promoted"


def test_other_server_settings_replace_the_candidate_under_way() -> None:
    world = World()
    first = world.serve()
    second = rolling_out(world)
    world.edit(server={"threads": 4})
    world.settle()
    third = world.status["candidateRevision"]["name"]
    assert {name for kind, name in world.children if kind == "Deployment"} == {first, third}
    assert second != third


def test_time_spent_suspended_does_not_count_against_the_candidate() -> None:
    world = World(rollout={"progressDeadlineSeconds": 60})
    world.serve()
    rolling_out(world)
    world.edit(suspend=True)
    world.step()
    world.now += timedelta(hours=1)
    world.edit(suspend=False)
    decision = world.step()
    assert decision.requeue_after_seconds == 60
    decision = world.step()
    assert decision.requeue_after_seconds == 60
    world.now += timedelta(seconds=60)
    world.settle()
    assert world.summary()["Stalled"] == "True/ProgressDeadlineExceeded"
