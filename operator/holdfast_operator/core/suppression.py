"""Why no trigger may start a run now, whatever it has seen."""

from datetime import datetime, timedelta

from holdfast_operator.core.conditions import READY, is_true
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.reasons import SuppressedReason
from holdfast_operator.core.revision import pinned_name
from holdfast_operator.core.runs import awaits_approval, is_finished, last_completion


def find_suppression(observation: RetrainPolicyObservation, runs_in_30_days: int) -> SuppressedReason | None:
    """Return the first reason that holds for every trigger alike; None: the way is free."""
    policy, model_deployment = observation.resource, observation.model_deployment
    if policy.spec.suspend or (model_deployment is not None and model_deployment.spec.suspend):
        return SuppressedReason.SUSPENDED
    if model_deployment is None or not is_true(model_deployment.status.conditions, READY):
        return SuppressedReason.MODEL_NOT_READY
    if pinned_name(model_deployment) is not None:
        return SuppressedReason.PINNED_REVISION
    last_run = policy.status.last_run
    is_starting = last_run is not None and not last_run.created
    unfinished = [run for run in observation.runs if not is_finished(run)]
    if any(awaits_approval(run) for run in unfinished):
        return SuppressedReason.APPROVAL_PENDING
    if is_starting or unfinished:
        return SuppressedReason.RUN_ACTIVE
    return _find_limit(observation, runs_in_30_days)


def _find_limit(observation: RetrainPolicyObservation, runs_in_30_days: int) -> SuppressedReason | None:
    end = cooldown_end(observation)
    if end is not None and observation.now < end:
        return SuppressedReason.COOLDOWN
    if runs_in_30_days >= observation.resource.spec.limits.max_runs_per_30_days:
        return SuppressedReason.BUDGET_EXHAUSTED
    return None


def cooldown_end(observation: RetrainPolicyObservation) -> datetime | None:
    """Return when the pause after the last run ends; None: there was no run."""
    last = last_completion(observation.runs)
    pause = timedelta(seconds=observation.resource.spec.limits.cooldown_seconds)
    return None if last is None else last + pause
