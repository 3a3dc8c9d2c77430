"""One step of a rollout: it begins, is looked at in intervals, and is passed, failed, or put to a person."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from holdfast_operator.api.model_deployment import ModelFailure, Revision
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.progress import LEFT, Note, Progress
from holdfast_operator.core.reasons import ModelDeploymentReason as Reason
from holdfast_operator.core.rollout_controls import is_paused, is_promoted, is_step_passed
from holdfast_operator.core.rollout_failures import MAX_FAILURE_MESSAGE
from holdfast_operator.core.rollout_plan import is_taking_over
from holdfast_operator.core.rollout_sizes import plan_sizes
from holdfast_operator.core.step_judgement import StepJudgement, judge_step
from holdfast_operator.core.timestamps import format_time, parse_time

TAKE_OVER: Final = "Take over"
PASSED: Final = "Pass"


@dataclass(frozen=True)
class Verdict:
    """What follows for a candidate."""

    candidate: Revision
    activity: Note | None = None
    wake_time: datetime | None = None
    takes_over: bool = False
    failure: ModelFailure | None = None


def take_step(
    observation: ModelDeploymentObservation, progress: Progress, candidate: Revision, *, at_once: bool
) -> Verdict:
    """Return what follows for a candidate whose pods are ready, and which gets what its step says."""
    is_free = at_once or is_promoted(observation.resource, candidate)
    if _takes_over(observation, progress, candidate, is_free):
        return Verdict(candidate, takes_over=True)
    if is_free:
        return _begin(observation, progress, candidate, len(progress.plan) + 1)
    if candidate.step is None:
        is_held = not progress.plan or is_paused(observation.resource)
        return (_wait if is_held else _begin_first)(observation, progress, candidate)
    if candidate.judged_since is None:
        since = {"judged_since": format_time(observation.now)}
        return _wait(observation, progress, candidate.model_copy(update=since))
    return look_at_step(observation, progress, candidate, is_up=True)


def _takes_over(
    observation: ModelDeploymentObservation, progress: Progress, candidate: Revision, is_free: bool
) -> bool:
    if is_taking_over(progress.plan, candidate):
        return True
    asks = observation.resource.spec.rollout.promotion == "Manual" or is_paused(observation.resource)
    return not progress.plan and (is_free or not asks)


def _begin_first(observation: ModelDeploymentObservation, progress: Progress, candidate: Revision) -> Verdict:
    return _begin(observation, progress, candidate, 1)


def look_at_step(
    observation: ModelDeploymentObservation, progress: Progress, candidate: Revision, *, is_up: bool
) -> Verdict:
    """Return what follows for a candidate under judgement; IS_UP: it has a ready pod."""
    number = candidate.step or 1
    if is_up and is_step_passed(observation.resource, candidate):
        return _begin(observation, progress, candidate, number + 1)
    if observation.now < _next_look(observation, candidate):
        return _wait(observation, progress, candidate)
    analysis = observation.resource.spec.rollout.judged_by
    judged = judge_step(analysis, observation.step_evidence)
    if not is_up:
        judged = StepJudgement("Fail", judged.checks, "no pod of the candidate is ready")
    candidate = _looked_at(candidate, judged)
    if judged.outcome == "Fail" and (candidate.failures or 0) >= analysis.failure_threshold:
        return Verdict(candidate, failure=_failure(candidate, judged))
    if judged.outcome == PASSED and _may_go_on(observation, progress, number):
        return _begin(observation, progress, candidate, number + 1)
    return _wait(observation, progress, candidate)


def _may_go_on(observation: ModelDeploymentObservation, progress: Progress, number: int) -> bool:
    asks = observation.resource.spec.rollout.promotion == "Manual" and number >= len(progress.plan)
    return not asks and not is_paused(observation.resource)


def _looked_at(candidate: Revision, judged: StepJudgement) -> Revision:
    said = f"{judged.outcome}: {judged.message}" if judged.message else judged.outcome
    return candidate.model_copy(
        update={
            "looks": (candidate.looks or 0) + 1,
            "failures": (candidate.failures or 0) + (judged.outcome == "Fail"),
            "checks": list(judged.checks),
            "message": said[:1024],
        }
    )


def _failure(candidate: Revision, judged: StepJudgement) -> ModelFailure:
    message = f"step {candidate.step} ({candidate.step_name}) failed: {judged.message}"
    return ModelFailure(reason=Reason.STEP_FAILED, message=message[:MAX_FAILURE_MESSAGE], time="")


def _begin(
    observation: ModelDeploymentObservation, progress: Progress, candidate: Revision, number: int
) -> Verdict:
    """Return the candidate at the beginning of a step; the one after the last is to take over."""
    steps = len(progress.plan)
    now = format_time(observation.now)
    place = LEFT | {"step": number, "steps": steps + 1, "step_started_time": now}
    if number > steps:
        # The stable revision may make room now, so the candidate must get requests.
        weight = progress.plan[-1].weight if progress.plan else candidate.weight_percent
        update = place | {"step_name": TAKE_OVER, "weight_percent": weight}
    else:
        step = progress.plan[number - 1]
        fresh = {"looks": 0, "failures": 0, "checks": [], "message": ""}
        update = place | fresh | {"step_name": step.name, "weight_percent": step.weight}
    return _wait(observation, progress, candidate.model_copy(update=update))


def _next_look(observation: ModelDeploymentObservation, candidate: Revision) -> datetime:
    since = parse_time(candidate.judged_since or candidate.created_time)
    interval = observation.resource.spec.rollout.judged_by.interval_seconds
    return since + timedelta(seconds=interval * ((candidate.looks or 0) + 1))


def _wait(observation: ModelDeploymentObservation, progress: Progress, candidate: Revision) -> Verdict:
    wake_time = None if candidate.judged_since is None else _next_look(observation, candidate)
    return Verdict(candidate, _note(observation, progress, candidate), wake_time)


def _note(observation: ModelDeploymentObservation, progress: Progress, candidate: Revision) -> Note:
    said = _words(observation, progress, candidate)
    if is_paused(observation.resource):
        return Note(Reason.ROLLOUT_PAUSED, f"{said} It stays there until kubectl holdfast resume.")
    if _awaits_person(observation, progress, candidate):
        return Note(
            Reason.AWAITING_PROMOTION, f"{said} kubectl holdfast promote or rollback decides about it."
        )
    return Note(Reason.ROLLING_OUT, said)


def _awaits_person(observation: ModelDeploymentObservation, progress: Progress, candidate: Revision) -> bool:
    terms = observation.resource.spec.rollout
    is_last = (candidate.step or 0) >= len(progress.plan)
    if terms.promotion == "Manual" and is_last and (not progress.plan or candidate.message == PASSED):
        return True
    return (candidate.looks or 0) >= terms.judged_by.max_intervals and candidate.message != PASSED


def _words(observation: ModelDeploymentObservation, progress: Progress, candidate: Revision) -> str:
    if candidate.step is None:
        return f"{candidate.name} is ready."
    sizes = plan_sizes(observation, progress)
    said = f"{candidate.name} is at step {candidate.step} of {candidate.steps}: {candidate.step_name}"
    said += f", {sizes.goal} beside {sizes.stable} pods."
    if not candidate.looks:
        return said
    return f"{said} Judged {candidate.looks} times, last {candidate.message.rstrip('.')}."
