"""The code trigger: what trains is compared with what the last run trained with."""

from dataclasses import replace
from typing import Any

import pytest

from holdfast_operator.core.code_trigger import code_digest
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from tests.unit.operator.core.builders import at, retrain_policy, retrain_run, time_at
from tests.unit.operator.core.policy_observations import finished, next_observation, observe_policy, trigger
from tests.unit.operator.core.workload_runs import workload_policy

CODE = {"triggers": {"code": {}}, "limits": {"cooldownSeconds": 0}}


def edited(observation: RetrainPolicyObservation, seconds: float, **trainer: Any) -> RetrainPolicyObservation:
    spec = observation.resource.spec
    assert spec.trainer is not None
    changed = spec.trainer.model_copy(update=trainer)
    resource = observation.resource.model_copy(update={"spec": spec.model_copy(update={"trainer": changed})})
    return replace(observation, resource=resource, now=at(seconds))


def looked(observation: RetrainPolicyObservation) -> tuple[RetrainPolicyObservation, Decision]:
    decision = decide_retrain_policy(observation)
    return next_observation(observation, decision), decision


def code(decision: Decision) -> dict[str, str]:
    assert decision.status is not None
    return dict(decision.status["code"])


def test_what_is_seen_first_is_the_base_line() -> None:
    observation, first = looked(observe_policy(CODE))
    assert code(first)["digest"] == code(first)["trainedDigest"]
    assert "lastRun" not in (first.status or {})
    _, second = looked(replace(observation, now=at(9000)))
    assert second.status == first.status


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"image": "trainer:2"}, id="image"),
        pytest.param({"command": ["python", "other.py"]}, id="command"),
        pytest.param({"data_uri": "s3://data/new"}, id="data"),
    ],
)
def test_changed_trainer_starts_one_run(change: dict[str, Any]) -> None:
    observation, _ = looked(observe_policy(CODE))
    observation, intent = looked(edited(observation, 4000, **change))
    assert intent.status is not None
    announced = intent.status["lastRun"]
    assert announced["evidence"]["changedTime"] == time_at(4000)
    assert code(intent)["digest"] == code(intent)["trainedDigest"], "the same change fires once"
    observation, _ = looked(observation)
    done = finished(announced["name"], 4200)
    _, later = looked(replace(observation, runs=(done,), now=at(4300)))
    assert (later.status or {})["lastRun"]["name"] == announced["name"]


def test_change_that_is_taken_back_in_time_starts_nothing() -> None:
    busy = (retrain_run("busy"),)
    observation, _ = looked(observe_policy(CODE, runs=busy))
    observation, held = looked(edited(observation, 4000, image="trainer:2"))
    assert trigger(held, "Code")["suppressedReason"] == "RunActive"
    observation, back = looked(edited(observation, 4100, image="trainer:1"))
    assert "suppressedReason" not in trigger(back, "Code")
    _, free = looked(replace(observation, runs=(finished("busy", 4150),), now=at(4200)))
    assert "lastRun" not in (free.status or {})


def test_change_that_comes_again_after_it_was_trained_back_is_another_cause() -> None:
    observation, _ = looked(observe_policy(CODE))
    names = []
    for seconds, image in ((4000, "trainer:2"), (5000, "trainer:1"), (6000, "trainer:2")):
        observation, intent = looked(edited(observation, seconds, image=image))
        names.append((intent.status or {})["lastRun"]["name"])
        observation, _ = looked(observation)
        runs = tuple(finished(name, seconds + 60) for name in names)
        observation = replace(observation, runs=runs, now=at(seconds + 120))
    assert len(set(names)) == 3


@pytest.mark.parametrize(
    ("started", "answered"), [pytest.param(3990, False, id="before"), pytest.param(4000, True, id="after")]
)
def test_run_for_another_cause_answers_only_what_was_changed_before_it(started: int, answered: bool) -> None:
    busy = retrain_run("busy", status={"startTime": time_at(started)})
    observation, _ = looked(observe_policy(CODE))
    observation, _ = looked(
        replace(edited(observation, 4000, image="trainer:2"), runs=(retrain_run("busy"),))
    )
    _, seen = looked(replace(observation, runs=(busy,)))
    assert (code(seen)["digest"] == code(seen)["trainedDigest"]) is answered


def test_suspended_policy_sees_the_change_when_it_is_resumed() -> None:
    observation, first = looked(observe_policy(CODE))
    spec = observation.resource.spec.model_copy(update={"suspend": True})
    resource = observation.resource.model_copy(update={"spec": spec})
    suspended, held = looked(edited(replace(observation, resource=resource), 4000, image="trainer:2"))
    assert code(held) == code(first)
    resumed = suspended.resource.spec.model_copy(update={"suspend": False})
    _, fired = looked(
        replace(suspended, resource=suspended.resource.model_copy(update={"spec": resumed}), now=at(5000))
    )
    assert (fired.status or {})["lastRun"]["trigger"] == "Code"


def test_defaults_do_not_count_as_code() -> None:
    plain = retrain_policy()
    spelled = retrain_policy(
        {"trainer": {"image": "trainer:1", "imagePullPolicy": "IfNotPresent", "args": []}}
    )
    assert code_digest(plain) == code_digest(spelled)


def test_changed_workload_starts_a_run_that_names_no_image() -> None:
    observation, _ = looked(observe_policy(workload_policy().model_dump(by_alias=True)["spec"] | CODE))
    spec = observation.resource.spec
    assert spec.workload is not None
    workload = spec.workload.model_copy(update={"queue_name": "other"})
    resource = observation.resource.model_copy(
        update={"spec": spec.model_copy(update={"workload": workload})}
    )
    observation, _ = looked(replace(observation, resource=resource, now=at(5)))
    _, decision = looked(observation)
    run = (decision.status or {})["lastRun"]
    assert run["reason"] == "spec.workload has changed."
    assert "image" not in run["evidence"]
