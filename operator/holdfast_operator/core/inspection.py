"""Inspection: from a URI to a digest, or to a documented reason why the model cannot be served."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import ValidationError

from holdfast.labels import INSPECTION_KEY
from holdfast.results import RETRIED_REASONS, InspectionResult, ModelFailureReason
from holdfast_operator.api.model_deployment import ModelFailure, Target
from holdfast_operator.core.children import find_child, label_of
from holdfast_operator.core.jobs import has_failed, has_succeeded, is_finished
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.pods import Obstacle, Termination, describe_trouble, find_blockage, terminations
from holdfast_operator.core.progress import Note, Progress
from holdfast_operator.core.reasons import ModelDeploymentReason
from holdfast_operator.core.remedies import with_remedy
from holdfast_operator.core.timestamps import format_time, parse_time
from holdfast_operator.manifests.inspection_job import (
    INSPECT_CONTAINER,
    Inspection,
    inspection_job_name,
    render_inspection_job,
)
from holdfast_operator.manifests.metadata import Manifest, short
from holdfast_operator.manifests.pod_security import without_devices

FIRST_DELAY_SECONDS = 60
MAX_DELAY_SECONDS = 3600
MAX_FAILURE_MESSAGE = 1024
_RETRIED = RETRIED_REASONS | {
    ModelDeploymentReason.INSPECTION_FAILED,
    ModelDeploymentReason.IMAGE_PULL_FAILED,
}
_OBSTACLE_REASONS: dict[Obstacle, str] = {
    Obstacle.IMAGE: ModelDeploymentReason.IMAGE_PULL_FAILED,
    Obstacle.CLAIM: ModelFailureReason.MODEL_NOT_FOUND,
    Obstacle.CONFIGURATION: ModelDeploymentReason.INSPECTION_FAILED,
}


@dataclass(frozen=True)
class _Finding:
    """What an inspection Job has come to; neither: it is still at work."""

    result: InspectionResult | None = None
    failure: ModelFailure | None = None


def plan_inspection(observation: ModelDeploymentObservation, target: Target, attempt: int) -> Inspection:
    """Return what to inspect; the same target, image, resources and attempt always have the same key."""
    resource = observation.resource
    digest = resource.spec.model.digest
    key = short(
        {
            "uri": target.uri,
            "digest": digest,
            "credentialsSecretName": target.credentials_secret_name,
            "publicKeySecretName": target.public_key_secret_name,
            "image": observation.settings.server_image,
            "resources": without_devices(resource.spec.server.resources).model_dump(by_alias=True),
            "attempt": attempt,
        }
    )
    return Inspection(key, target.uri, digest, target.credentials_secret_name, target.public_key_secret_name)


def retry_delay(attempts: int) -> timedelta:
    """Return the pause after so many failed attempts: 60 s, doubled each time, at most an hour."""
    return timedelta(seconds=min(FIRST_DELAY_SECONDS * 2 ** min(attempts - 1, 30), MAX_DELAY_SECONDS))


def inspect_target(observation: ModelDeploymentObservation, progress: Progress) -> Progress:
    """Return the progress with the target's digest, or on the way there, or stalled."""
    failure = _known_failure(observation, progress.target)
    if failure is None:
        return _attempt(observation, progress, attempt=1)
    retry_time = _retry_time(failure)
    if retry_time is None or observation.now < retry_time:
        return _stalled(progress, failure)
    retried = _attempt(observation, progress, attempt=failure.attempts + 1)
    if retried.activity is None:
        return retried
    # A retry does not make it well: the object stays stalled until an inspection has passed.
    return replace(_stalled(retried, failure), create=retried.create, wake_time=retried.wake_time)


def is_inspection_needed(observation: ModelDeploymentObservation, target: Target, job: Manifest) -> bool:
    """Whether this round or the live status depends on the Job, or it is the evidence of the last failure."""
    live = observation.resource.status.target
    if live is not None and live.chosen_time == target.chosen_time and live.digest is not None:
        return False
    failure = _known_failure(observation, target)
    if failure is not None and label_of(job, INSPECTION_KEY) == failure.inspection_key:
        return is_finished(job)
    attempt = failure.attempts + 1 if failure is not None else 1
    return label_of(job, INSPECTION_KEY) == plan_inspection(observation, target, attempt).key


def _attempt(observation: ModelDeploymentObservation, progress: Progress, attempt: int) -> Progress:
    resource, target = observation.resource, progress.target
    inspection = plan_inspection(observation, target, attempt)
    note = Note(ModelDeploymentReason.INSPECTING, f"Looking at {target.uri}.")
    job = find_child(observation.children, "Job", inspection_job_name(resource.metadata.name, inspection.key))
    if job is None:
        rendered = render_inspection_job(resource, inspection, observation.settings)
        return replace(progress, activity=note, create=(rendered,))
    pods = [pod for pod in observation.pods if label_of(pod, INSPECTION_KEY) == inspection.key]
    finding = _assess(job, pods, inspection, observation.now)
    if finding.failure is not None:
        failure = finding.failure.model_copy(update={"attempts": attempt})
        return _stalled(replace(progress, last_failure=failure), failure)
    if finding.result is not None:
        found = {"digest": finding.result.digest, "profile_hash": finding.result.profile_hash}
        return replace(progress, target=target.model_copy(update=found))
    trouble = describe_trouble(pods)
    message = f"{note.message} So far: {trouble}." if trouble else note.message
    blockage = find_blockage(pods)
    return replace(
        progress,
        activity=Note(note.reason, message),
        wake_time=blockage.end if blockage and blockage.obstacle in _OBSTACLE_REASONS else None,
    )


def _known_failure(observation: ModelDeploymentObservation, target: Target) -> ModelFailure | None:
    failure = observation.resource.status.last_failure
    if failure is None or failure.inspection_key is None:
        return None
    key = plan_inspection(observation, target, failure.attempts).key
    return failure if failure.inspection_key == key else None


def _retry_time(failure: ModelFailure) -> datetime | None:
    if failure.reason not in _RETRIED:
        return None
    return parse_time(failure.time) + retry_delay(failure.attempts)


def _stalled(progress: Progress, failure: ModelFailure) -> Progress:
    retry_time = _retry_time(failure)
    again = f" Tried again at {format_time(retry_time)}." if retry_time else ""
    message = with_remedy(failure.reason, failure.message) + again
    return replace(progress, activity=None, stalled=Note(failure.reason, message), wake_time=retry_time)


def _assess(job: Manifest, pods: list[Manifest], inspection: Inspection, now: datetime) -> _Finding:
    if has_succeeded(job):
        return _assess_result(_read_result(terminations(pods, INSPECT_CONTAINER)), inspection, now)
    if has_failed(job):
        return _Finding(failure=_failure_of_job(job, pods, inspection, now))
    blockage = find_blockage(pods)
    if blockage is None or not blockage.is_over(now):
        return _Finding()
    reason = _OBSTACLE_REASONS.get(blockage.obstacle)
    return _Finding(failure=_failure(inspection, now, reason, blockage.message) if reason else None)


def _assess_result(result: InspectionResult | None, inspection: Inspection, now: datetime) -> _Finding:
    if result is None or (result.digest is None and result.failure is None):
        message = "the inspection ended without a valid result"
        return _Finding(failure=_failure(inspection, now, ModelDeploymentReason.INSPECTION_FAILED, message))
    if result.failure is not None:
        return _Finding(failure=_failure(inspection, now, result.failure.reason, result.failure.message))
    if inspection.digest is not None and result.digest != inspection.digest:
        message = f"found {result.digest}, but spec.model.digest is {inspection.digest}"
        return _Finding(failure=_failure(inspection, now, ModelFailureReason.DIGEST_MISMATCH, message))
    return _Finding(result=result)


def _failure_of_job(
    job: Manifest, pods: list[Manifest], inspection: Inspection, now: datetime
) -> ModelFailure:
    ends = terminations(pods, INSPECT_CONTAINER)
    result = _read_result(ends)
    if result is not None and result.failure is not None:
        failure = _failure(inspection, now, result.failure.reason, result.failure.message)
    else:
        message = f"the inspection failed: {describe_trouble(pods) or has_failed(job)}"
        failure = _failure(inspection, now, ModelDeploymentReason.INSPECTION_FAILED, message)
    return failure.model_copy(update={"exit_code": ends[0].exit_code}) if ends else failure


def _failure(inspection: Inspection, now: datetime, reason: str, message: str) -> ModelFailure:
    return ModelFailure(
        reason=reason,
        message=message[:MAX_FAILURE_MESSAGE],
        container=INSPECT_CONTAINER,
        time=format_time(now),
        inspection_key=inspection.key,
    )


def _read_result(ends: list[Termination]) -> InspectionResult | None:
    """Return the newest valid result among the termination messages."""
    for end in ends:
        try:
            return InspectionResult.model_validate_json(end.message)
        except ValidationError:
            continue
    return None
