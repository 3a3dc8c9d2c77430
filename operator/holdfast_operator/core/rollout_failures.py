"""Why a candidate is given up: what its pods say, what a step has shown, or that time is over."""

from collections.abc import Mapping

from pydantic import ValidationError

from holdfast.results import EXIT_MODEL_REFUSED, EXIT_STORE_UNREADABLE, InspectionResult, ModelFailureReason
from holdfast_operator.api.model_deployment import ModelFailure
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.pods import Obstacle, Termination, describe_trouble, find_blockage, terminations
from holdfast_operator.core.reasons import ModelDeploymentReason
from holdfast_operator.manifests.metadata import Manifest
from holdfast_operator.manifests.server_deployment import FETCH_CONTAINER

MAX_FAILURE_MESSAGE = 1024


def find_refusal(pods: list[Manifest]) -> ModelFailure | None:
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


def overdue(observation: ModelDeploymentObservation, pods: list[Manifest], obstacle: str) -> ModelFailure:
    """Return the failure of a candidate that was not ready in time."""
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
