"""Triggers: fire, or be suppressed for a documented reason that is visible in the status."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.triggers import TriggerStatus, TriggerType
from holdfast_operator.core.budget import is_manual, own_runs
from holdfast_operator.core.conditions import READY, is_true
from holdfast_operator.core.drift import DriftAssessment, DriftState
from holdfast_operator.core.observation import DriftWindow, RetrainPolicyObservation
from holdfast_operator.core.reasons import SuppressedReason
from holdfast_operator.core.revision import pinned_name
from holdfast_operator.core.runs import awaits_approval, is_finished, last_completion
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.manifests.metadata import prefix, short


@dataclass(frozen=True)
class Occasion:
    """Something that a trigger has seen: the same occasion always names the same run."""

    trigger: TriggerType
    run_name: str
    reason: str
    evidence: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class TriggerVerdict:
    """Fire for an occasion, be suppressed, or neither: there is nothing to do."""

    trigger: TriggerType
    occasion: Occasion | None = None
    suppressed: SuppressedReason | None = None
    is_repeated: bool = False
    """The suppression is worth a new time even if the reason is that of last time."""


def find_suppression(observation: RetrainPolicyObservation, runs_in_30_days: int) -> SuppressedReason | None:
    """Return why no trigger may start a run now, whatever it has seen."""
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


def assess_drift_trigger(
    policy: RetrainPolicy,
    window: DriftWindow | None,
    assessment: DriftAssessment,
    suppression: SuppressedReason | None,
) -> TriggerVerdict:
    """Return what the drift trigger does; it fires while drift is confirmed and nothing is in the way."""
    state = assessment.state
    if suppression is SuppressedReason.SUSPENDED:
        return TriggerVerdict("Drift", suppressed=suppression)
    if state in (DriftState.NO_DATA, DriftState.NOT_ENOUGH_SAMPLES):
        return TriggerVerdict("Drift", suppressed=SuppressedReason.NOT_ENOUGH_SAMPLES)
    if state is DriftState.INPUT_BROKEN:
        return TriggerVerdict("Drift", suppressed=SuppressedReason.INPUT_BROKEN)
    if state is not DriftState.CONFIRMED or window is None:
        return TriggerVerdict("Drift")
    if suppression is not None:
        return TriggerVerdict("Drift", suppressed=suppression)
    occasion = _drift_occasion(policy, window, assessment)
    last_run = policy.status.last_run
    has_fired = last_run is not None and last_run.name == occasion.run_name
    return TriggerVerdict("Drift", occasion=None if has_fired else occasion)


def assess_schedule_trigger(
    policy: RetrainPolicy, due: datetime | None, suppression: SuppressedReason | None
) -> TriggerVerdict:
    """Return what the schedule trigger does; a slot that is suppressed does not fire later."""
    if due is None:
        is_suspended = suppression is SuppressedReason.SUSPENDED
        return TriggerVerdict("Schedule", suppressed=suppression if is_suspended else None)
    if suppression is not None:
        return TriggerVerdict("Schedule", suppressed=suppression, is_repeated=True)
    name = f"{prefix(policy.metadata.name)}-schedule-{due:%Y%m%d%H%M}"
    reason = f"Scheduled for {format_time(due)}."
    return TriggerVerdict("Schedule", Occasion("Schedule", name, reason, {"slot": format_time(due)}))


def update_trigger_statuses(
    observation: RetrainPolicyObservation, verdicts: Iterable[TriggerVerdict]
) -> list[TriggerStatus]:
    """Return what each trigger did last; times move only when something new has happened."""
    policy = observation.resource
    known = {status.type: status for status in policy.status.triggers}
    statuses = [
        _update(known.get(verdict.trigger) or TriggerStatus(type=verdict.trigger), verdict, observation.now)
        for verdict in verdicts
    ]
    by_people = [run for run in own_runs(policy, observation.runs) if is_manual(run)]
    times = [run.metadata.creation_timestamp for run in by_people]
    if "Manual" in known and known["Manual"].last_fired_time is not None:
        times.append(known["Manual"].last_fired_time)
    manual = [TriggerStatus(type="Manual", last_fired_time=max(times))] if times else []
    return [*statuses, *manual]


def _update(status: TriggerStatus, verdict: TriggerVerdict, now: datetime) -> TriggerStatus:
    if verdict.occasion is not None:
        return status.model_copy(update={"last_fired_time": format_time(now), "suppressed_reason": None})
    if verdict.suppressed is None:
        lasts = verdict.trigger == "Schedule" and status.suppressed_reason != SuppressedReason.SUSPENDED
        return status if lasts else status.model_copy(update={"suppressed_reason": None})
    if status.suppressed_reason == verdict.suppressed and not verdict.is_repeated:
        return status
    return status.model_copy(
        update={"last_suppressed_time": format_time(now), "suppressed_reason": verdict.suppressed.value}
    )


def _drift_occasion(policy: RetrainPolicy, window: DriftWindow, assessment: DriftAssessment) -> Occasion:
    worst = assessment.columns[0]
    end = format_time(window.end)
    evidence = {
        "revision": window.revision,
        "profile": window.profile,
        "windowStart": format_time(window.start),
        "windowEnd": end,
        "rows": str(window.rows),
        "kind": worst.kind,
        "name": worst.name,
        "psi": f"{worst.psi:.3f}",
        "noiseFloor": f"{worst.noise_floor:.3f}",
        "pValue": f"{worst.p_value:.1e}",
        "tolerance": policy.spec.triggers.drift.tolerance if policy.spec.triggers.drift else "",
    }
    identity = short({"revision": window.revision, "windowEnd": end})
    name = f"{prefix(policy.metadata.name)}-drift-{identity}"
    reason = f"{worst.kind.capitalize()} {worst.name} moved: PSI {worst.psi:.2f} on {window.rows} rows."
    return Occasion("Drift", name, reason, evidence)
