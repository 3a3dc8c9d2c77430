"""A run that another engine trains for: the workload, its evaluation, and how either can end."""

from typing import Any

import pytest

from holdfast_operator.core.retrain_run import decide_retrain_run
from tests.unit.operator.core.builders import (
    job_condition,
    message,
    pod,
    retrain_policy,
    retrain_run,
    running,
    terminated,
    time_at,
    waiting,
)
from tests.unit.operator.core.run_observations import (
    RESULT,
    assert_failed,
    next_observation,
    observe_run,
    said,
    text,
    training_job,
)
from tests.unit.operator.core.workload_runs import (
    ANNOUNCED,
    EVALUATING,
    TRAINING,
    live_workload,
    observe_workload_run,
    workload_policy,
)

DONE = {"conditions": [{"type": "Succeeded", "status": "True"}]}
BROKEN = {"conditions": [{"type": "Failed", "status": "True", "message": "Master exited with 1."}]}


def test_start_announces_the_workload_and_the_evaluation_job() -> None:
    decision = decide_retrain_run(observe_run(policy=workload_policy()))
    assert decision.create == ()
    assert decision.status is not None
    assert decision.status["job"] == "again-evaluate"
    assert decision.status["workload"] == {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "name": "again",
    }


def test_announced_workload_is_made_once() -> None:
    decision = decide_retrain_run(observe_workload_run(ANNOUNCED))
    (made,) = decision.create
    assert (made["kind"], made["metadata"]["name"]) == ("PyTorchJob", "again")
    assert said(decision, "Trained") == "Unknown/Starting"


def test_workload_steps_back_for_a_run_that_started_first() -> None:
    other = retrain_run("aaa", {"startTime": time_at(5)})
    decision = decide_retrain_run(observe_workload_run(ANNOUNCED, others=(other,)))
    assert decision.create == ()
    assert not {"startTime", "workload", "job"} & set(decision.status or {})


def test_running_workload_is_looked_at_again_and_its_deadline_counts_from_now() -> None:
    decision = decide_retrain_run(observe_workload_run(ANNOUNCED, workload=live_workload()))
    assert said(decision, "Trained") == "Unknown/Training"
    assert decision.requeue_after_seconds == 10
    assert (decision.status or {})["workload"]["runningSinceTime"] == time_at(100)


def test_look_comes_earlier_when_the_deadline_does() -> None:
    policy = workload_policy(limits={"activeDeadlineSeconds": 96})
    status = TRAINING | {"workload": ANNOUNCED["workload"] | {"runningSinceTime": time_at(10)}}
    decision = decide_retrain_run(observe_workload_run(status, policy=policy, workload=live_workload()))
    assert decision.requeue_after_seconds == 6


def test_workload_that_runs_too_long_fails_the_run_and_is_stopped() -> None:
    policy = workload_policy(limits={"activeDeadlineSeconds": 90})
    status = TRAINING | {"workload": ANNOUNCED["workload"] | {"runningSinceTime": time_at(10)}}
    observation = observe_workload_run(status, policy=policy, workload=live_workload())
    decision = decide_retrain_run(observation)
    assert_failed(decision, "DeadlineExceeded")
    (deletion,) = decide_retrain_run(next_observation(observation, decision)).deletions
    assert (deletion.kind, deletion.uid) == ("PyTorchJob", "uid-of-workload")


@pytest.mark.parametrize(
    ("spec", "status"),
    [
        pytest.param({"suspend": True}, {}, id="spec"),
        pytest.param({"runPolicy": {"suspend": True}}, {}, id="run-policy"),
        pytest.param({}, {"jobDeploymentStatus": "Suspended"}, id="status"),
    ],
)
def test_workload_in_a_queue_is_waited_for_beyond_the_deadline(
    spec: dict[str, Any], status: dict[str, Any]
) -> None:
    policy = workload_policy(limits={"activeDeadlineSeconds": 10})
    since = TRAINING | {"workload": ANNOUNCED["workload"] | {"runningSinceTime": time_at(10)}}
    live = live_workload(status, spec=spec)
    decision = decide_retrain_run(observe_workload_run(since, policy=policy, workload=live))
    assert said(decision, "Trained") == "Unknown/Queued"
    assert said(decision, "Reconciling") == "True/Queued"
    assert "runningSinceTime" not in (decision.status or {})["workload"]


@pytest.mark.parametrize(
    ("status", "part"),
    [
        pytest.param(BROKEN, "Master exited with 1.", id="with-a-message"),
        pytest.param(
            {"conditions": [{"type": "Failed", "status": "True"}]},
            "kubectl describe PyTorchJob again",
            id="without",
        ),
    ],
)
def test_failed_workload_fails_the_run_in_the_engines_words_and_stays(
    status: dict[str, Any], part: str
) -> None:
    observation = observe_workload_run(workload=live_workload(status))
    decision = decide_retrain_run(observation)
    assert_failed(decision, "WorkloadFailed")
    assert part in text(decision, "Failed")
    assert ".." not in text(decision, "Failed")
    assert decide_retrain_run(next_observation(observation, decision)).deletions == ()


def test_succeeded_workload_is_announced_before_its_evaluation_is_made() -> None:
    observation = observe_workload_run(workload=live_workload(DONE))
    announced = decide_retrain_run(observation)
    assert announced.create == ()
    assert said(announced, "Trained") == "True/Trained"
    assert said(announced, "Reconciling") == "True/Evaluating"
    decision = decide_retrain_run(next_observation(observation, announced))
    (job,) = decision.create
    assert (job["kind"], job["metadata"]["name"]) == ("Job", "again-evaluate")
    assert said(decision, "Evaluated") == "Unknown/Evaluating"
    assert said(decision, "Trained") == "True/Trained"


def test_evaluation_is_read_like_that_of_a_training_job() -> None:
    job = training_job(job_condition("Complete"))
    pods = [pod(containers=[terminated("evaluate", 0, message(**RESULT))])]
    decision = decide_retrain_run(
        observe_workload_run(EVALUATING, job=job, pods=pods, workload=live_workload(DONE))
    )
    assert said(decision, "Evaluated") == "True/Evaluated"
    assert (decision.status or {})["acceptedTime"] == time_at(100)


@pytest.mark.parametrize(
    ("pods", "reason"),
    [
        pytest.param([], "Evaluating", id="no-pod-yet"),
        pytest.param([pod(init_containers=[running("fetch-output")])], "Evaluating", id="fetching"),
        pytest.param(
            [pod(init_containers=[waiting("fetch-output", "ImagePullBackOff")])], "WaitingForPod", id="image"
        ),
    ],
)
def test_evaluation_at_work_says_that_the_training_is_over(pods: list[Any], reason: str) -> None:
    decision = decide_retrain_run(observe_workload_run(EVALUATING, job=training_job(), pods=pods))
    assert said(decision, "Trained") == "True/Trained"
    assert said(decision, "Reconciling") == f"True/{reason}"


def test_output_that_cannot_be_fetched_fails_the_run() -> None:
    failure = message(failure={"reason": "PackageInvalid", "message": "the workload left no model.onnx"})
    pods = [pod(init_containers=[terminated("fetch-output", 20, failure)])]
    job = training_job(job_condition("Failed", "PodFailurePolicy"))
    decision = decide_retrain_run(observe_workload_run(EVALUATING, job=job, pods=pods))
    assert_failed(decision, "OutputUnreadable")
    assert "left no model.onnx" in text(decision, "Failed")
    assert said(decision, "Trained") == "True/Trained"


def test_deleted_evaluation_fails_the_run() -> None:
    decision = decide_retrain_run(observe_workload_run(EVALUATING, workload=live_workload(DONE)))
    assert_failed(decision, "JobDeleted")


def test_deleted_workload_fails_the_run() -> None:
    assert_failed(decide_retrain_run(observe_workload_run()), "WorkloadDeleted")


def test_workload_of_someone_else_is_never_adopted() -> None:
    live = live_workload()
    live["metadata"]["ownerReferences"] = []
    decision = decide_retrain_run(observe_workload_run(ANNOUNCED, workload=live))
    assert_failed(decision, "NameConflict")
    assert "PyTorchJob again" in text(decision, "Failed")


@pytest.mark.parametrize(
    ("status", "policy"),
    [
        pytest.param(ANNOUNCED, retrain_policy(), id="trainer-for-workload"),
        pytest.param(
            {key: value for key, value in ANNOUNCED.items() if key != "workload"},
            workload_policy(),
            id="workload-for-trainer",
        ),
    ],
)
def test_engine_that_was_exchanged_meanwhile_fails_the_run(status: dict[str, Any], policy: Any) -> None:
    decision = decide_retrain_run(observe_workload_run(status, policy=policy))
    assert_failed(decision, "ConfigurationInvalid")
    assert "make another run" in text(decision, "Failed")


def test_expression_that_is_not_a_condition_fails_the_run() -> None:
    policy = workload_policy(successExpression="status.phase", failureExpression="status.phase == 'Bad'")
    decision = decide_retrain_run(
        observe_workload_run(policy=policy, workload=live_workload({"phase": "Done"}))
    )
    assert_failed(decision, "WorkloadInvalid")
    assert "gives a text, not true or false" in text(decision, "Failed")


def test_condition_of_the_workload_is_not_written_anew_at_every_look() -> None:
    observation = observe_workload_run(ANNOUNCED, workload=live_workload())
    first = decide_retrain_run(observation)
    second = decide_retrain_run(next_observation(observation, first))
    assert second.status == first.status
    assert second.events == ()


def test_workload_status_with_both_ends_counts_as_failed() -> None:
    both = {"conditions": [*DONE["conditions"], *BROKEN["conditions"]]}
    assert_failed(decide_retrain_run(observe_workload_run(workload=live_workload(both))), "WorkloadFailed")
