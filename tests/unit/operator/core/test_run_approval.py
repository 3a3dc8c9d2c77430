"""Approval of a candidate by a person."""

from typing import Any

import pytest

from holdfast_operator.core.decision import Decision
from holdfast_operator.core.retrain_run import decide_retrain_run
from tests.unit.operator.core.builders import (
    digest,
    message,
    model_deployment,
    retrain_policy,
    revision,
    serving_model_deployment,
    terminated,
    time_at,
)
from tests.unit.operator.core.run_observations import (
    BETTER,
    GATE,
    RESULT,
    STARTED,
    assert_failed,
    complete,
    observe_run,
    said,
    text,
)

MANUAL = {"approval": {"mode": "Manual", "expireSeconds": 600}}
FOUR_EYES = {"approval": {"mode": "Manual", "fourEyes": True}}
UNDECIDED = RESULT | {"metrics": [BETTER | {"regression": 4.0, "regressionLow": -1.0, "regressionHigh": 9.0}]}
QUESTION = {"requestedTime": time_at(100), "expireTime": time_at(700)}
ASKED = STARTED | {
    "candidate": {"digest": digest("challenger"), "uri": "s3://models/credit/challenger"},
    "approval": QUESTION,
}
YES = {"decision": "Approved", "approver": "ana", "comment": "better in every slice"}
NO = {"decision": "Rejected", "approver": "ana", "comment": "not before the audit"}


def judged(policy: dict[str, Any], result: dict[str, Any] = RESULT, **fields: Any) -> Decision:
    finished = complete(terminated("evaluate", 0, message(**result)))
    return decide_retrain_run(
        observe_run(STARTED, policy=retrain_policy(GATE | policy), **finished, **fields)
    )


def answered(approval: dict[str, Any] | None, seconds: float = 200, **fields: Any) -> Decision:
    spec = {"policyRef": {"name": "nightly"}, **fields.pop("spec", {})}
    if approval:
        spec["approval"] = approval
    status = ASKED | fields.pop("status", {})
    return decide_retrain_run(observe_run(status, spec=spec, seconds=seconds, **fields))


@pytest.mark.parametrize(
    ("policy", "result"),
    [pytest.param(MANUAL, RESULT, id="manual"), pytest.param({}, UNDECIDED, id="gate-undecided")],
)
def test_a_person_is_asked_and_the_champion_keeps_serving(
    policy: dict[str, Any], result: dict[str, Any]
) -> None:
    decision = judged(policy, result)
    assert said(decision, "Approved") == "Unknown/AwaitingApproval"
    assert said(decision, "Reconciling") == "True/AwaitingApproval"
    assert "kubectl holdfast approve again" in text(decision, "Approved")
    assert decision.status is not None
    assert decision.status["approval"]["requestedTime"] == time_at(100)
    assert decision.status["candidate"]["digest"] == digest("challenger")
    assert "acceptedTime" not in decision.status
    assert [event.reason for event in decision.events] == ["Trained", "Evaluated", "AwaitingApproval"]


def test_what_the_gate_could_not_decide_is_in_the_question() -> None:
    assert "regression 4 [-1, 9]" in text(judged({}, UNDECIDED), "Approved")


def test_model_deployment_may_ask_for_a_person_too() -> None:
    serving = serving_model_deployment()
    asking = model_deployment(MANUAL, serving.status.model_dump(by_alias=True, exclude_none=True))
    decision = judged({"approval": {"fourEyes": True}}, model=asking)
    assert decision.status is not None
    assert decision.status["approval"] == {
        "requestedTime": time_at(100),
        "expireTime": time_at(700),
        "fourEyes": True,
        "comment": "",
    }


def test_failing_candidate_is_rejected_without_asking() -> None:
    worse = RESULT | {"metrics": [BETTER | {"regression": 4.0, "regressionLow": 2.0, "regressionHigh": 9.0}]}
    assert said(judged(MANUAL, worse), "Rejected") == "True/GateFailed"


def test_approved_candidate_is_rolled_out() -> None:
    decision = answered(YES)
    assert said(decision, "Approved") == "True/Approved"
    assert said(decision, "Promoted") == "False/RollingOut"
    assert text(decision, "Approved") == "ana agreed: better in every slice"
    assert decision.status is not None
    assert decision.status["acceptedTime"] == time_at(200)
    assert decision.status["approval"] | {"comment": ""} == {
        "requestedTime": time_at(100),
        "expireTime": time_at(700),
        "fourEyes": False,
        "decision": "Approved",
        "approver": "ana",
        "comment": "",
        "time": time_at(200),
    }


def test_rejected_candidate_ends_the_run_with_the_words_of_the_person() -> None:
    decision = answered(NO)
    assert said(decision, "Approved") == "False/ApprovalRejected"
    assert said(decision, "Rejected") == "True/ApprovalRejected"
    assert text(decision, "Rejected") == "ana said no: not before the audit"
    assert "acceptedTime" not in (decision.status or {})


def test_question_without_an_answer_waits_until_it_expires() -> None:
    waiting = answered(None, seconds=650)
    assert waiting.requeue_after_seconds == 50
    assert said(waiting, "Ready") == "Unknown/AwaitingApproval"
    expired = answered(None, seconds=700)
    assert said(expired, "Rejected") == "True/ApprovalExpired"
    assert (expired.status or {})["approval"]["decision"] == "Expired"


@pytest.mark.parametrize("approval", [pytest.param(None, id="waiting"), pytest.param(YES, id="approved")])
def test_question_about_a_candidate_that_is_out_of_date_ends(approval: dict[str, Any] | None) -> None:
    model = serving_model_deployment(stableRevision=revision("other"))
    decision = answered(approval, model=model)
    assert said(decision, "Ready") == "True/Superseded"
    assert "acceptedTime" not in (decision.status or {})


def test_answer_counts_even_when_the_policy_is_gone() -> None:
    observation = observe_run(ASKED, spec={"approval": YES}, seconds=200)
    gone = decide_retrain_run(type(observation)(**{**vars(observation), "policy": None}))
    assert said(gone, "Approved") == "True/Approved"


@pytest.mark.parametrize(
    ("requester", "outcome"),
    [
        pytest.param("ana", "False/SelfApproved", id="the-same"),
        pytest.param("ben", "True/Approved", id="another"),
        pytest.param(None, "True/Approved", id="a-trigger"),
    ],
)
def test_four_eyes_are_four(requester: str | None, outcome: str) -> None:
    started = {"requester": requester} if requester else {"trigger": {"type": "Drift"}}
    asked = {"approval": QUESTION | {"fourEyes": True}}
    assert said(answered(YES, spec=started, status=asked), "Approved") == outcome


def test_run_that_nobody_could_approve_does_not_start() -> None:
    decision = decide_retrain_run(observe_run(policy=retrain_policy(FOUR_EYES)))
    assert_failed(decision, "RequesterUnknown")
    named = decide_retrain_run(observe_run(policy=retrain_policy(FOUR_EYES), spec={"requester": "ana"}))
    assert said(named, "Trained") == "Unknown/Starting"
