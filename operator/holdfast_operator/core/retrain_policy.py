"""Decides what should be true about a RetrainPolicy."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from holdfast_operator.api.retrain_policy import RetrainPolicyStatus, RunBudget, RunReference
from holdfast_operator.core.audit import plan_head
from holdfast_operator.core.budget import own_runs, recent_run_times, surplus_runs
from holdfast_operator.core.causes import (
    Causes,
    answer_causes,
    find_blind_spots,
    follow_causes,
    see_causes,
    wake_times,
)
from holdfast_operator.core.checkpoints import plan_checkpoints
from holdfast_operator.core.conditions import (
    DRIFT_CONFIRMED,
    DRIFT_SUSPECTED,
    PERFORMANCE_DEGRADED,
    RECONCILING,
    STALLED,
)
from holdfast_operator.core.conditions import TRIGGERS_HEALTHY as HEALTHY
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.drift import DriftAssessment, assess_drift
from holdfast_operator.core.drift_report import report_drift
from holdfast_operator.core.drift_trigger import see_drift
from holdfast_operator.core.events import Announcement, transition_events
from holdfast_operator.core.observation import DriftWindow, RetrainPolicyObservation
from holdfast_operator.core.performance_report import (
    PerformanceView,
    find_label_blind_spots,
    report_performance,
    view_performance,
)
from holdfast_operator.core.performance_trigger import see_performance
from holdfast_operator.core.reasons import SuppressedReason
from holdfast_operator.core.retrain_policy_status import Circumstances, assess_conditions
from holdfast_operator.core.schedule import ScheduleState, plan_schedule
from holdfast_operator.core.schedule_trigger import see_schedule
from holdfast_operator.core.suppression import cooldown_end, find_suppression
from holdfast_operator.core.timestamps import format_time, seconds_until
from holdfast_operator.core.trigger_status import update_trigger_statuses
from holdfast_operator.core.triggers import Occasion, Sighting, TriggerVerdict, decide_triggers
from holdfast_operator.manifests.retrain_run import render_retrain_run

FOLLOW_UP_SECONDS: Final = 0.1
WAIT_SECONDS: Final = 60.0
"""When to look again for a ModelDeployment that does not exist."""
_ANNOUNCEMENTS: Final = (
    Announcement(STALLED, "True", "Warning"),
    Announcement(DRIFT_CONFIRMED, "True", "Warning", DRIFT_CONFIRMED),
    Announcement(DRIFT_SUSPECTED, "True", "Warning", DRIFT_SUSPECTED),
    Announcement(PERFORMANCE_DEGRADED, "True", "Warning", PERFORMANCE_DEGRADED),
    Announcement(HEALTHY, "False", "Warning"),
    Announcement(RECONCILING, "True"),
)


@dataclass(frozen=True)
class _Plan:
    """What the triggers have come to."""

    window: DriftWindow | None
    assessment: DriftAssessment | None
    performance: PerformanceView
    schedule: ScheduleState
    causes: Causes
    run_times: list[str]
    verdicts: tuple[TriggerVerdict, ...]

    @property
    def occasion(self) -> Occasion | None:
        """What a run is to be started for."""
        return next((verdict.occasion for verdict in self.verdicts if verdict.occasion is not None), None)


def decide_retrain_policy(observation: RetrainPolicyObservation) -> Decision:
    """Return the runs, status and events that should follow from what was observed."""
    policy = observation.resource
    if policy.metadata.deletion_timestamp is not None:
        return Decision()
    plan = _plan(observation)
    status = _status(observation, plan)
    announced = policy.status.last_run
    is_announced = announced is not None and not announced.created
    look = plan.causes.look
    runs = (render_retrain_run(policy, announced),) if announced is not None and is_announced else ()
    surplus = surplus_runs(policy, observation.runs, observation.model_deployment)
    return Decision(
        desired=plan_checkpoints(observation),
        create=(*runs, *look.create),
        deletions=(*surplus, *look.deletions),
        status=status.model_dump(mode="json", by_alias=True, exclude_none=True),
        events=transition_events(policy.status.conditions, status.conditions, _ANNOUNCEMENTS),
        requeue_after_seconds=_requeue_after(observation, plan, status),
    )


def _plan(observation: RetrainPolicyObservation) -> _Plan:
    policy, triggers = observation.resource, observation.resource.spec.triggers
    run_times = recent_run_times(policy, observation.runs, observation.now)
    window = _window_of_stable(observation)
    sightings: list[Sighting] = []
    assessment = None
    if triggers.drift is not None:
        assessment = assess_drift(triggers.drift, window)
        sightings.append(see_drift(policy, window, assessment))
    performance = view_performance(observation)
    if performance.assessment is not None:
        sightings.append(see_performance(policy, performance, assessment))
    schedule = plan_schedule(triggers.schedule, policy.status, observation.now)
    if triggers.schedule is not None:
        sightings.append(see_schedule(policy, schedule.due))
    causes = follow_causes(observation)
    sightings += see_causes(observation, causes)
    suppression = find_suppression(observation, len(run_times))
    verdicts = decide_triggers(sightings, suppression, _known_runs(observation))
    return _Plan(window, assessment, performance, schedule, causes, run_times, verdicts)


def _known_runs(observation: RetrainPolicyObservation) -> set[str]:
    last_run = observation.resource.status.last_run
    announced = {last_run.name} if last_run is not None else set()
    return announced | {run.metadata.name for run in observation.runs}


def _window_of_stable(observation: RetrainPolicyObservation) -> DriftWindow | None:
    """Return the window if it is about what serves now."""
    model_deployment, window = observation.model_deployment, observation.drift
    stable = model_deployment.status.stable_revision if model_deployment else None
    return window if stable is not None and window is not None and window.revision == stable.name else None


def _status(observation: RetrainPolicyObservation, plan: _Plan) -> RetrainPolicyStatus:
    policy = observation.resource
    last_run = _last_run(observation, plan)
    run_times = plan.run_times
    if last_run is not None and last_run != policy.status.last_run and not last_run.created:
        run_times = sorted({*run_times, last_run.intent_time})
    drift = report_drift(policy, plan.window, plan.assessment) if plan.assessment else None
    causes = answer_causes(plan.causes, plan.occasion.trigger if plan.occasion else None)
    circumstances = Circumstances(
        window=plan.window,
        assessment=plan.assessment,
        drift=drift,
        performance=plan.performance,
        schedule_problem=plan.schedule.problem,
        last_run=last_run,
        blind_spots=[*find_label_blind_spots(plan.performance), *find_blind_spots(observation, causes)],
    )
    return RetrainPolicyStatus(
        observed_generation=policy.metadata.generation,
        conditions=assess_conditions(observation, circumstances),
        drift=drift,
        performance=report_performance(policy, plan.performance),
        triggers=update_trigger_statuses(observation, plan.verdicts),
        data=causes.data,
        code=causes.code,
        alert=causes.alert,
        signal=causes.signal,
        last_run=last_run,
        run_times=run_times,
        next_schedule_time=_format(plan.schedule.next),
        last_schedule_time=_format(plan.schedule.last),
        record=plan_head(policy, own_runs(policy, observation.runs)),
        budget=RunBudget(used=len(run_times), limit=policy.spec.limits.max_runs_per_30_days),
    )


def _last_run(observation: RetrainPolicyObservation, plan: _Plan) -> RunReference | None:
    """Return the run to announce, or that which was announced: it is made in this round."""
    last_run = observation.resource.status.last_run
    if last_run is not None and not last_run.created:
        return last_run.model_copy(update={"created": True})
    occasion = plan.occasion
    if occasion is None:
        return last_run
    return RunReference(
        name=occasion.run_name,
        trigger=occasion.trigger,
        reason=occasion.reason,
        evidence=dict(occasion.evidence),
        intent_time=format_time(observation.now),
    )


def _requeue_after(
    observation: RetrainPolicyObservation, plan: _Plan, status: RetrainPolicyStatus
) -> float | None:
    if status.last_run is not None and not status.last_run.created:
        return FOLLOW_UP_SECONDS
    moments = [plan.schedule.next, *wake_times(observation, plan.causes)]
    if any(verdict.suppressed is SuppressedReason.COOLDOWN for verdict in plan.verdicts):
        moments.append(cooldown_end(observation))
    waits = [wait for moment in moments if (wait := seconds_until(moment, observation.now)) is not None]
    if observation.model_deployment is None:
        waits.append(WAIT_SECONDS)
    return min(waits, default=None)


def _format(moment: datetime | None) -> str | None:
    return None if moment is None else format_time(moment)
