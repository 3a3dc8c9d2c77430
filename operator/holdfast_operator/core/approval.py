"""Approval of a candidate by a person: who has to be asked, and what became of it."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from holdfast_operator.api.approval import Approval, ApprovalStatus
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import Evaluation, RetrainRun
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.timestamps import format_time, parse_time


@dataclass(frozen=True)
class Answer:
    """What became of the question: the status that says so, and why."""

    outcome: Literal["Approved", "Rejected"]
    status: ApprovalStatus
    note: Note


def approval_terms(policy: RetrainPolicy, model_deployment: ModelDeployment | None) -> Approval:
    """Return what is stricter of the policy's and the ModelDeployment's wishes."""
    ours = policy.spec.approval
    theirs = (model_deployment.spec.approval if model_deployment else None) or ours
    return Approval(
        mode="Manual" if "Manual" in (ours.mode, theirs.mode) else "Automatic",
        expire_seconds=min(ours.expire_seconds, theirs.expire_seconds),
        four_eyes=ours.four_eyes or theirs.four_eyes,
    )


def lacks_requester(run: RetrainRun, terms: Approval) -> bool:
    """Whether four eyes are asked for and nobody could tell whether they are four."""
    return terms.four_eyes and run.spec.trigger.type == "Manual" and run.spec.requester is None


def has_to_ask(terms: Approval, evaluation: Evaluation) -> bool:
    """Whether a candidate that did not fail waits for a person."""
    return terms.mode == "Manual" or evaluation.verdict == "Inconclusive"


def ask(terms: Approval, now: datetime) -> ApprovalStatus:
    """Return the question, with the terms that hold until it is answered."""
    return ApprovalStatus(
        requested_time=format_time(now),
        expire_time=format_time(now + timedelta(seconds=terms.expire_seconds)),
        four_eyes=terms.four_eyes,
    )


def assess_answer(run: RetrainRun, question: ApprovalStatus, now: datetime) -> Answer | None:
    """Return what a person has decided, or that it is too late; None: still waiting."""
    given = run.spec.approval
    if given is None:
        return _expired(question, now) if now >= parse_time(question.expire_time) else None
    status = question.model_copy(
        update={
            "decision": given.decision,
            "approver": given.approver,
            "comment": given.comment,
            "time": format_time(now),
        }
    )
    said = f": {given.comment}" if given.comment else "."
    if given.decision == "Rejected":
        return Answer("Rejected", status, Note(Reason.APPROVAL_REJECTED, f"{given.approver} said no{said}"))
    if question.four_eyes and given.approver == run.spec.requester:
        message = f"{given.approver} has started this run; somebody else has to approve one."
        refused = status.model_copy(update={"decision": "Rejected"})
        return Answer("Rejected", refused, Note(Reason.SELF_APPROVED, message))
    return Answer("Approved", status, Note(Reason.APPROVED, f"{given.approver} agreed{said}"))


def _expired(question: ApprovalStatus, now: datetime) -> Answer:
    status = question.model_copy(update={"decision": "Expired", "time": format_time(now)})
    return Answer(
        "Rejected", status, Note(Reason.APPROVAL_EXPIRED, f"Nobody answered by {question.expire_time}.")
    )
