"""Rollout: the candidate beside the stable revision, until all its pods are ready or it is given up."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from pydantic import ValidationError

from holdfast.labels import REVISION
from holdfast.results import EXIT_MODEL_REFUSED, EXIT_STORE_UNREADABLE, InspectionResult, ModelFailureReason
from holdfast_operator.api.model_deployment import ModelDeployment, ModelFailure, Revision
from holdfast_operator.core.children import find_child, label_of
from holdfast_operator.core.conditions import RECONCILING, find_condition
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.pods import Obstacle, Termination, describe_trouble, find_blockage, terminations
from holdfast_operator.core.progress import Note, Progress
from holdfast_operator.core.reasons import ModelDeploymentReason
from holdfast_operator.core.remedies import with_remedy
from holdfast_operator.core.replicas import planned_replicas
from holdfast_operator.core.revision import pinned_name
from holdfast_operator.core.route_answer import obstacle_to_requests
from holdfast_operator.core.timestamps import format_time, parse_time
from holdfast_operator.manifests.metadata import Manifest, short
from holdfast_operator.manifests.server_deployment import FETCH_CONTAINER

MAX_FAILURE_MESSAGE = 1024
ENDPOINTS_SECONDS = 0.5


@dataclass(frozen=True)
class PodCounts:
    """Pods of a revision."""

    desired: int
    current: int = 0
    ready: int = 0
    is_complete: bool = False
    """Exactly the desired pods exist, all of the newest template, ready and available."""


def count_pods(observation: ModelDeploymentObservation, revision: Revision | None) -> PodCounts:
    """Return how many pods of the revision there are."""
    desired = planned_replicas(observation)
    deployment = find_child(observation.children, "Deployment", revision.name) if revision else None
    if deployment is None:
        return PodCounts(desired)
    status = deployment.get("status") or {}
    numbers = [
        status.get(field, 0)
        for field in ("replicas", "updatedReplicas", "readyReplicas", "availableReplicas")
    ]
    is_current = (
        status.get("observedGeneration", 0) >= deployment["metadata"].get("generation", 0)
        and deployment["spec"].get("replicas") == desired
    )
    is_complete = is_current and all(number == desired for number in numbers)
    return PodCounts(desired, current=numbers[0], ready=numbers[2], is_complete=is_complete)


def pods_of(observation: ModelDeploymentObservation, revision: Revision) -> list[Manifest]:
    """Return the pods of the revision."""
    return [pod for pod in observation.pods if label_of(pod, REVISION) == revision.name]


def roll_out(observation: ModelDeploymentObservation, progress: Progress, wanted: Revision) -> Progress:
    """Return the progress towards the wanted revision."""
    stable = progress.stable
    if stable is not None and stable.name == wanted.name:
        unchanged = stable.model_copy(update={"origin": wanted.origin})
        return replace(progress.without_candidate(), stable=unchanged, last_failure=None)
    key = rollout_key(observation.resource, progress, wanted)
    failure = progress.last_failure
    if failure is not None and failure.rollout_key == key:
        return _stalled(progress.without_candidate(), failure)
    progress, candidate = _take_candidate(progress, wanted)
    return _assess(observation, replace(progress, candidate=candidate), candidate, key)


def rollout_key(resource: ModelDeployment, progress: Progress, wanted: Revision) -> str:
    """Return the identity of an attempt: a failed one is repeated only when one of these parts changes."""
    return short(
        {
            "revision": wanted.name,
            "chosenTime": progress.target.chosen_time,
            "pin": pinned_name(resource),
            "rollout": resource.spec.rollout.model_dump(by_alias=True),
        }
    )


def _take_candidate(progress: Progress, wanted: Revision) -> tuple[Progress, Revision]:
    current = progress.candidate
    if current is not None and current.name == wanted.name:
        return progress, current.model_copy(update={"origin": wanted.origin})
    fresh = {"outcome": "RollingOut", "promoted_time": None, "message": ""}
    return progress.without_candidate(), wanted.model_copy(update=fresh)


def _assess(
    observation: ModelDeploymentObservation, progress: Progress, candidate: Revision, key: str
) -> Progress:
    now = observation.now
    counts = count_pods(observation, candidate)
    pods = pods_of(observation, candidate)
    obstacle = obstacle_to_requests(observation, progress) if counts.is_complete else ""
    if counts.is_complete and not obstacle:
        return progress.promoted(candidate, now)
    deadline = _deadline(observation, candidate)
    failure = _refusal(pods) or (_overdue(observation, pods, obstacle) if now >= deadline else None)
    if failure is not None:
        update = {"rollout_key": key, "time": format_time(now)}
        return _give_up(progress, candidate, failure.model_copy(update=update))
    trouble = obstacle or describe_trouble(pods)
    message = f"{counts.ready} of {counts.desired} pods of {candidate.name} are ready."
    message = f"{message} So far: {trouble.rstrip('.')}." if trouble else message
    # Nothing tells us when the Service of pods that are ready has got them as its endpoints.
    wake_time = now + timedelta(seconds=ENDPOINTS_SECONDS) if counts.is_complete else deadline
    return replace(progress, activity=Note(ModelDeploymentReason.ROLLING_OUT, message), wake_time=wake_time)


def _deadline(observation: ModelDeploymentObservation, candidate: Revision) -> datetime:
    """Return when the candidate is given up; time spent suspended does not count."""
    resource = observation.resource
    allowed = timedelta(seconds=resource.spec.rollout.progress_deadline_seconds)
    reconciling = find_condition(resource.status.conditions, RECONCILING)
    resumed = reconciling is not None and reconciling.reason == ModelDeploymentReason.SUSPENDED
    if resumed:
        return observation.now + allowed
    created = parse_time(candidate.created_time)
    if reconciling is not None and reconciling.status == "True":
        created = max(created, parse_time(reconciling.last_transition_time))
    return created + allowed


def _refusal(pods: list[Manifest]) -> ModelFailure | None:
    """Return the failure that the fetching container reports, if trying again cannot help."""
    for end in terminations(pods, FETCH_CONTAINER):
        if end.exit_code == EXIT_MODEL_REFUSED:
            return _fetch_failure(end)
    return None


def _fetch_failure(end: Termination) -> ModelFailure:
    try:
        failure = InspectionResult.model_validate_json(end.message).failure
    except ValidationError:
        failure = None
    if failure is not None:
        return _failure(failure.reason, failure.message, end)
    message = "the fetching container refused the package without saying why"
    return _failure(ModelFailureReason.PACKAGE_INVALID, message, end)


def _overdue(observation: ModelDeploymentObservation, pods: list[Manifest], obstacle: str) -> ModelFailure:
    seconds = observation.resource.spec.rollout.progress_deadline_seconds
    trouble = obstacle or describe_trouble(pods)
    message = f"not ready within {seconds} s{': ' + trouble if trouble else ''}"
    ends = [end for end in terminations(pods) if end.exit_code != 0]
    return _failure(_overdue_reason(pods, ends), message, ends[0] if ends else None)


def _overdue_reason(pods: list[Manifest], ends: list[Termination]) -> str:
    blockage = find_blockage(pods)
    if blockage is not None and blockage.obstacle is Obstacle.IMAGE:
        return ModelDeploymentReason.IMAGE_PULL_FAILED
    if any(end.container == FETCH_CONTAINER and end.exit_code == EXIT_STORE_UNREADABLE for end in ends):
        return ModelFailureReason.STORE_UNREADABLE
    return ModelDeploymentReason.PROGRESS_DEADLINE_EXCEEDED


def _failure(reason: str, message: str, end: Termination | None) -> ModelFailure:
    where: Mapping[str, object] = {"container": end.container, "exit_code": end.exit_code} if end else {}
    failure = ModelFailure(reason=reason, message=message[:MAX_FAILURE_MESSAGE], time="")
    return failure.model_copy(update=where)


def _give_up(progress: Progress, candidate: Revision, failure: ModelFailure) -> Progress:
    message = f"{failure.reason}: {failure.message}"[:MAX_FAILURE_MESSAGE]
    left = candidate.model_copy(update={"outcome": "Failed", "message": message})
    return _stalled(replace(progress.without_candidate(left), last_failure=failure), failure)


def _stalled(progress: Progress, failure: ModelFailure) -> Progress:
    return replace(
        progress, stalled=Note(failure.reason, with_remedy(failure.reason, failure.message)), activity=None
    )
