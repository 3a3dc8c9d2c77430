"""Judgement of a finished training."""

from dataclasses import replace

import pytest

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.retrain_run import decide_retrain_run
from tests.unit.operator.core.builders import (
    digest,
    message,
    revision,
    serving_model_deployment,
    terminated,
    time_at,
)
from tests.unit.operator.core.run_observations import (
    BETTER,
    RESULT,
    STARTED,
    assert_failed,
    complete,
    next_observation,
    observe_run,
    said,
    text,
)


def test_better_candidate_is_accepted_and_rolled_out() -> None:
    observation = observe_run(STARTED, **complete(terminated("evaluate", 0, message(**RESULT))))
    decision = decide_retrain_run(observation)
    assert decision.status is not None
    assert decision.status["acceptedTime"] == time_at(100)
    assert decision.status["candidate"]["digest"] == digest("challenger")
    assert decision.status["evaluation"]["verdict"] == "Pass"
    assert said(decision, "Trained") == "True/Trained"
    assert said(decision, "Evaluated") == "True/Evaluated"
    assert said(decision, "Promoted") == "False/RollingOut"
    assert said(decision, "Ready") == "Unknown/RollingOut"
    assert "mae 32.6, champion 76.1" in text(decision, "Evaluated")
    assert [event.reason for event in decision.events] == ["Trained", "Evaluated", "Automatic", "RollingOut"]

    promoted = serving_model_deployment(
        stableRevision=revision("challenger", origin="RetrainRun/again", promotedTime=time_at(120))
    )
    done = decide_retrain_run(next_observation(observation, decision, model_deployment=promoted))
    assert said(done, "Promoted") == "True/Promoted"
    assert said(done, "Ready") == "True/Promoted"
    assert said(done, "Rejected") == "False/Promoted"
    assert said(done, "Evaluated") == "True/Evaluated"
    assert done.status is not None
    assert done.status["completionTime"] == time_at(100)
    assert decide_retrain_run(next_observation(observation, done)) == Decision()


def test_candidate_that_does_not_pass_is_rejected() -> None:
    reason = "GateFailed"
    metric = BETTER | {"regression": 4.0, "regressionLow": 2.0, "regressionHigh": 9.0}
    result = RESULT | {"metrics": [metric]}
    decision = decide_retrain_run(
        observe_run(STARTED, **complete(terminated("evaluate", 0, message(**result))))
    )
    assert said(decision, "Rejected") == f"True/{reason}"
    assert said(decision, "Ready") == f"True/{reason}"
    assert said(decision, "Stalled") == "False/NothingStalled"
    assert said(decision, "Promoted") == f"False/{reason}"
    assert "acceptedTime" not in (decision.status or {})
    assert "regression 4" in text(decision, "Rejected")


NEWER_TARGET = {"uri": "s3://x/y", "origin": "Spec", "specModelHash": "h", "chosenTime": time_at(50)}


@pytest.mark.parametrize(
    "model",
    [
        pytest.param(serving_model_deployment(stableRevision=revision("other")), id="other-champion"),
        pytest.param(serving_model_deployment(stableRevision=None), id="no-champion-any-more"),
        pytest.param(serving_model_deployment(target=NEWER_TARGET), id="newer-target"),
    ],
)
def test_candidate_judged_against_something_else_is_superseded(model: ModelDeployment) -> None:
    decision = decide_retrain_run(
        observe_run(STARTED, model=model, **complete(terminated("evaluate", 0, message(**RESULT))))
    )
    assert said(decision, "Promoted") == "False/Superseded"
    assert said(decision, "Ready") == "True/Superseded"
    assert "completionTime" in (decision.status or {})
    assert "acceptedTime" not in (decision.status or {})


def test_first_model_of_a_model_deployment_without_a_target_is_accepted() -> None:
    model = serving_model_deployment(stableRevision=None, target=None)
    result = {name: value for name, value in RESULT.items() if name not in ("championDigest", "signature")}
    status = STARTED | {"champion": None}
    decision = decide_retrain_run(
        observe_run(status, model=model, **complete(terminated("evaluate", 0, message(**result))))
    )
    assert said(decision, "Promoted") == "False/RollingOut"
    assert "no champion" in text(decision, "Evaluated")


def test_candidate_of_a_model_deployment_that_is_gone_has_failed() -> None:
    observation = observe_run(STARTED, **complete(terminated("evaluate", 0, message(**RESULT))))
    assert_failed(decide_retrain_run(replace(observation, model_deployment=None)), "ModelDeploymentNotFound")
