"""The data trigger: looks by Job, one at a time; a change starts one run, a failure starts none."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.unit.operator.core.builders import START, at, retrain_run, time_at, waiting
from tests.unit.operator.core.data_looks import URI, WatchedData
from tests.unit.operator.core.policy_observations import finished

INTERVAL = 600


def watched() -> WatchedData:
    """Return a policy whose data were seen once."""
    world = WatchedData()
    world.step()
    world.see("one")
    world.step(5)
    return world


def next_slot(world: WatchedData) -> None:
    """Go to the next look, have it made, and no further."""
    decision = world.step()
    assert decision.requeue_after_seconds is not None
    world.step(decision.requeue_after_seconds)


def test_first_look_is_the_base_line() -> None:
    world = WatchedData()
    world.step()
    (name,) = world.made
    assert name.startswith("nightly-look-")
    world.step(1)
    assert world.made == [name], "one at a time"
    world.see("one")
    decision = world.step(5)
    assert decision.status is not None
    assert decision.status["data"] == {
        "uri": URI,
        "digest": "one",
        "trainedDigest": "one",
        "objects": 3,
        "totalBytes": 700,
        "newestTime": time_at(-60),
        "changedTime": time_at(6),
    }
    assert world.last_run is None
    assert world.said() == "True/Watching"


def test_same_data_is_looked_at_once_per_slot_and_written_once() -> None:
    world = watched()
    before = world.observation.resource.status
    for _ in range(3):
        next_slot(world)
        world.see("one")
        world.step(2)
    assert len(world.made) == 4
    assert len(world.jobs) == 1, "older Jobs go"
    assert world.observation.resource.status == before
    assert START + timedelta(seconds=world.seconds) <= START + timedelta(seconds=4 * INTERVAL + 60)


def test_change_starts_one_run_named_after_it() -> None:
    world = watched()
    next_slot(world)
    world.see("two")
    decision = world.step(3)
    announced = world.last_run
    assert (announced.trigger, announced.created) == ("Data", False)
    assert announced.evidence["dataDigest"] == "two"
    assert announced.evidence["trainedDigest"] == "one"
    assert decision.status is not None
    assert decision.status["data"]["trainedDigest"] == "two"
    act = world.step(1)
    assert [each["metadata"]["name"] for each in act.create if each["kind"] == "RetrainRun"] == [
        announced.name
    ]
    done = (finished(announced.name, world.seconds + 60),)
    for _ in range(3):
        next_slot(world)
        world.see("two")
        world.step(100, runs=done)
    assert world.last_run.name == announced.name


def test_data_that_come_back_are_another_cause() -> None:
    world = watched()
    names = []
    for digest in ("two", "one", "two"):
        next_slot(world)
        world.see(digest)
        world.step(3)
        names.append(world.last_run.name)
        world.step(1)
        world.step(1, runs=tuple(finished(name, world.seconds) for name in names))
    assert len(set(names)) == 3


def test_run_for_another_cause_answers_the_change() -> None:
    world = watched()
    busy = retrain_run("busy")
    next_slot(world)
    world.see("two")
    world.step(3, runs=(busy,))
    assert world.last_run is None
    started = retrain_run("busy", status={"startTime": time_at(world.seconds + 1)})
    world.step(2, runs=(started,))
    data = world.observation.resource.status.data
    assert data is not None
    assert data.trained_digest == "two"


FAILURES: list[Any] = [
    pytest.param(20, {"failure": {"reason": "UnsupportedURI", "message": "no"}}, "DataRefused", id="refused"),
    pytest.param(21, {"failure": {"reason": "ModelNotFound", "message": "no"}}, "DataNotFound", id="absent"),
    pytest.param(
        21, {"failure": {"reason": "StoreUnreadable", "message": "no"}}, "DataUnreadable", id="unreadable"
    ),
    pytest.param(137, {}, "LookFailed", id="killed"),
    pytest.param(0, {}, "LookFailed", id="without a result"),
    pytest.param(1, {"digest": "two"}, "LookFailed", id="failed with a result"),
]


@pytest.mark.parametrize(("exit_code", "result", "reason"), FAILURES)
def test_failed_look_shows_starts_nothing_and_is_tried_again(
    exit_code: int, result: dict[str, Any], reason: str
) -> None:
    world = watched()
    next_slot(world)
    world.end(exit_code, "BackoffLimitExceeded" if exit_code else "", **result)
    world.step(1)
    assert world.said() == f"False/{reason}"
    assert world.said("Ready") == "True/Watching"
    assert world.last_run is None
    assert len(world.made) == 2
    decision = world.step(1)
    assert decision.requeue_after_seconds == 59
    world.step(59)
    assert len(world.made) == 3
    assert world.said() == f"False/{reason}", "a retry does not make it well"
    world.see("one")
    world.step(1)
    assert world.said() == "True/Watching"
    assert world.step(1).create == ()


def test_pauses_after_failures_grow_and_are_counted_once() -> None:
    world = watched()
    next_slot(world)
    pauses = []
    for _ in range(8):
        world.end(21, "PodFailurePolicy", failure={"reason": "StoreUnreadable", "message": "no"})
        world.step(1)
        pause = world.step(0).requeue_after_seconds
        assert pause is not None
        pauses.append(pause)
        world.step(pause)
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600]
    assert world.text().startswith("no. Tried again at ")


def test_lost_job_of_a_failed_look_is_not_made_again_at_once() -> None:
    world = watched()
    next_slot(world)
    world.end(21, "PodFailurePolicy", failure={"reason": "StoreUnreadable", "message": "no"})
    world.step(1)
    world.jobs.clear()
    assert world.step(1).create == ()
    assert len(world.step(60).create) == 1


def test_look_that_cannot_start_is_given_up_after_a_while_and_made_anew() -> None:
    world = watched()
    next_slot(world)
    stuck = world.made[-1]
    decision = world.wait(10, waiting("look", "ImagePullBackOff", image="evaluator:1"))
    assert decision.requeue_after_seconds == 110
    world.step(110)
    assert world.said() == "False/LookFailed"
    assert 'cannot pull image "evaluator:1"' in world.text()
    assert stuck not in world.jobs
    world.step(60)
    assert world.made[-1] != stuck


def test_other_source_begins_anew() -> None:
    world = watched()
    old = world.made[-1]
    world.edit(triggers={"data": {"uri": "s3://data/other"}})
    world.step(1)
    assert old not in world.jobs
    world.see("other")
    world.step(1)
    data = world.observation.resource.status.data
    assert data is not None
    assert (data.uri, data.digest, data.trained_digest) == ("s3://data/other", "other", "other")
    assert world.last_run is None


def test_without_the_trigger_nothing_is_left() -> None:
    world = watched()
    world.edit(triggers={})
    decision = world.step(1)
    assert (world.jobs, decision.status and decision.status.get("data")) == ({}, None)


def test_suspended_policy_does_not_look() -> None:
    world = watched()
    world.edit(suspend=True)
    decision = world.step(5 * INTERVAL)
    assert (decision.create, len(world.made)) == ((), 1)
    assert decision.status is not None
    assert decision.status["data"]["digest"] == "one"


def test_going_jobs_are_let_go() -> None:
    world = watched()
    job = world.jobs[world.made[-1]]
    job["metadata"]["deletionTimestamp"] = time_at(world.seconds)
    decision = world.step(INTERVAL)
    assert decision.deletions == ()
    assert len(decision.create) == 1


def test_clock_of_the_api_server_that_is_late_makes_no_second_job() -> None:
    world = watched()
    next_slot(world)
    job = world.jobs[world.made[-1]]
    job["metadata"]["creationTimestamp"] = time_at(world.seconds - 30)
    world.see("one")
    decision = world.step(1)
    assert decision.create == ()
    assert decision.requeue_after_seconds == pytest.approx(INTERVAL - 1)


def test_slots_of_policies_differ() -> None:
    dues: set[datetime] = set()
    for uid in ("one", "two", "three"):
        world = WatchedData()
        metadata = world.observation.resource.metadata.model_copy(update={"uid": uid})
        resource = world.observation.resource.model_copy(update={"metadata": metadata})
        world.observation = replace(world.observation, resource=resource)
        world.step()
        world.see("one")
        pause = world.step(1).requeue_after_seconds
        assert pause is not None
        assert pause <= INTERVAL
        dues.add(at(1 + pause))
    assert len(dues) == 3
