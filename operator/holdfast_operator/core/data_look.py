"""Looks at data: one small Job at a time, at fixed slots of time, and after failures with growing pauses."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from pydantic import ValidationError

from holdfast.labels import LOOK, LOOK_KEY
from holdfast.results import DataLookResult, Failure, ModelFailureReason
from holdfast_operator.api.outside_triggers import DataTrigger
from holdfast_operator.api.trigger_statuses import LookFailure
from holdfast_operator.core.children import deletion_of, is_going, label_of
from holdfast_operator.core.decision import Deletion
from holdfast_operator.core.inspection import retry_delay
from holdfast_operator.core.jobs import has_failed, has_succeeded
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.pods import describe_trouble, find_blockage, terminations
from holdfast_operator.core.reasons import LookProblem
from holdfast_operator.core.timestamps import format_time, parse_time
from holdfast_operator.manifests.look_job import LOOK_CONTAINER, Look, look_key, render_look_job
from holdfast_operator.manifests.metadata import Manifest, short

MAX_MESSAGE: Final = 512
_PROBLEMS: Final[dict[str, LookProblem]] = {
    ModelFailureReason.MODEL_NOT_FOUND: LookProblem.DATA_NOT_FOUND,
    ModelFailureReason.STORE_UNREADABLE: LookProblem.DATA_UNREADABLE,
}


@dataclass(frozen=True)
class Finding:
    """What a look has come to; neither: it is still at work, or there was none."""

    result: DataLookResult | None = None
    failure: LookFailure | None = None


@dataclass(frozen=True)
class LookPlan:
    """What follows: a Job to make, Jobs that are of no use any more, and when time changes something."""

    create: tuple[Manifest, ...] = ()
    deletions: tuple[Deletion, ...] = ()
    wake_time: datetime | None = None


def find_job(observation: RetrainPolicyObservation, trigger: DataTrigger) -> Manifest | None:
    """Return the newest Job that looks at what the trigger names."""
    key = look_key(trigger, observation.settings)
    jobs = [job for job in observation.look_jobs if label_of(job, LOOK_KEY) == key and not is_going(job)]
    return max(jobs, key=_age, default=None)


def read_look(
    observation: RetrainPolicyObservation, job: Manifest | None, known: LookFailure | None
) -> Finding:
    """Return what the Job has found; KNOWN is the failure that the status holds."""
    if job is None:
        return Finding(failure=known)
    name = job["metadata"]["name"]
    if known is not None and known.job == name:
        return Finding(failure=known)
    problem = _find_problem(observation, job)
    if isinstance(problem, DataLookResult):
        return Finding(result=problem)
    if problem is None:
        return Finding(failure=known)
    attempts = known.attempts + 1 if known is not None else 1
    return Finding(
        failure=LookFailure(
            reason=problem.reason,
            message=problem.message[:MAX_MESSAGE],
            attempts=attempts,
            time=format_time(observation.now),
            job=name,
        )
    )


def plan_look(
    observation: RetrainPolicyObservation,
    trigger: DataTrigger,
    job: Manifest | None,
    failure: LookFailure | None,
) -> LookPlan:
    """Return the next look, if it is due; Jobs but the newest go, and that one if it was given up."""
    is_given_up = job is not None and failure is not None and failure.job == job["metadata"]["name"]
    is_finished = job is not None and (has_succeeded(job) or has_failed(job) is not None)
    gone = tuple(
        deletion_of(each)
        for each in observation.look_jobs
        if not is_going(each) and (each is not job or (is_given_up and not is_finished))
    )
    if job is not None and not is_given_up and not is_finished:
        blockage = find_blockage(_pods_of(observation, job))
        return LookPlan(deletions=gone, wake_time=blockage.end if blockage else None)
    due = _due(observation, trigger, job, failure)
    if observation.now < due:
        return LookPlan(deletions=gone, wake_time=due)
    attempts = failure.attempts if failure is not None else 0
    look = Look(trigger, slot_of(observation, trigger, observation.now), attempts)
    made = render_look_job(observation.resource, look, observation.settings)
    if job is not None and job["metadata"]["name"] == made["metadata"]["name"]:
        # By the clock of the API server, which differs, it was made in the slot before.
        return LookPlan(deletions=gone, wake_time=_start(observation, trigger, look.slot + 1))
    return LookPlan((made,), gone)


def slot_of(observation: RetrainPolicyObservation, trigger: DataTrigger, moment: datetime) -> int:
    """Return the number of the interval; every policy begins its own at another second."""
    return int((moment.timestamp() - _offset(observation, trigger)) // trigger.check_interval_seconds)


def _due(
    observation: RetrainPolicyObservation,
    trigger: DataTrigger,
    job: Manifest | None,
    failure: LookFailure | None,
) -> datetime:
    if failure is not None:
        return parse_time(failure.time) + retry_delay(failure.attempts)
    if job is None:
        return observation.now
    slot = slot_of(observation, trigger, parse_time(job["metadata"]["creationTimestamp"]))
    return _start(observation, trigger, slot + 1)


def _start(observation: RetrainPolicyObservation, trigger: DataTrigger, slot: int) -> datetime:
    seconds = slot * trigger.check_interval_seconds + _offset(observation, trigger)
    return datetime.fromtimestamp(seconds, UTC)


def _offset(observation: RetrainPolicyObservation, trigger: DataTrigger) -> int:
    return int(short(observation.resource.metadata.uid), 16) % trigger.check_interval_seconds


def _find_problem(observation: RetrainPolicyObservation, job: Manifest) -> DataLookResult | Failure | None:
    pods = _pods_of(observation, job)
    if not has_succeeded(job) and not has_failed(job):
        blockage = find_blockage(pods)
        if blockage is None or not blockage.is_over(observation.now):
            return None
        return Failure(reason=LookProblem.LOOK_FAILED, message=blockage.message[:MAX_MESSAGE])
    result = _newest_result(pods)
    if result is not None and result.failure is not None:
        reason = _PROBLEMS.get(result.failure.reason, LookProblem.DATA_REFUSED)
        return Failure(reason=reason, message=result.failure.message)
    if result is not None and result.digest is not None and has_succeeded(job):
        return result
    trouble = describe_trouble(pods) or has_failed(job) or "it left no result"
    return Failure(
        reason=LookProblem.LOOK_FAILED, message=f"the look at the data failed: {trouble}"[:MAX_MESSAGE]
    )


def _newest_result(pods: Iterable[Manifest]) -> DataLookResult | None:
    for end in terminations(pods, LOOK_CONTAINER):
        try:
            return DataLookResult.model_validate_json(end.message)
        except ValidationError:
            continue
    return None


def _pods_of(observation: RetrainPolicyObservation, job: Manifest) -> list[Manifest]:
    name = job["metadata"]["name"]
    return [pod for pod in observation.look_pods if label_of(pod, LOOK) == name]


def _age(job: Manifest) -> tuple[str, str]:
    return str(job["metadata"]["creationTimestamp"]), job["metadata"]["name"]
