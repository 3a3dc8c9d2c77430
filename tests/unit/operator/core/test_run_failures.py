"""Every way in which a training fails, and its reason."""

from dataclasses import replace
from typing import Any

import pytest

from holdfast_operator.core.decision import Deletion
from holdfast_operator.core.retrain_run import decide_retrain_run
from tests.unit.operator.core.builders import (
    at,
    message,
    pod,
    terminated,
    unschedulable,
    waiting,
)
from tests.unit.operator.core.run_observations import (
    RESULT,
    STARTED,
    assert_failed,
    complete,
    failed,
    next_observation,
    observe_run,
    said,
    text,
    training_job,
)


@pytest.mark.parametrize(
    ("end", "reason", "part"),
    [
        pytest.param(None, "ResultMissing", "no termination message", id="no-pod"),
        pytest.param(terminated("evaluate", 0), "ResultMissing", "no termination message", id="empty"),
        pytest.param(terminated("evaluate", 0, "x" * 4097), "ResultMalformed", "4096 bytes", id="too-long"),
        pytest.param(terminated("evaluate", 0, "{"), "ResultMalformed", "cannot be read", id="not-json"),
        pytest.param(
            terminated("evaluate", 0, message(metrics=[{"name": "mae"}])),
            "ResultMalformed",
            "Field required",
            id="incomplete",
        ),
        pytest.param(
            terminated("evaluate", 0, message(**RESULT | {"digest": None})),
            "ResultMalformed",
            "digest",
            id="no-digest",
        ),
        pytest.param(
            terminated("evaluate", 0, message(**RESULT | {"championDigest": None})),
            "ResultMalformed",
            "compared with None",
            id="other-champion",
        ),
        pytest.param(
            terminated("evaluate", 0, message(**RESULT | {"uri": "s3://elsewhere/x"})),
            "ResultMalformed",
            "published to s3://elsewhere/x",
            id="elsewhere",
        ),
        pytest.param(
            terminated("evaluate", 0, message(**RESULT | {"uri": None})),
            "ResultMalformed",
            "published to None",
            id="nowhere",
        ),
        pytest.param(
            terminated("evaluate", 0, message(failure={"reason": "NotONNX", "message": "no."})),
            "EvaluationFailed",
            "NotONNX: no.",
            id="failure-with-exit-0",
        ),
    ],
)
def test_result_that_is_none_fails_the_run(end: dict[str, Any] | None, reason: str, part: str) -> None:
    decision = decide_retrain_run(observe_run(STARTED, **complete(*([end] if end else []))))
    assert_failed(decision, reason)
    assert part in text(decision, "Failed")


CHAMPION_FAILURE = message(failure={"reason": "StoreUnreadable", "message": "403"})


@pytest.mark.parametrize(
    ("reason", "pods", "expected", "part"),
    [
        pytest.param("DeadlineExceeded", [], "DeadlineExceeded", "activeDeadlineSeconds", id="deadline"),
        pytest.param(
            "PodFailurePolicy",
            [pod(init_containers=[terminated("trainer", 64, "3 rows")])],
            "BadData",
            "3 rows",
            id="bad-data",
        ),
        pytest.param(
            "BackoffLimitExceeded",
            [pod(init_containers=[terminated("trainer", 1)])],
            "TrainerFailed",
            "exit code 1",
            id="trainer",
        ),
        pytest.param(
            "BackoffLimitExceeded",
            [pod(init_containers=[terminated("trainer", 137, reason="OOMKilled")])],
            "OutOfMemory",
            "trainer",
            id="trainer-out-of-memory",
        ),
        pytest.param(
            "BackoffLimitExceeded",
            [pod(init_containers=[terminated("fetch-champion", 21, CHAMPION_FAILURE)])],
            "ChampionUnreadable",
            "StoreUnreadable: 403",
            id="champion",
        ),
        pytest.param(
            "PodFailurePolicy",
            [
                pod(
                    init_containers=[terminated("trainer", 0)],
                    containers=[
                        terminated("evaluate", 20, message(failure={"reason": "NotONNX", "message": "no"}))
                    ],
                )
            ],
            "EvaluationFailed",
            "NotONNX: no",
            id="evaluation",
        ),
        pytest.param(
            "BackoffLimitExceeded",
            [pod(containers=[terminated("evaluate", 1, "Traceback")])],
            "EvaluationFailed",
            "exit code 1",
            id="evaluation-crash",
        ),
        pytest.param(
            "BackoffLimitExceeded",
            [pod(reason="Evicted", message="low on disk", phase="Failed")],
            "Evicted",
            "low on disk",
            id="evicted",
        ),
        pytest.param("BackoffLimitExceeded", [], "TrainerFailed", "BackoffLimitExceeded", id="no-pods-left"),
    ],
)
def test_failed_job_has_a_documented_reason(reason: str, pods: list[Any], expected: str, part: str) -> None:
    decision = decide_retrain_run(observe_run(STARTED, **failed(reason, *pods)))
    assert_failed(decision, expected)
    assert part in text(decision, "Failed")
    has_trained = expected == "EvaluationFailed" and "NotONNX" in part
    assert said(decision, "Trained") == ("True/Trained" if has_trained else f"False/{expected}")


@pytest.mark.parametrize(
    ("blocked", "reason"),
    [
        pytest.param(
            pod(init_containers=[waiting("trainer", "ImagePullBackOff")]), "ImagePullFailed", id="image"
        ),
        pytest.param(
            pod(init_containers=[waiting("trainer", "CreateContainerConfigError", message='secret "x"')]),
            "ConfigurationInvalid",
            id="secret",
        ),
        pytest.param(
            unschedulable("p", 'persistentvolumeclaim "x" not found'), "ConfigurationInvalid", id="claim"
        ),
    ],
)
def test_blocked_pod_fails_the_run_after_a_grace_and_its_job_is_stopped(blocked: Any, reason: str) -> None:
    observation = observe_run(STARTED, job=training_job(), pods=[blocked])
    patient = decide_retrain_run(observation)
    assert said(patient, "Reconciling") == "True/WaitingForPod"
    assert patient.requeue_after_seconds == 20
    late = replace(observation, now=at(120))
    decision = decide_retrain_run(late)
    assert said(decision, "Failed") == f"True/{reason}"
    assert decision.deletions == ()
    follow_up = decide_retrain_run(next_observation(late, decision))
    assert follow_up.deletions == (Deletion("batch/v1", "Job", "bank", "again", "uid-of-job"),)


def test_job_of_someone_else_is_never_adopted() -> None:
    decision = decide_retrain_run(observe_run(STARTED, job=training_job(owner="uid-of-someone-else")))
    assert_failed(decision, "NameConflict")


def test_deleted_job_fails_the_run() -> None:
    assert_failed(decide_retrain_run(observe_run(STARTED)), "JobDeleted")
