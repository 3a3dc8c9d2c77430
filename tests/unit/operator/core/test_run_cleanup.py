"""What a finished run leaves: nothing at work, and nothing at all once its time is over."""

from typing import Any

import pytest

from holdfast_operator.core.retrain_run import decide_retrain_run
from tests.unit.operator.core.builders import condition, job_condition, retrain_policy, time_at
from tests.unit.operator.core.run_observations import STARTED, observe_run, training_job
from tests.unit.operator.core.workload_runs import ANNOUNCED, live_workload, workload_policy

ENDED = {"completionTime": time_at(50)}
COMPLETE = job_condition("Complete")


def kept_for(seconds: int | None) -> Any:
    return retrain_policy({"limits": {"ttlSecondsAfterFinished": seconds}})


@pytest.mark.parametrize(
    ("ttl", "deleted", "wait"),
    [
        pytest.param(None, [], None, id="as-long-as-the-run"),
        pytest.param(60, [], 10, id="not-yet"),
        pytest.param(50, ["Job"], None, id="over"),
        pytest.param(0, ["Job"], None, id="at-once"),
    ],
)
def test_finished_job_stays_for_its_time(ttl: int | None, deleted: list[str], wait: float | None) -> None:
    observation = observe_run(STARTED | ENDED, policy=kept_for(ttl), job=training_job(COMPLETE))
    decision = decide_retrain_run(observation)
    assert [each.kind for each in decision.deletions] == deleted
    assert decision.requeue_after_seconds == wait
    assert decision.status is None


def test_job_at_work_is_stopped_whatever_its_time() -> None:
    observation = observe_run(STARTED | ENDED, policy=kept_for(1000), job=training_job())
    decision = decide_retrain_run(observation)
    assert [each.uid for each in decision.deletions] == ["uid-of-job"]


def test_time_of_a_deleted_policy_is_not_known() -> None:
    observation = observe_run(STARTED | ENDED, job=training_job(COMPLETE))
    object.__setattr__(observation, "policy", None)
    assert decide_retrain_run(observation).deletions == ()


@pytest.mark.parametrize(
    "job",
    [
        pytest.param(None, id="gone"),
        pytest.param(training_job(owner="uid-of-someone-else"), id="of-someone-else"),
        pytest.param(training_job(deletionTimestamp=time_at(60)), id="going"),
    ],
)
def test_what_is_gone_or_of_others_is_left_alone(job: Any) -> None:
    decision = decide_retrain_run(observe_run(STARTED | ENDED, policy=kept_for(0), job=job))
    assert decision.deletions == ()
    assert decision.requeue_after_seconds is None


@pytest.mark.parametrize(
    ("conditions", "deleted"),
    [
        pytest.param([condition("Trained", "True")], [], id="succeeded"),
        pytest.param([condition("Failed", "True", "WorkloadFailed")], [], id="failed"),
        pytest.param([condition("Failed", "True", "DeadlineExceeded")], ["PyTorchJob"], id="at-work"),
        pytest.param([], ["PyTorchJob"], id="unknown"),
    ],
)
def test_workload_is_stopped_unless_it_has_ended(conditions: list[Any], deleted: list[str]) -> None:
    status = ANNOUNCED | ENDED | {"conditions": conditions}
    observation = observe_run(status, policy=workload_policy(), workload=live_workload())
    assert [each.kind for each in decide_retrain_run(observation).deletions] == deleted


def test_job_and_workload_go_together_when_their_time_is_over() -> None:
    status = ANNOUNCED | ENDED | {"conditions": [condition("Trained", "True")]}
    policy = workload_policy(limits={"ttlSecondsAfterFinished": 10})
    observation = observe_run(status, policy=policy, job=training_job(COMPLETE), workload=live_workload())
    assert [each.kind for each in decide_retrain_run(observation).deletions] == ["Job", "PyTorchJob"]
