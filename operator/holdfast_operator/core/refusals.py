"""What the API server's refusal to create an object of a run means, and what would help."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.observation import Refusal, RetrainRunObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.retrain_run_status import RunReport
from holdfast_operator.core.run_decision import WAIT_SECONDS, decide_run, fail_run
from holdfast_operator.core.timestamps import parse_time

_FORBIDDEN: Final = 403
_NOT_FOUND: Final = 404
_QUOTA: Final = "exceeded quota"
_NO_RIGHT: Final = ("cannot create resource", "cannot get resource")
MAX_QUOTE: Final = 1024


@dataclass(frozen=True)
class _Meaning:
    note: Note
    may_pass: bool = False


def exceeds_quota(message: str) -> bool:
    """Whether the words are those of a ResourceQuota that is used up."""
    return _QUOTA in message


def answer_refusal(
    observation: RetrainRunObservation, policy: RetrainPolicy, refusal: Refusal, *, has_trained: bool = False
) -> Decision:
    """Return what follows: a full quota is waited for until the run's deadline, all else fails the run."""
    meaning = _meaning(refusal)
    start = observation.resource.status.start_time
    limit = timedelta(seconds=policy.spec.limits.active_deadline_seconds)
    is_late = start is not None and observation.now >= parse_time(start) + limit
    if meaning.may_pass and not is_late:
        return decide_run(observation, RunReport(meaning.note), requeue_after_seconds=WAIT_SECONDS)
    return fail_run(observation, meaning.note, has_trained=has_trained)


def _meaning(refusal: Refusal) -> _Meaning:
    words = refusal.message[:MAX_QUOTE].rstrip(".")
    if refusal.status == _FORBIDDEN:
        return _forbidden(refusal, words)
    if refusal.status == _NOT_FOUND:
        message = (
            f"The cluster serves no {refusal.kind} of {refusal.api_version}: install the engine, or correct "
            "apiVersion and kind of spec.workload.template."
        )
        return _Meaning(Note(Reason.ENGINE_NOT_INSTALLED, message))
    if refusal.kind == "Job":
        return _Meaning(Note(Reason.CONFIGURATION_INVALID, f"The Job is not accepted: {words}."))
    message = f"The {refusal.kind} is not accepted; correct spec.workload.template: {words}."
    return _Meaning(Note(Reason.WORKLOAD_INVALID, message))


def _forbidden(refusal: Refusal, words: str) -> _Meaning:
    if exceeds_quota(refusal.message):
        message = f"Waiting: {words}. Free some of the quota or raise it."
        return _Meaning(Note(Reason.QUOTA_EXCEEDED, message), may_pass=True)
    if any(part in refusal.message for part in _NO_RIGHT):
        message = f"Holdfast has no right to it: {words}. Name the engine in the chart's value engines."
        return _Meaning(Note(Reason.ENGINE_NOT_ENABLED, message))
    return _Meaning(Note(Reason.ADMISSION_REFUSED, f"The cluster refuses the {refusal.kind}: {words}."))
