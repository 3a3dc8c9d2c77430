"""A Job that gets no pods: the Job controller's events tell a full quota from what the cluster refuses."""

from typing import Any

import pytest

from holdfast_operator.core.retrain_run import decide_retrain_run
from tests.unit.operator.core.builders import job_condition, pod, running, time_at
from tests.unit.operator.core.run_observations import (
    STARTED,
    assert_failed,
    failed,
    observe_run,
    said,
    text,
    training_job,
)

QUOTA = (
    'Error creating: pods "again-x7k2p" is forbidden: exceeded quota: small, requested: cpu=2, used: cpu=3, '
    "limited: cpu=4"
)
SECURITY = 'Error creating: pods "again-b4d1c" is forbidden: violates PodSecurity "restricted:latest"'


def event(note: str, reason: str = "FailedCreate", **fields: Any) -> dict[str, Any]:
    return {"reason": reason, "note": note, "deprecatedLastTimestamp": time_at(20), **fields}


def test_full_quota_is_waited_for_without_naming_a_pod_that_never_was() -> None:
    decision = decide_retrain_run(observe_run(STARTED, job=training_job(), events=(event(QUOTA),)))
    assert said(decision, "Reconciling") == "True/QuotaExceeded"
    assert "a pod is forbidden: exceeded quota: small" in text(decision, "Reconciling")
    assert "x7k2p" not in text(decision, "Reconciling")
    assert decision.requeue_after_seconds is None


@pytest.mark.parametrize(
    "events",
    [
        pytest.param([event("later", reason="Other"), event(SECURITY)], id="other-reasons-are-left-out"),
        pytest.param(
            [event(QUOTA), event(SECURITY, deprecatedLastTimestamp=time_at(40))], id="the-newest-counts"
        ),
        pytest.param([event(SECURITY, deprecatedLastTimestamp=None, eventTime=time_at(5))], id="event-time"),
        pytest.param([event(QUOTA), event(SECURITY, series={"lastObservedTime": time_at(30)})], id="series"),
        pytest.param([event(SECURITY, deprecatedLastTimestamp=None)], id="no-time"),
    ],
)
def test_pods_that_the_cluster_refuses_fail_the_run_after_a_grace(events: list[Any]) -> None:
    observation = observe_run(STARTED, job=training_job(), events=tuple(events))
    patient = decide_retrain_run(observation)
    assert said(patient, "Reconciling") == "True/AdmissionRefused"
    assert patient.requeue_after_seconds == 20
    late = observe_run(STARTED, job=training_job(), events=tuple(events), seconds=120)
    decision = decide_retrain_run(late)
    assert said(decision, "Failed") == "True/AdmissionRefused"
    assert "violates PodSecurity" in text(decision, "Failed")


def test_deadline_says_why_there_were_no_pods() -> None:
    decision = decide_retrain_run(observe_run(STARTED, **failed("DeadlineExceeded"), events=(event(QUOTA),)))
    assert_failed(decision, "DeadlineExceeded")
    assert "It had no pods: a pod is forbidden: exceeded quota" in text(decision, "Failed")


def test_old_complaint_is_forgotten_when_there_is_a_pod() -> None:
    pods = [pod(init_containers=[running("trainer")])]
    decision = decide_retrain_run(observe_run(STARTED, job=training_job(), pods=pods, events=(event(QUOTA),)))
    assert said(decision, "Reconciling") == "True/Training"


def test_suspended_job_waits_in_a_queue() -> None:
    job = training_job() | {"spec": {"suspend": True}}
    decision = decide_retrain_run(observe_run(STARTED, job=job))
    assert said(decision, "Reconciling") == "True/Queued"
    assert said(decision, "Trained") == "Unknown/Queued"


def test_suspended_job_that_has_ended_has_ended() -> None:
    job = training_job(job_condition("Failed", "DeadlineExceeded")) | {"spec": {"suspend": True}}
    assert_failed(decide_retrain_run(observe_run(STARTED, job=job)), "DeadlineExceeded")
