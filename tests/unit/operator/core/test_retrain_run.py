"""What a RetrainRun goes through until its Job is at work."""

from dataclasses import replace
from typing import Any

import pytest

from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.retrain_run import decide_retrain_run
from tests.unit.operator.core.builders import (
    condition,
    digest,
    job_condition,
    pod,
    retrain_run,
    running,
    serving_model_deployment,
    terminated,
    time_at,
    unschedulable,
)
from tests.unit.operator.core.run_observations import (
    CHAMPION,
    STARTED,
    next_observation,
    observe_run,
    said,
    text,
    training_job,
)


def test_start_is_announced_before_the_job_is_made() -> None:
    observation = observe_run()
    intent = decide_retrain_run(observation)
    assert intent.create == ()
    assert intent.status is not None
    assert intent.status["startTime"] == time_at(100)
    assert intent.status["champion"] == CHAMPION
    assert intent.status["modelDeployment"] == "credit"
    assert said(intent, "Ready") == "Unknown/Starting"
    assert said(intent, "Reconciling") == "True/Starting"
    assert said(intent, "Rejected") == "Unknown/Pending"

    act = decide_retrain_run(next_observation(observation, intent))
    assert [job["metadata"]["name"] for job in act.create] == ["again"]
    assert act.create[0]["metadata"]["ownerReferences"][0]["uid"] == "uid-of-again"
    again = decide_retrain_run(next_observation(observation, act))
    assert again.create == act.create, "a crash before the Job was made changes nothing"


def test_run_without_a_champion_trains_without_one() -> None:
    model = serving_model_deployment(stableRevision=None)
    observation = observe_run(model=model)
    intent = decide_retrain_run(observation)
    assert "champion" not in (intent.status or {})
    job = decide_retrain_run(next_observation(observation, intent)).create[0]
    names = [each["name"] for each in job["spec"]["template"]["spec"]["initContainers"]]
    assert names == ["trainer"]


@pytest.mark.parametrize(
    ("missing", "reason"),
    [({"policy": None}, "PolicyNotFound"), ({"model_deployment": None}, "ModelDeploymentNotFound")],
)
def test_run_that_refers_to_nothing_stalls_until_it_is_there(missing: dict[str, Any], reason: str) -> None:
    observation = observe_run()
    decision = decide_retrain_run(replace(observation, **missing))
    assert said(decision, "Stalled") == f"True/{reason}"
    assert said(decision, "Failed") == "Unknown/Pending"
    assert decision.requeue_after_seconds == 30
    assert (
        said(decide_retrain_run(next_observation(observation, decision)), "Stalled") == "False/NothingStalled"
    )


@pytest.mark.parametrize(
    ("other", "waits"),
    [
        pytest.param(retrain_run("first", creationTimestamp=time_at(-5)), True, id="older"),
        pytest.param(retrain_run("aaa"), True, id="same-age-by-name"),
        pytest.param(retrain_run("zzz"), False, id="same-age-later-name"),
        pytest.param(retrain_run("late", creationTimestamp=time_at(5)), False, id="younger"),
        pytest.param(
            retrain_run("late", {"startTime": time_at(6)}, creationTimestamp=time_at(5)), True, id="started"
        ),
        pytest.param(
            retrain_run("first", {"completionTime": time_at(6)}, creationTimestamp=time_at(-5)),
            False,
            id="finished",
        ),
    ],
)
def test_one_run_at_a_time(other: RetrainRun, *, waits: bool) -> None:
    decision = decide_retrain_run(observe_run(others=(other,)))
    assert (said(decision, "Reconciling") == "True/WaitingForOtherRun") is waits
    assert ("startTime" in (decision.status or {})) is not waits
    if waits:
        assert other.metadata.name in text(decision, "Reconciling")


def test_run_that_started_at_the_same_moment_steps_back() -> None:
    starting = STARTED | {"conditions": [condition("Trained", "Unknown", "Starting")]}
    other = retrain_run("aaa", {"startTime": time_at(10)})
    observation = observe_run(starting, others=(other,))
    decision = decide_retrain_run(observation)
    assert decision.create == ()
    assert "startTime" not in (decision.status or {})
    assert said(decision, "Reconciling") == "True/WaitingForOtherRun"


@pytest.mark.parametrize(
    ("pods", "reason", "trained"),
    [
        pytest.param([], "Training", "Unknown/Training", id="no-pod-yet"),
        pytest.param(
            [pod(init_containers=[running("trainer")])], "Training", "Unknown/Training", id="running"
        ),
        pytest.param(
            [pod(init_containers=[terminated("trainer", 0)])], "Evaluating", "True/Trained", id="evaluating"
        ),
        pytest.param(
            [
                pod(
                    "old", init_containers=[terminated("trainer", 0)], containers=[terminated("evaluate", 1)]
                ),
                pod("new", init_containers=[running("trainer")], created=time_at(50)),
            ],
            "Training",
            "Unknown/Training",
            id="second-attempt",
        ),
        pytest.param(
            [unschedulable("p", "no GPU")], "Unschedulable", "Unknown/Unschedulable", id="unschedulable"
        ),
    ],
)
def test_progress_of_the_job_shows(pods: list[Any], reason: str, trained: str) -> None:
    decision = decide_retrain_run(observe_run(STARTED, job=training_job(), pods=pods))
    assert said(decision, "Reconciling") == f"True/{reason}"
    assert said(decision, "Trained") == trained
    assert decision.create == ()


DONE = STARTED | {"completionTime": time_at(50)}


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(None, id="gone"),
        pytest.param(training_job(job_condition("Failed")), id="ended"),
        pytest.param(training_job(deletionTimestamp=time_at(60)), id="going"),
        pytest.param(training_job(owner="uid-of-someone-else"), id="not-ours"),
    ],
)
def test_finished_run_is_left_alone(job: Any) -> None:
    assert decide_retrain_run(observe_run(DONE, job=job)) == Decision()


def test_deleted_run_is_left_alone() -> None:
    assert decide_retrain_run(observe_run(deletionTimestamp=time_at(0))) == Decision()


IMAGE_IDS = [
    pytest.param(f"registry.example.com/trainer@{digest('t')}", digest("t"), id="pulled"),
    pytest.param(digest("t"), digest("t"), id="loaded into the node"),
    pytest.param("", None, id="not pulled yet"),
]


@pytest.mark.parametrize(("image_id", "expected"), IMAGE_IDS)
def test_image_that_trains_is_remembered_by_digest(image_id: str, expected: str | None) -> None:
    trainer = running("trainer") | {"imageID": image_id}
    pods = [pod(init_containers=[running("fetch-champion") | {"imageID": digest("x")}, trainer])]
    observation = observe_run(STARTED, job=training_job(), pods=pods)
    decision = decide_retrain_run(observation)
    assert (decision.status or {}).get("trainerImageDigest") == expected
    later = decide_retrain_run(next_observation(observation, decision, pods=()))
    assert (later.status or {}).get("trainerImageDigest") == expected
