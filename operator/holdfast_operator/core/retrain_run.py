"""Decides what should be true about a RetrainRun."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from holdfast_operator.api.approval import ApprovalStatus
from holdfast_operator.api.retrain_policy import RetrainPolicy, Trainer
from holdfast_operator.core.approval import approval_terms, assess_answer, lacks_requester
from holdfast_operator.core.audit import find_record
from holdfast_operator.core.conditions import (
    APPROVED,
    FAILED,
    PROMOTED,
    REJECTED,
    ROLLED_BACK,
    find_condition,
)
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.judgement import accept, judge, overtaken
from holdfast_operator.core.observation import RetrainRunObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.promotion import assess_promotion
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.refusals import answer_refusal
from holdfast_operator.core.retrain_run_status import HAS_TRAINED, SUPERSEDED, RunReport
from holdfast_operator.core.run_cleanup import clean_up
from holdfast_operator.core.run_cost import assess_cost
from holdfast_operator.core.run_decision import (
    FOLLOW_UP_SECONDS,
    STEP_BACK,
    WAIT_SECONDS,
    decide_run,
    fail_run,
    wait_for_run,
    was_seen,
)
from holdfast_operator.core.run_start import plan_start, training_parts
from holdfast_operator.core.runs import run_ahead
from holdfast_operator.core.timestamps import parse_time, seconds_until
from holdfast_operator.core.training import assess_training
from holdfast_operator.core.workload_run import follow_workload
from holdfast_operator.manifests.metadata import Manifest, is_controlled_by
from holdfast_operator.manifests.training_job import render_training_job

_ENDS: Final = {"Promoted": PROMOTED, "RolledBack": ROLLED_BACK, "Superseded": SUPERSEDED, "Lost": FAILED}


def decide_retrain_run(observation: RetrainRunObservation) -> Decision:
    """Return the training Job, status and events that should follow from what was observed."""
    run = observation.resource
    if run.metadata.deletion_timestamp is not None:
        return Decision()
    if run.status.completion_time is not None:
        return _close(observation, run.status.completion_time)
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
        return fail_run(observation, Note(Reason.REQUESTER_UNKNOWN, message))
    model_deployment = observation.model_deployment
    if model_deployment is None:
        message = "There is no ModelDeployment that the policy names in this namespace."
        return _stalled(observation, Note(Reason.MODEL_DEPLOYMENT_NOT_FOUND, message))
    ahead = run_ahead(observation.resource, observation.other_runs)
    if ahead is not None:
        return wait_for_run(observation, ahead.metadata.name, {})
    note = Note(Reason.STARTING, "The training is being started.")
    update = plan_start(observation.resource, policy, model_deployment, observation.now)
    report = RunReport(note, trained=("Unknown", note))
    return decide_run(observation, report, update, requeue_after_seconds=FOLLOW_UP_SECONDS)


def _train(observation: RetrainRunObservation, policy: RetrainPolicy) -> Decision:
    if observation.job is not None:
        return _follow_job(observation, policy, observation.job)
    known, workload = observation.resource.status.workload, policy.spec.workload
    if known is not None and workload is not None:
        return follow_workload(observation, policy, workload, known)
    if known is None and policy.spec.trainer is not None:
        return _make_job(observation, policy, policy.spec.trainer)
    message = "The policy has exchanged spec.trainer and spec.workload meanwhile: make another run."
    return fail_run(observation, Note(Reason.CONFIGURATION_INVALID, message))


def _make_job(observation: RetrainRunObservation, policy: RetrainPolicy, trainer: Trainer) -> Decision:
    if observation.refusal is not None:
        return answer_refusal(observation, policy, observation.refusal)
    if was_seen(observation):
        return fail_run(
            observation, Note(Reason.JOB_DELETED, "The training Job was deleted before it ended.")
        )
    ahead = run_ahead(observation.resource, observation.other_runs)
    if ahead is not None:
        return wait_for_run(observation, ahead.metadata.name, STEP_BACK)
    note = Note(Reason.STARTING, "The training Job is being made.")
    decision = decide_run(observation, RunReport(note, trained=("Unknown", note)))
    job = render_training_job(training_parts(observation, policy), trainer, observation.settings)
    return Decision(create=(job,), status=decision.status, events=decision.events)


def _follow_job(observation: RetrainRunObservation, policy: RetrainPolicy, job: Manifest) -> Decision:
    if not is_controlled_by(job, observation.resource.metadata.uid):
        message = f"A Job {job['metadata']['name']} exists that this run did not make."
        return fail_run(observation, Note(Reason.NAME_CONFLICT, message))
    has_trained = observation.resource.status.workload is not None
    training = assess_training(
        job, observation.pods, observation.now, observation.events, has_trained=has_trained
    )
    cost = {"cost": assess_cost(observation.pods)}
    if training.has_failed:
        return fail_run(observation, training.note, cost, has_trained=training.has_trained)
    if training.result is not None:
        judgement = judge(observation, policy, training.result)
        update = {**judgement.update, **cost}
        return decide_run(observation, judgement.report, update, requeue_after_seconds=WAIT_SECONDS)
    report = RunReport(
        training.note, trained=HAS_TRAINED if training.has_trained else ("Unknown", training.note)
    )
    wait = seconds_until(training.wake_time, observation.now)
    return decide_run(observation, report, requeue_after_seconds=wait)


def _await_approval(observation: RetrainRunObservation, question: ApprovalStatus) -> Decision:
    answer = assess_answer(observation.resource, question, observation.now)
    if answer is None:
        return _keep_waiting(observation, question)
    update: Mapping[str, Any] = {"approval": answer.status}
    if answer.outcome == "Rejected":
        report = RunReport(answer.note, end=REJECTED, approved=("False", answer.note))
        return decide_run(observation, report, update)
    judgement = accept(observation, answer.note)
    return decide_run(
        observation, judgement.report, {**update, **judgement.update}, requeue_after_seconds=WAIT_SECONDS
    )


def _keep_waiting(observation: RetrainRunObservation, question: ApprovalStatus) -> Decision:
    """Wait for the person, unless there is nothing to agree to any more."""
    end = overtaken(observation)
    if end is not None:
        return decide_run(observation, end)
    known = find_condition(observation.resource.status.conditions, APPROVED)
    note = Note(Reason.AWAITING_APPROVAL, known.message if known else "")
    wait = seconds_until(parse_time(question.expire_time), observation.now)
    return decide_run(observation, RunReport(note), requeue_after_seconds=wait)


def _follow_promotion(observation: RetrainRunObservation, accepted_time: str) -> Decision:
    promotion = assess_promotion(observation.resource, accepted_time, observation.model_deployment)
    if promotion.state == "Waiting":
        return decide_run(observation, RunReport(promotion.note), requeue_after_seconds=WAIT_SECONDS)
    return decide_run(observation, RunReport(promotion.note, end=_ENDS[promotion.state]))


def _stalled(observation: RetrainRunObservation, note: Note) -> Decision:
    report = RunReport(note, is_stalled=True)
    return decide_run(observation, report, requeue_after_seconds=WAIT_SECONDS)


def _close(observation: RetrainRunObservation, completion_time: str) -> Decision:
    """Take over the record of a finished run, and stop what it has left at work."""
    run = observation.resource
    cleanup = clean_up(observation, completion_time)
    record = find_record(run, observation.policy)
    if record is None:
        return cleanup
    status = run.status.model_copy(update={"record": record})
    return replace(cleanup, status=status.model_dump(mode="json", by_alias=True, exclude_none=True))
