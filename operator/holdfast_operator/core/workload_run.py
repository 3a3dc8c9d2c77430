"""A RetrainRun whose training is the workload of another engine: it trains, then a Job of ours evaluates."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import WorkloadReference
from holdfast_operator.api.workload import Workload
from holdfast_operator.core.conditions import EVALUATED, TRAINED, find_condition
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.expressions import ExpressionError
from holdfast_operator.core.observation import RetrainRunObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.refusals import answer_refusal
from holdfast_operator.core.retrain_run_status import HAS_TRAINED, RunReport
from holdfast_operator.core.run_decision import (
    FOLLOW_UP_SECONDS,
    STEP_BACK,
    WAIT_SECONDS,
    decide_run,
    fail_run,
    wait_for_run,
    was_seen,
)
from holdfast_operator.core.run_start import training_parts
from holdfast_operator.core.runs import run_ahead
from holdfast_operator.core.timestamps import format_time, parse_time, seconds_until
from holdfast_operator.core.workload import (
    WorkloadProgress,
    WorkloadState,
    assess_workload,
    find_objection,
)
from holdfast_operator.manifests.evaluation_job import render_evaluation_job
from holdfast_operator.manifests.metadata import is_controlled_by
from holdfast_operator.manifests.workload import render_workload

POLL_SECONDS: Final = 10.0
"""Between two looks at a workload: its kind may not be watched, since it may not even be there."""


def follow_workload(
    observation: RetrainRunObservation, policy: RetrainPolicy, workload: Workload, known: WorkloadReference
) -> Decision:
    """Return what follows while there is no evaluation Job: the workload first, then that Job."""
    has_trained = _has_trained(observation)
    if observation.refusal is not None:
        return answer_refusal(observation, policy, observation.refusal, has_trained=has_trained)
    if has_trained:
        return _make_evaluation(observation, policy, workload)
    live = observation.workload
    if live is None:
        return _make_workload(observation, policy, workload)
    if not is_controlled_by(live, observation.resource.metadata.uid):
        message = f"A {known.kind} {known.name} exists that this run did not make."
        return fail_run(observation, Note(Reason.NAME_CONFLICT, message))
    try:
        progress = assess_workload(workload, live)
    except ExpressionError as error:
        return fail_run(observation, Note(Reason.WORKLOAD_INVALID, f"spec.workload: {error}."))
    return _follow(observation, policy, known, progress)


def _has_trained(observation: RetrainRunObservation) -> bool:
    trained = find_condition(observation.resource.status.conditions, TRAINED)
    return trained is not None and trained.status == "True"


def _make_workload(observation: RetrainRunObservation, policy: RetrainPolicy, workload: Workload) -> Decision:
    if was_seen(observation):
        return fail_run(
            observation, Note(Reason.WORKLOAD_DELETED, "The workload was deleted before it ended.")
        )
    ahead = run_ahead(observation.resource, observation.other_runs)
    if ahead is not None:
        return wait_for_run(observation, ahead.metadata.name, STEP_BACK)
    objection = find_objection(observation, workload)
    if objection is not None:
        return fail_run(observation, objection)
    note = Note(Reason.STARTING, f"The {workload.template.kind} is being made.")
    decision = decide_run(observation, RunReport(note, trained=("Unknown", note)), None, FOLLOW_UP_SECONDS)
    made = render_workload(training_parts(observation, policy), workload)
    return Decision(
        create=(made,),
        status=decision.status,
        events=decision.events,
        requeue_after_seconds=FOLLOW_UP_SECONDS,
    )


def _follow(
    observation: RetrainRunObservation,
    policy: RetrainPolicy,
    known: WorkloadReference,
    progress: WorkloadProgress,
) -> Decision:
    if progress.state is WorkloadState.SUCCEEDED:
        note = Note(Reason.EVALUATING, "The workload has succeeded; the evaluation is being started.")
        return decide_run(observation, RunReport(note, trained=HAS_TRAINED), None, FOLLOW_UP_SECONDS)
    if progress.state is WorkloadState.FAILED:
        said = (
            progress.message.rstrip(".")
            or f"its status says so; see kubectl describe {known.kind} {known.name}"
        )
        return fail_run(observation, Note(Reason.WORKLOAD_FAILED, f"The {known.kind} has failed: {said}."))
    if progress.state is WorkloadState.QUEUED:
        note = Note(Reason.QUEUED, f"The {known.kind} is suspended, for instance by the queue it waits in.")
        return _keep_looking(observation, note, {"workload": _since(known, None)})
    return _run_on(observation, policy, known)


def _run_on(observation: RetrainRunObservation, policy: RetrainPolicy, known: WorkloadReference) -> Decision:
    since = parse_time(known.running_since_time) if known.running_since_time else observation.now
    end = since + timedelta(seconds=policy.spec.limits.active_deadline_seconds)
    if observation.now >= end:
        message = f"The {known.kind} ran longer than spec.limits.activeDeadlineSeconds."
        return fail_run(observation, Note(Reason.DEADLINE_EXCEEDED, message))
    note = Note(Reason.TRAINING, f"The {known.kind} {known.name} is training.")
    return _keep_looking(observation, note, {"workload": _since(known, since)}, end)


def _since(known: WorkloadReference, since: datetime | None) -> WorkloadReference:
    return known.model_copy(update={"running_since_time": None if since is None else format_time(since)})


def _keep_looking(
    observation: RetrainRunObservation, note: Note, update: Mapping[str, Any], end: datetime | None = None
) -> Decision:
    wait = seconds_until(end, observation.now)
    report = RunReport(note, trained=("Unknown", note))
    return decide_run(observation, report, update, min(POLL_SECONDS, POLL_SECONDS if wait is None else wait))


def _make_evaluation(
    observation: RetrainRunObservation, policy: RetrainPolicy, workload: Workload
) -> Decision:
    evaluated = find_condition(observation.resource.status.conditions, EVALUATED)
    if evaluated is not None and evaluated.reason == Reason.EVALUATING:
        note = Note(Reason.JOB_DELETED, "The evaluation Job was deleted before it ended.")
        return fail_run(observation, note, has_trained=True)
    note = Note(Reason.EVALUATING, "Comparing the candidate with the champion on the holdout.")
    decision = decide_run(observation, RunReport(note, evaluated=("Unknown", note)))
    job = render_evaluation_job(training_parts(observation, policy), workload, observation.settings)
    return Decision(
        create=(job,),
        status=decision.status,
        events=decision.events,
        requeue_after_seconds=WAIT_SECONDS,
    )
