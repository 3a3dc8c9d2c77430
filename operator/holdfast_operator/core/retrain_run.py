"""Decides what should be true about a RetrainRun."""

from collections.abc import Mapping
from typing import Any, Final

from holdfast_operator.api.approval import ApprovalStatus
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.core.approval import approval_terms, assess_answer, lacks_requester
from holdfast_operator.core.audit import find_record
from holdfast_operator.core.children import deletion_of, is_going
from holdfast_operator.core.conditions import (
    APPROVED,
    EVALUATED,
    FAILED,
    PROMOTED,
    REJECTED,
    ROLLED_BACK,
    TRAINED,
    find_condition,
)
from holdfast_operator.core.decision import Decision, Deletion
from holdfast_operator.core.events import Announcement, transition_events
from holdfast_operator.core.jobs import is_finished as is_job_finished
from holdfast_operator.core.judgement import accept, judge, overtaken
from holdfast_operator.core.observation import RetrainRunObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.promotion import assess_promotion
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.retrain_run_status import HAS_TRAINED, SUPERSEDED, RunReport, report_run
from holdfast_operator.core.run_cost import assess_cost
from holdfast_operator.core.run_start import plan_start, plan_training_job
from holdfast_operator.core.runs import is_finished, run_ahead
from holdfast_operator.core.timestamps import parse_time, seconds_until
from holdfast_operator.core.training import assess_training
from holdfast_operator.manifests.metadata import is_controlled_by

FOLLOW_UP_SECONDS: Final = 0.1
WAIT_SECONDS: Final = 30.0
"""When to look again for something that nothing may tell us about."""
_ANNOUNCEMENTS: Final = (
    Announcement(FAILED, "True", "Warning"),
    Announcement(ROLLED_BACK, "True", "Warning"),
    Announcement(REJECTED, "True"),
    Announcement(TRAINED, "True"),
    Announcement(EVALUATED, "True"),
    Announcement(APPROVED, "Unknown"),
    Announcement(APPROVED, "True"),
    Announcement(PROMOTED, "True"),
    Announcement(PROMOTED, "False"),
)
_UNSEEN: Final = frozenset({Reason.PENDING, Reason.STARTING})
_ENDS: Final = {"Promoted": PROMOTED, "RolledBack": ROLLED_BACK, "Superseded": SUPERSEDED, "Lost": FAILED}


def decide_retrain_run(observation: RetrainRunObservation) -> Decision:
    """Return the training Job, status and events that should follow from what was observed."""
    run = observation.resource
    if run.metadata.deletion_timestamp is not None:
        return Decision()
    if is_finished(run):
        return _close(observation)
    if run.status.accepted_time is not None:
        return _follow_promotion(observation, run.status.accepted_time)
    if run.status.approval is not None:
        return _await_approval(observation, run.status.approval)
    return _work(observation)


def _work(observation: RetrainRunObservation) -> Decision:
    run, policy = observation.resource, observation.policy
    if policy is None:
        message = f"There is no RetrainPolicy {run.spec.policy_ref.name} in this namespace."
        return _stalled(observation, Note(Reason.POLICY_NOT_FOUND, message))
    if run.status.start_time is None:
        return _start(observation, policy)
    return _train(observation, policy)


def _start(observation: RetrainRunObservation, policy: RetrainPolicy) -> Decision:
    """Write the intent; the Job is made when the live status holds it."""
    if lacks_requester(observation.resource, approval_terms(policy, observation.model_deployment)):
        message = "Approval asks for four eyes: spec.requester has to name who starts the run."
        return _fail(observation, Note(Reason.REQUESTER_UNKNOWN, message))
    model_deployment = observation.model_deployment
    if model_deployment is None:
        message = "There is no ModelDeployment that the policy names in this namespace."
        return _stalled(observation, Note(Reason.MODEL_DEPLOYMENT_NOT_FOUND, message))
    ahead = run_ahead(observation.resource, observation.other_runs)
    if ahead is not None:
        return _wait_for(observation, ahead.metadata.name, {})
    note = Note(Reason.STARTING, "The training Job is being made.")
    update = plan_start(observation.resource, model_deployment, observation.now)
    report = RunReport(note, trained=("Unknown", note))
    return _decision(observation, report, update, requeue_after_seconds=FOLLOW_UP_SECONDS)


def _wait_for(observation: RetrainRunObservation, ahead: str, update: Mapping[str, Any]) -> Decision:
    note = Note(Reason.WAITING_FOR_OTHER_RUN, f"RetrainRun {ahead} goes first.")
    report = RunReport(note, trained=("Unknown", Note(Reason.PENDING, "")))
    return _decision(observation, report, update, requeue_after_seconds=WAIT_SECONDS)


def _make_job(observation: RetrainRunObservation, policy: RetrainPolicy) -> Decision:
    trained = find_condition(observation.resource.status.conditions, TRAINED)
    if trained is not None and trained.reason not in _UNSEEN:
        return _fail(observation, Note(Reason.JOB_DELETED, "The training Job was deleted before it ended."))
    ahead = run_ahead(observation.resource, observation.other_runs)
    if ahead is not None:
        step_back = {"start_time": None, "job": None, "champion": None}
        return _wait_for(observation, ahead.metadata.name, step_back)
    note = Note(Reason.STARTING, "The training Job is being made.")
    decision = _decision(observation, RunReport(note, trained=("Unknown", note)))
    job = plan_training_job(observation, policy)
    return Decision(create=(job,), status=decision.status, events=decision.events)


def _train(observation: RetrainRunObservation, policy: RetrainPolicy) -> Decision:
    job = observation.job
    if job is None:
        return _make_job(observation, policy)
    if not is_controlled_by(job, observation.resource.metadata.uid):
        message = f"A Job {job['metadata']['name']} exists that this run did not make."
        return _fail(observation, Note(Reason.NAME_CONFLICT, message))
    training = assess_training(job, observation.pods, observation.now)
    cost = {"cost": assess_cost(observation.pods)}
    if training.has_failed:
        return _fail(observation, training.note, cost, has_trained=training.has_trained)
    if training.result is not None:
        judgement = judge(observation, policy, training.result)
        update = {**judgement.update, **cost}
        return _decision(observation, judgement.report, update, requeue_after_seconds=WAIT_SECONDS)
    report = RunReport(
        training.note, trained=HAS_TRAINED if training.has_trained else ("Unknown", training.note)
    )
    wait = seconds_until(training.wake_time, observation.now)
    return _decision(observation, report, requeue_after_seconds=wait)


def _await_approval(observation: RetrainRunObservation, question: ApprovalStatus) -> Decision:
    answer = assess_answer(observation.resource, question, observation.now)
    if answer is None:
        return _keep_waiting(observation, question)
    update: Mapping[str, Any] = {"approval": answer.status}
    if answer.outcome == "Rejected":
        report = RunReport(answer.note, end=REJECTED, approved=("False", answer.note))
        return _decision(observation, report, update)
    judgement = accept(observation, answer.note)
    return _decision(
        observation, judgement.report, {**update, **judgement.update}, requeue_after_seconds=WAIT_SECONDS
    )


def _keep_waiting(observation: RetrainRunObservation, question: ApprovalStatus) -> Decision:
    """Wait for the person, unless there is nothing to agree to any more."""
    end = overtaken(observation)
    if end is not None:
        return _decision(observation, end)
    known = find_condition(observation.resource.status.conditions, APPROVED)
    note = Note(Reason.AWAITING_APPROVAL, known.message if known else "")
    wait = seconds_until(parse_time(question.expire_time), observation.now)
    return _decision(observation, RunReport(note), requeue_after_seconds=wait)


def _fail(
    observation: RetrainRunObservation,
    note: Note,
    update: Mapping[str, Any] | None = None,
    *,
    has_trained: bool = False,
) -> Decision:
    trained = HAS_TRAINED if has_trained else ("False", note)
    report = RunReport(note, end=FAILED, trained=trained, evaluated=("False", note))
    return _decision(observation, report, update, requeue_after_seconds=FOLLOW_UP_SECONDS)


def _follow_promotion(observation: RetrainRunObservation, accepted_time: str) -> Decision:
    promotion = assess_promotion(observation.resource, accepted_time, observation.model_deployment)
    if promotion.state == "Waiting":
        return _decision(observation, RunReport(promotion.note), requeue_after_seconds=WAIT_SECONDS)
    return _decision(observation, RunReport(promotion.note, end=_ENDS[promotion.state]))


def _stalled(observation: RetrainRunObservation, note: Note) -> Decision:
    report = RunReport(note, is_stalled=True)
    return _decision(observation, report, requeue_after_seconds=WAIT_SECONDS)


def _close(observation: RetrainRunObservation) -> Decision:
    """Take over the record of a finished run, and stop what it has left at work."""
    run = observation.resource
    record = find_record(run, observation.policy)
    status = None if record is None else run.status.model_copy(update={"record": record})
    return Decision(
        deletions=_leftovers(observation),
        status=None if status is None else status.model_dump(mode="json", by_alias=True, exclude_none=True),
    )


def _leftovers(observation: RetrainRunObservation) -> tuple[Deletion, ...]:
    """Return the Job if it still runs; a finished one stays for its logs and goes with the run."""
    job = observation.job
    if job is None or is_going(job) or is_job_finished(job):
        return ()
    is_ours = is_controlled_by(job, observation.resource.metadata.uid)
    return (deletion_of(job),) if is_ours else ()


def _decision(
    observation: RetrainRunObservation,
    report: RunReport,
    update: Mapping[str, Any] | None = None,
    requeue_after_seconds: float | None = None,
) -> Decision:
    before = observation.resource.status
    after = report_run(observation, report, update)
    return Decision(
        status=after.model_dump(mode="json", by_alias=True, exclude_none=True),
        events=transition_events(before.conditions, after.conditions, _ANNOUNCEMENTS),
        requeue_after_seconds=requeue_after_seconds,
    )
