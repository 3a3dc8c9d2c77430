"""Decides what should be true about a ModelDeployment."""

from dataclasses import replace
from datetime import timedelta
from typing import Final

from holdfast_operator.core.conditions import PROMOTED, READY, STALLED
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.events import Announcement, transition_events
from holdfast_operator.core.inspection import inspect_target
from holdfast_operator.core.model_deployment_children import (
    desired_children,
    name_conflicts,
    stale_children,
)
from holdfast_operator.core.model_deployment_status import dump_status, report_progress, report_suspended
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.progress import Note, Progress
from holdfast_operator.core.reasons import ModelDeploymentReason
from holdfast_operator.core.remedies import with_remedy
from holdfast_operator.core.revision import find_revision, pinned_name, plan_revision
from holdfast_operator.core.rollout import roll_out
from holdfast_operator.core.route import missing_gateway_api
from holdfast_operator.core.route_answer import LOOK_AGAIN_SECONDS, RouteState, assess_route
from holdfast_operator.core.target import choose_target
from holdfast_operator.core.timestamps import seconds_until

FOLLOW_UP_SECONDS: Final = 0.1
"""When the status has just changed and something is to follow from it."""
CONFLICT_SECONDS: Final = 60.0
"""Nothing tells us when an object that is not ours goes away, or when a kind is installed."""
_ANNOUNCEMENTS: Final = (
    Announcement(STALLED, "True", "Warning"),
    Announcement(READY, "False", "Warning"),
    Announcement(PROMOTED, "True"),
    Announcement(PROMOTED, "False"),
)


def decide_model_deployment(observation: ModelDeploymentObservation) -> Decision:
    """Return the children, status and events that should follow from what was observed."""
    resource = observation.resource
    if resource.metadata.deletion_timestamp is not None:
        return Decision()
    if resource.spec.suspend:
        return Decision(status=dump_status(report_suspended(observation)))
    missing = missing_gateway_api(observation)
    if missing is not None:
        return _held_without_gateway_api(observation, missing)
    progress = _with_route(observation, _plan(observation))
    wanted = (*desired_children(observation, progress), *progress.create)
    conflicts = name_conflicts(observation, wanted)
    if conflicts:
        return _held_by_conflict(observation, conflicts)
    return _decision(observation, progress)


def _plan(observation: ModelDeploymentObservation) -> Progress:
    """Return the next step towards the pinned revision, or else towards the target."""
    resource = observation.resource
    target = choose_target(resource, observation.runs, observation.now)
    progress = Progress.of(resource, target)
    pin = pinned_name(resource)
    if pin is not None:
        pinned = find_revision(resource, pin)
        if pinned is None:
            return _held_by_unknown_pin(progress, pin)
        return roll_out(observation, progress, pinned, at_once=True)
    if target.digest is None:
        progress = inspect_target(observation, progress.without_candidate())
    digest = progress.target.digest
    if digest is None:
        return progress
    wanted = plan_revision(resource, progress.target, digest, observation.settings, observation.now)
    return roll_out(observation, progress, wanted)


def _with_route(observation: ModelDeploymentObservation, progress: Progress) -> Progress:
    """Return the progress with what the Gateways say, where nothing else is to be said first."""
    answer = assess_route(observation, progress)
    if answer is None or answer.state is RouteState.ACCEPTED or progress.stalled is not None:
        return progress
    if answer.state is RouteState.REFUSED:
        return replace(progress, stalled=answer.note, activity=None)
    look_again = observation.now + timedelta(seconds=LOOK_AGAIN_SECONDS)
    wake_time = min(filter(None, (progress.wake_time, look_again)))
    return replace(progress, activity=progress.activity or answer.note, wake_time=wake_time)


def _held_without_gateway_api(observation: ModelDeploymentObservation, missing: Note) -> Decision:
    """Return the decision to stand still: the shares that are asked for could not be kept."""
    resource = observation.resource
    progress = Progress.of(resource, choose_target(resource, observation.runs, observation.now))
    decision = _decision(observation, replace(progress, stalled=missing))
    return replace(decision, requeue_after_seconds=CONFLICT_SECONDS)


def _held_by_unknown_pin(progress: Progress, pin: str) -> Progress:
    """Return the progress standing still: whoever pins means to stop, even with a slip in the name."""
    reason = ModelDeploymentReason.PINNED_REVISION_UNKNOWN
    message = f"The annotation holdfast.dev/pinned-revision names {pin}, which is not in status.revisions."
    remedy = "Correct or remove it; until then nothing new is rolled out."
    return replace(progress.without_candidate(), stalled=Note(reason, f"{message} {remedy}"))


def _held_by_conflict(observation: ModelDeploymentObservation, conflicts: tuple[str, ...]) -> Decision:
    """Return the decision to stand still and to leave the objects of others alone."""
    resource = observation.resource
    target = choose_target(resource, observation.runs, observation.now)
    reason = ModelDeploymentReason.NAME_CONFLICT
    message = f"Not made by Holdfast: {', '.join(conflicts)}. Delete or rename it."
    note = Note(reason, with_remedy(reason, message))
    progress = replace(Progress.of(resource, target), stalled=note)
    has_address = f"Service {resource.metadata.name}" not in conflicts
    decision = _decision(observation, progress, has_address=has_address)
    taken = set(conflicts)
    desired = tuple(
        each for each in decision.desired if f"{each['kind']} {each['metadata']['name']}" not in taken
    )
    return replace(decision, desired=desired, requeue_after_seconds=CONFLICT_SECONDS)


def _decision(
    observation: ModelDeploymentObservation, progress: Progress, *, has_address: bool = True
) -> Decision:
    resource = observation.resource
    status = report_progress(observation, progress, has_address=has_address)
    return Decision(
        desired=desired_children(observation, progress),
        create=progress.create,
        deletions=stale_children(observation, progress),
        status=dump_status(status),
        events=transition_events(resource.status.conditions, status.conditions, _ANNOUNCEMENTS),
        requeue_after_seconds=_requeue_after(observation, progress),
    )


def _requeue_after(observation: ModelDeploymentObservation, progress: Progress) -> float | None:
    status = observation.resource.status
    if (progress.stable, progress.candidate) != (status.stable_revision, status.candidate_revision):
        return FOLLOW_UP_SECONDS
    return seconds_until(progress.wake_time, observation.now)
