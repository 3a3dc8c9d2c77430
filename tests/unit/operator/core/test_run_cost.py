"""What a run took, from the containers of its pods."""

from typing import Any

import pytest

from holdfast_operator.core.retrain_run import decide_retrain_run
from holdfast_operator.core.run_cost import assess_cost
from tests.unit.operator.core.builders import job_condition, message, pod, time_at
from tests.unit.operator.core.run_observations import RESULT, STARTED, observe_run, training_job


def ended(
    name: str, start: int, end: int, code: int = 0, text: str = "", field: str = "state"
) -> dict[str, Any]:
    times = {"startedAt": time_at(start), "finishedAt": time_at(end)}
    return {"name": name, field: {"terminated": {"exitCode": code, "message": text, **times}}}


def training_pod(*statuses: dict[str, Any], trainer_cpu: str | None = "500m") -> dict[str, Any]:
    requests = {} if trainer_cpu is None else {"resources": {"requests": {"cpu": trainer_cpu}}}
    spec = {
        "initContainers": [{"name": "trainer", **requests}],
        "containers": [{"name": "evaluate", "resources": {"requests": {"cpu": "2"}}}],
    }
    trainers = [each for each in statuses if each["name"] == "trainer"]
    others = [each for each in statuses if each["name"] != "trainer"]
    return {**pod(init_containers=trainers, containers=others), "spec": spec}


def test_seconds_and_reserved_cpu_add_up() -> None:
    cost = assess_cost([training_pod(ended("trainer", 0, 100), ended("evaluate", 100, 130))])
    assert cost is not None
    assert (cost.trainer_seconds, cost.evaluator_seconds, cost.requested_cpu_seconds) == (100, 30, 110)


def test_attempts_that_failed_count_too() -> None:
    first = training_pod(ended("trainer", 0, 10, code=1))
    second = training_pod(
        {**ended("trainer", 30, 60), **ended("trainer", 20, 25, 1, field="lastState")}, trainer_cpu="1"
    )
    cost = assess_cost([first, second])
    assert cost is not None
    assert (cost.trainer_seconds, cost.requested_cpu_seconds) == (45, 40)


@pytest.mark.parametrize(
    "status",
    [
        {"name": "trainer", "state": {"running": {}}},
        {"name": "trainer", "state": {"terminated": {"exitCode": 1}}},
    ],
)
def test_nothing_is_said_before_a_container_has_ended(status: dict[str, Any]) -> None:
    assert assess_cost([training_pod(status)]) is None


def test_unknown_requests_reserve_nothing() -> None:
    cost = assess_cost([training_pod(ended("trainer", 0, 100), trainer_cpu=None)])
    assert cost is not None
    assert cost.requested_cpu_seconds == 0
    assert assess_cost([{"metadata": {"name": "bare"}}]) is None


def test_cost_is_in_the_status_of_a_judged_run_and_of_a_failed_one() -> None:
    judged = training_pod(ended("trainer", 0, 100), ended("evaluate", 100, 130, text=message(**RESULT)))
    failed = training_pod(ended("trainer", 0, 7, code=1))
    for condition, pods, seconds in (("Complete", judged, 100), ("Failed", failed, 7)):
        decision = decide_retrain_run(
            observe_run(STARTED, job=training_job(job_condition(condition)), pods=[pods])
        )
        assert decision.status is not None
        assert decision.status["cost"]["trainerSeconds"] == seconds
