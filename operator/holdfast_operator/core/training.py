"""How far the training Job is, and what came of it: a result, or a documented reason."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from pydantic import ValidationError

from holdfast.redaction import redact
from holdfast.results import EXIT_BAD_DATA, MAX_MESSAGE_BYTES, EvaluationResult, InspectionResult
from holdfast_operator.core.failed_pods import assess_complaint, last_complaint
from holdfast_operator.core.jobs import has_failed, has_succeeded, is_suspended
from holdfast_operator.core.pods import (
    Blockage,
    Obstacle,
    Termination,
    describe_trouble,
    find_blockage,
    newest_first,
    terminations,
    was_evicted,
)
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.manifests.metadata import Manifest
from holdfast_operator.manifests.training_containers import (
    CHAMPION_CONTAINER,
    COLLECT_CONTAINER,
    EVALUATE_CONTAINER,
    TRAINER_CONTAINER,
)

MAX_QUOTE: Final = 512
_OBSTACLE_REASONS: Final = {
    Obstacle.IMAGE: Reason.IMAGE_PULL_FAILED,
    Obstacle.CONFIGURATION: Reason.CONFIGURATION_INVALID,
    Obstacle.CLAIM: Reason.CONFIGURATION_INVALID,
}


@dataclass(frozen=True)
class Training:
    """What the Job has come to: at work, a result, or a failure."""

    note: Note
    has_trained: bool = False
    has_failed: bool = False
    result: EvaluationResult | None = None
    wake_time: datetime | None = None


def assess_training(
    job: Manifest,
    pods: tuple[Manifest, ...],
    now: datetime,
    events: tuple[Manifest, ...] = (),
    *,
    has_trained: bool = False,
) -> Training:
    """Return how far the Job is.

    Args:
        job: a Job of a run.
        pods: those of the Job.
        now: time zone aware.
        events: warnings about the Job, which are all there is to see while it has no pods.
        has_trained: the training is over, and the Job evaluates only.
    """
    has_trained = has_trained or _has_trained(pods)
    if has_succeeded(job):
        return _assess_result(terminations(pods, EVALUATE_CONTAINER))
    reason = has_failed(job)
    complaint = None if pods else last_complaint(events)
    if reason is not None:
        note = _assess_failure(reason, pods, complaint)
        return Training(note, has_trained=has_trained, has_failed=True)
    training = _assess_wait(job, pods, now, complaint) or _assess_stage(pods, has_trained=has_trained)
    return replace(training, has_trained=has_trained)


def _assess_wait(
    job: Manifest, pods: tuple[Manifest, ...], now: datetime, complaint: str | None
) -> Training | None:
    """Return what keeps the Job from its work, if anything does."""
    if is_suspended(job):
        return Training(Note(Reason.QUEUED, "The Job is suspended, for instance by the queue it waits in."))
    if complaint is not None:
        note, end = assess_complaint(complaint, job)
        return Training(note, has_failed=end is not None and now >= end, wake_time=end)
    blockage = find_blockage(pods)
    return None if blockage is None else _assess_blockage(blockage, now)


def _assess_stage(pods: tuple[Manifest, ...], *, has_trained: bool) -> Training:
    note = (
        Note(Reason.EVALUATING, "Comparing the candidate with the champion on the holdout.")
        if has_trained
        else Note(Reason.TRAINING, "The trainer is running.")
    )
    trouble = describe_trouble(pods)
    message = f"{note.message} So far: {trouble}." if trouble else note.message
    return Training(Note(note.reason, message))


def _assess_blockage(blockage: Blockage, now: datetime) -> Training:
    reason = _OBSTACLE_REASONS.get(blockage.obstacle)
    if reason is None:
        return Training(Note(Reason.UNSCHEDULABLE, f"Waiting: {blockage.message}."))
    if blockage.is_over(now):
        return Training(Note(reason, f"{blockage.message}."), has_failed=True)
    return Training(Note(Reason.WAITING_FOR_POD, f"Waiting: {blockage.message}."), wake_time=blockage.end)


def _has_trained(pods: tuple[Manifest, ...]) -> bool:
    """Whether the trainer of the newest pod has succeeded; an older pod was an earlier attempt."""
    ends = terminations(newest_first(pods)[:1], TRAINER_CONTAINER)
    return bool(ends) and ends[0].exit_code == 0


def _assess_result(ends: list[Termination]) -> Training:
    messages = [end.message for end in ends if end.exit_code == 0 and end.message]
    if not messages:
        return _not_a_result(Reason.RESULT_MISSING, "the evaluator left no termination message")
    message = messages[0]
    if len(message.encode()) > MAX_MESSAGE_BYTES:
        return _not_a_result(Reason.RESULT_MALFORMED, f"the result is longer than {MAX_MESSAGE_BYTES} bytes")
    try:
        result = EvaluationResult.model_validate_json(message)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]["msg"]
        return _not_a_result(Reason.RESULT_MALFORMED, f"the result cannot be read: {problem}")
    if result.failure is not None:
        message = f"{result.failure.reason}: {result.failure.message}"
        return _not_a_result(Reason.EVALUATION_FAILED, message)
    return Training(Note(Reason.EVALUATED, ""), has_trained=True, result=result)


def _not_a_result(reason: Reason, message: str) -> Training:
    return Training(Note(reason, f"{message.rstrip('.')}."), has_trained=True, has_failed=True)


def _assess_failure(job_reason: str, pods: tuple[Manifest, ...], complaint: str | None) -> Note:
    if job_reason == "DeadlineExceeded":
        last = f" It had no pods: {complaint}." if complaint else ""
        message = f"The run took longer than spec.limits.activeDeadlineSeconds.{last}"
        return Note(Reason.DEADLINE_EXCEEDED, message)
    end = next((each for each in terminations(pods) if each.exit_code != 0), None)
    if end is None:
        if was_evicted(pods):
            return Note(Reason.EVICTED, _eviction_message(pods))
        return Note(Reason.TRAINER_FAILED, f"The Job failed: {job_reason}.")
    if end.reason == "OOMKilled":
        return Note(Reason.OUT_OF_MEMORY, f"Container {end.container} exceeded its memory limit.")
    notes = {
        CHAMPION_CONTAINER: _champion_note,
        COLLECT_CONTAINER: _collect_note,
        EVALUATE_CONTAINER: _evaluate_note,
    }
    return notes.get(end.container, _trainer_note)(end)


def _trainer_note(end: Termination) -> Note:
    quote = f": {redact(end.message)[:MAX_QUOTE]}" if end.message else "."
    if end.exit_code == EXIT_BAD_DATA:
        return Note(Reason.BAD_DATA, f"The trainer refuses the data (exit code {end.exit_code}){quote}")
    return Note(Reason.TRAINER_FAILED, f"The trainer ended with exit code {end.exit_code}{quote}")


def _champion_note(end: Termination) -> Note:
    return Note(Reason.CHAMPION_UNREADABLE, _reported(end, InspectionResult))


def _collect_note(end: Termination) -> Note:
    return Note(Reason.OUTPUT_UNREADABLE, _reported(end, InspectionResult))


def _evaluate_note(end: Termination) -> Note:
    return Note(Reason.EVALUATION_FAILED, _reported(end, EvaluationResult))


def _reported(end: Termination, kind: type[InspectionResult] | type[EvaluationResult]) -> str:
    try:
        failure = kind.model_validate_json(end.message).failure
    except ValidationError:
        failure = None
    if failure is None:
        return f"Container {end.container} ended with exit code {end.exit_code} ({end.reason})."
    return f"{failure.reason}: {failure.message}"


def _eviction_message(pods: tuple[Manifest, ...]) -> str:
    messages = [pod["status"].get("message", "") for pod in pods if was_evicted([pod])]
    return f"The node stopped the pod: {messages[0]}"
