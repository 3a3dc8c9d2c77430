"""The status of a ModelDeployment: what its progress means to people and to tools (kstatus)."""

from collections.abc import Mapping
from typing import Any

from holdfast_operator.api.model_deployment import ModelDeployment, ModelDeploymentStatus
from holdfast_operator.api.resource import Condition, ConditionStatus
from holdfast_operator.core.conditions import (
    PROMOTED,
    READY,
    RECONCILING,
    ROUTE_ACCEPTED,
    STALLED,
    Finding,
    find_condition,
    update_conditions,
)
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.pod_counts import PodCounts, count_pods, pods_of
from holdfast_operator.core.pods import describe_trouble
from holdfast_operator.core.progress import Note, Progress
from holdfast_operator.core.reasons import ModelDeploymentReason as Reason
from holdfast_operator.core.replicas import planned_replicas
from holdfast_operator.core.revision import pinned_name, trim_history
from holdfast_operator.core.rollout_controls import promotion_answered
from holdfast_operator.core.rollout_sizes import plan_sizes
from holdfast_operator.core.route_answer import RouteState, assess_route
from holdfast_operator.manifests.metadata import SERVER, selector_labels
from holdfast_operator.manifests.service import service_url


def report_progress(
    observation: ModelDeploymentObservation, progress: Progress, *, has_address: bool
) -> ModelDeploymentStatus:
    """Return the status that says how far things are; ``has_address``: the Service is ours."""
    resource = observation.resource
    counts = count_pods(observation, progress.stable, _desired(observation, progress))
    ready = _assess_ready(observation, progress, counts)
    if not has_address and progress.stalled is not None:
        ready = Finding(READY, "False", progress.stalled.reason, progress.stalled.message)
    work, promoted = _assess_work(progress, counts), _assess_promoted(resource, progress)
    findings = [ready, *work, promoted, *_assess_route(observation, progress)]
    return ModelDeploymentStatus(
        observed_generation=resource.metadata.generation,
        conditions=_update(observation, findings),
        target=progress.target,
        stable_revision=progress.stable,
        candidate_revision=progress.candidate,
        probation=progress.probation,
        promotion_answered=promotion_answered(resource, progress.candidate),
        revisions=list(trim_history(resource, progress.revisions)),
        url=service_url(resource),
        replicas=counts.current,
        ready_replicas=counts.ready,
        selector=_selector(resource),
        last_failure=progress.last_failure,
    )


def _desired(observation: ModelDeploymentObservation, progress: Progress) -> int:
    """Return the number of pods of what serves, or should serve first."""
    return plan_sizes(observation, progress).stable if progress.stable else planned_replicas(observation)


def report_suspended(observation: ModelDeploymentObservation) -> ModelDeploymentStatus:
    """Return the status of a resource that is left as it is: only the counts of pods move."""
    resource = observation.resource
    status = resource.status
    counts = count_pods(observation, status.stable_revision, planned_replicas(observation))
    message = "spec.suspend is true: everything stays as it is."
    findings = [
        _unchanged(resource, READY, message),
        Finding(RECONCILING, "False", Reason.SUSPENDED, message),
        Finding(STALLED, "False", Reason.SUSPENDED, message),
        _unchanged(resource, PROMOTED, message),
    ]
    if find_condition(status.conditions, ROUTE_ACCEPTED) is not None:
        findings.append(_unchanged(resource, ROUTE_ACCEPTED, message))
    return status.model_copy(
        update={
            "observed_generation": resource.metadata.generation,
            "conditions": _update(observation, findings),
            "replicas": counts.current,
            "ready_replicas": counts.ready,
        }
    )


def dump_status(status: ModelDeploymentStatus) -> Mapping[str, Any]:
    """Return the status as it is written."""
    return status.model_dump(mode="json", by_alias=True, exclude_none=True)


def _update(observation: ModelDeploymentObservation, findings: list[Finding]) -> list[Condition]:
    resource = observation.resource
    return update_conditions(
        resource.status.conditions, findings, resource.metadata.generation, observation.now
    )


def _unchanged(resource: ModelDeployment, type_: str, message: str) -> Finding:
    known = find_condition(resource.status.conditions, type_)
    if known is None:
        return Finding(type_, "Unknown", Reason.SUSPENDED, message)
    return Finding(type_, known.status, known.reason, known.message)


def _assess_ready(observation: ModelDeploymentObservation, progress: Progress, counts: PodCounts) -> Finding:
    stable = progress.stable
    if stable is None:
        return _of_note(READY, "Unknown" if progress.stalled is None else "False", progress.note)
    if counts.desired == 0:
        return Finding(READY, "True", Reason.SCALED_TO_ZERO, _scaled_to_zero(observation.resource))
    message = f"{counts.ready} of {counts.desired} pods of {stable.name} are ready."
    if counts.ready > 0:
        return Finding(READY, "True", Reason.SERVING, message)
    trouble = describe_trouble(pods_of(observation, stable))
    return Finding(READY, "False", Reason.NO_READY_PODS, f"{message} {trouble}".strip())


def _scaled_to_zero(resource: ModelDeployment) -> str:
    if resource.spec.server.autoscaling is None:
        return "spec.server.replicas is 0."
    return "The Deployment was scaled to 0, which switches its autoscaler off until someone scales it up."


def _assess_work(progress: Progress, counts: PodCounts) -> list[Finding]:
    """Return Reconciling and Stalled; never are both True, since tools take the first that is."""
    if progress.stalled is not None:
        note = progress.stalled
        return [
            Finding(RECONCILING, "False", note.reason, note.message),
            Finding(STALLED, "True", note.reason, note.message),
        ]
    at_rest = Finding(STALLED, "False", Reason.NOTHING_STALLED)
    if progress.activity is not None:
        return [_of_note(RECONCILING, "True", progress.activity), at_rest]
    if counts.is_complete:
        return [Finding(RECONCILING, "False", Reason.SETTLED), at_rest]
    message = f"{counts.ready} of {counts.desired} pods are ready."
    return [Finding(RECONCILING, "True", Reason.SCALING, message), at_rest]


def _assess_promoted(resource: ModelDeployment, progress: Progress) -> Finding:
    if progress.stalled is not None or progress.activity is not None:
        return _of_note(PROMOTED, "False", progress.note)
    if pinned_name(resource) is not None:
        return Finding(PROMOTED, "True", Reason.PINNED_REVISION, "The annotation holds this revision.")
    return Finding(PROMOTED, "True", Reason.PROMOTED, "What should serve is what serves.")


def _assess_route(observation: ModelDeploymentObservation, progress: Progress) -> list[Finding]:
    answer = assess_route(observation, progress)
    if answer is None:
        return []
    status: Mapping[RouteState, ConditionStatus] = {
        RouteState.ACCEPTED: "True",
        RouteState.PENDING: "Unknown",
        RouteState.REFUSED: "False",
    }
    return [_of_note(ROUTE_ACCEPTED, status[answer.state], answer.note)]


def _of_note(type_: str, status: ConditionStatus, note: Note) -> Finding:
    return Finding(type_, status, note.reason, note.message)


def _selector(resource: ModelDeployment) -> str:
    return ",".join(
        f"{key}={value}" for key, value in selector_labels(resource.metadata.name, SERVER).items()
    )
