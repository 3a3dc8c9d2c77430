"""Rollout: the candidate beside the stable revision, until it takes over or is given up."""

from dataclasses import replace
from datetime import datetime, timedelta

from holdfast_operator.api.model_deployment import ModelDeployment, ModelFailure, Revision
from holdfast_operator.core.conditions import RECONCILING, find_condition
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.pod_counts import count_pods, pods_of
from holdfast_operator.core.pods import describe_trouble
from holdfast_operator.core.probation import begin_probation, watch_probation
from holdfast_operator.core.progress import LEFT, Note, Progress
from holdfast_operator.core.reasons import ModelDeploymentReason
from holdfast_operator.core.remedies import with_remedy
from holdfast_operator.core.replicas import planned_replicas
from holdfast_operator.core.revision import pinned_name
from holdfast_operator.core.rollout_failures import MAX_FAILURE_MESSAGE, find_refusal, overdue
from holdfast_operator.core.rollout_plan import Plan, plan_steps
from holdfast_operator.core.rollout_sizes import plan_sizes
from holdfast_operator.core.rollout_step import Verdict, look_at_step, take_step
from holdfast_operator.core.route_answer import obstacle_to_requests
from holdfast_operator.core.timestamps import format_time, parse_time
from holdfast_operator.manifests.metadata import short

ENDPOINTS_SECONDS = 0.5


def roll_out(
    observation: ModelDeploymentObservation, progress: Progress, wanted: Revision, *, at_once: bool = False
) -> Progress:
    """Return the progress towards the wanted revision.

    AT_ONCE: a person has named it, so it takes over as soon as its pods are ready, without steps; and so
    does the first revision, beside which there is nothing to compare.
    """
    stable = progress.stable
    key = rollout_key(observation.resource, progress, wanted)
    if stable is not None and stable.name == wanted.name:
        unchanged = stable.model_copy(update={"origin": wanted.origin})
        settled = replace(progress.without_candidate(), stable=unchanged, last_failure=None)
        return watch_probation(observation, settled, key)
    failure = progress.last_failure
    if failure is not None and failure.rollout_key == key:
        return _stalled(progress.without_candidate(), failure)
    progress, candidate = _take_candidate(progress, wanted)
    at_once = at_once or stable is None
    plan = () if at_once else _plan(observation)
    candidate = _placed(observation, candidate, plan, at_once=at_once)
    progress = replace(progress, candidate=candidate, plan=plan, probation=None)
    return _assess(observation, progress, candidate, key, at_once=at_once)


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


def _plan(observation: ModelDeploymentObservation) -> Plan:
    """Return the steps of the strategy; without pods there is nothing to compare."""
    if planned_replicas(observation) == 0:
        return ()
    return plan_steps(observation.resource.spec.rollout)


def _take_candidate(progress: Progress, wanted: Revision) -> tuple[Progress, Revision]:
    current = progress.candidate
    if current is not None and current.name == wanted.name:
        return progress, current.model_copy(update={"origin": wanted.origin})
    fresh: dict[str, object] = {
        "outcome": "RollingOut",
        "promoted_time": None,
        "message": "",
        "checks": [],
        **LEFT,
    }
    return progress.without_candidate(), wanted.model_copy(update=fresh)


def _placed(
    observation: ModelDeploymentObservation, candidate: Revision, plan: Plan, *, at_once: bool
) -> Revision:
    """Return the candidate with its place in the plan: before the first step, if the plan is a new one."""
    if plan and candidate.steps is not None and candidate.steps != len(plan) + 1:
        candidate = candidate.model_copy(update=LEFT)
    is_rolling = at_once or observation.resource.spec.rollout.strategy == "RollingUpdate"
    if is_rolling or candidate.weight_percent is not None:
        return candidate
    # It gets requests by its steps only.
    return candidate.model_copy(update={"weight_percent": 0})


def _assess(
    observation: ModelDeploymentObservation,
    progress: Progress,
    candidate: Revision,
    key: str,
    *,
    at_once: bool,
) -> Progress:
    counts = count_pods(observation, candidate, plan_sizes(observation, progress).goal)
    pods = pods_of(observation, candidate)
    obstacle = obstacle_to_requests(observation, progress) if counts.is_complete else ""
    refusal = find_refusal(pods)
    if refusal is not None:
        return _give_up(observation, progress, candidate, refusal, key)
    if counts.is_complete and not obstacle:
        verdict = take_step(observation, progress, candidate, at_once=at_once)
        return _carry_out(observation, progress, verdict, key)
    if candidate.judged_since is not None:
        verdict = look_at_step(observation, progress, candidate, is_up=counts.ready > 0)
        return _carry_out(observation, progress, verdict, key)
    deadline = _deadline(observation, candidate)
    if observation.now >= deadline:
        return _give_up(observation, progress, candidate, overdue(observation, pods, obstacle), key)
    trouble = obstacle or describe_trouble(pods)
    message = f"{counts.ready} of {counts.desired} pods of {candidate.name} are ready."
    message = f"{message} So far: {trouble.rstrip('.')}." if trouble else message
    # Nothing tells us when the Service of pods that are ready has got them as its endpoints.
    wake_time = observation.now + timedelta(seconds=ENDPOINTS_SECONDS) if counts.is_complete else deadline
    return replace(progress, activity=Note(ModelDeploymentReason.ROLLING_OUT, message), wake_time=wake_time)


def _carry_out(
    observation: ModelDeploymentObservation, progress: Progress, verdict: Verdict, key: str
) -> Progress:
    progress = replace(progress, candidate=verdict.candidate)
    if verdict.failure is not None:
        return _give_up(observation, progress, verdict.candidate, verdict.failure, key)
    if verdict.takes_over:
        return begin_probation(observation, progress, progress.promoted(verdict.candidate, observation.now))
    return replace(progress, activity=verdict.activity, wake_time=verdict.wake_time)


def _deadline(observation: ModelDeploymentObservation, candidate: Revision) -> datetime:
    """Return when the candidate is given up; time spent suspended does not count."""
    resource = observation.resource
    allowed = timedelta(seconds=resource.spec.rollout.progress_deadline_seconds)
    reconciling = find_condition(resource.status.conditions, RECONCILING)
    resumed = reconciling is not None and reconciling.reason == ModelDeploymentReason.SUSPENDED
    if resumed:
        return observation.now + allowed
    begun = parse_time(candidate.step_started_time or candidate.created_time)
    if reconciling is not None and reconciling.status == "True":
        begun = max(begun, parse_time(reconciling.last_transition_time))
    return begun + allowed


def _give_up(
    observation: ModelDeploymentObservation,
    progress: Progress,
    candidate: Revision,
    failure: ModelFailure,
    key: str,
) -> Progress:
    failure = failure.model_copy(update={"rollout_key": key, "time": format_time(observation.now)})
    message = f"{failure.reason}: {failure.message}"[:MAX_FAILURE_MESSAGE]
    left = candidate.model_copy(update={"outcome": "Failed", "message": message, **LEFT})
    return _stalled(replace(progress.without_candidate(left), last_failure=failure), failure)


def _stalled(progress: Progress, failure: ModelFailure) -> Progress:
    return replace(
        progress, stalled=Note(failure.reason, with_remedy(failure.reason, failure.message)), activity=None
    )
