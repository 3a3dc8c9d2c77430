"""The data trigger: what is there is not what the last run was started on."""

from dataclasses import dataclass, field

from holdfast.results import DataLookResult
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.trigger_statuses import DataStatus
from holdfast_operator.core.answers import is_answered
from holdfast_operator.core.children import deletion_of
from holdfast_operator.core.data_look import LookPlan, find_job, plan_look, read_look
from holdfast_operator.core.inspection import retry_delay
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.timestamps import format_time, parse_time
from holdfast_operator.core.triggers import Occasion, Sighting
from holdfast_operator.manifests.metadata import prefix, short


@dataclass(frozen=True)
class DataWatch:
    """What is known of the data, and what is to be done to know more."""

    status: DataStatus | None = None
    plan: LookPlan = field(default_factory=LookPlan)


def follow_data(observation: RetrainPolicyObservation) -> DataWatch:
    """Return what is known now; what is seen first is what later changes are measured by."""
    trigger, known = observation.resource.spec.triggers.data, observation.resource.status.data
    if trigger is None:
        return DataWatch(plan=LookPlan(deletions=tuple(deletion_of(job) for job in observation.look_jobs)))
    if known is None or known.uri != trigger.uri:
        known = DataStatus(uri=trigger.uri)
    job = find_job(observation, trigger)
    finding = read_look(observation, job, known.failure)
    status = known.model_copy(update={"failure": finding.failure})
    if finding.result is not None:
        status = _with_result(status, finding.result, format_time(observation.now))
    if _is_changed(status) and _is_answered(observation, status):
        status = answer_data(status)
    return DataWatch(status, plan_look(observation, trigger, job, finding.failure))


def see_data(policy: RetrainPolicy, status: DataStatus) -> Sighting:
    """Return what the data trigger sees."""
    if not _is_changed(status):
        return Sighting("Data")
    # The time tells a change from the same change after it was taken back.
    identity = short([status.uri, status.digest, status.changed_time])
    evidence = {
        "uri": status.uri,
        "dataDigest": status.digest or "",
        "trainedDigest": status.trained_digest or "",
        "objects": str(status.objects),
        "bytes": str(status.total_bytes),
        "newestTime": status.newest_time or "",
        "changedTime": status.changed_time or "",
    }
    reason = f"{status.uri} has changed: {status.objects} objects, {status.total_bytes} bytes."
    return Sighting(
        "Data", Occasion("Data", f"{prefix(policy.metadata.name)}-data-{identity}", reason, evidence)
    )


def answer_data(status: DataStatus) -> DataStatus:
    """Return the status after a run was started."""
    return status.model_copy(update={"trained_digest": status.digest})


def assess_data(status: DataStatus | None) -> Note | None:
    """Return why the data cannot be seen, if that is so."""
    failure = status.failure if status is not None else None
    if failure is None:
        return None
    again = format_time(parse_time(failure.time) + retry_delay(failure.attempts))
    return Note(failure.reason, f"{failure.message.rstrip('.')}. Tried again at {again}.")


def _with_result(status: DataStatus, result: DataLookResult, now: str) -> DataStatus:
    if result.digest == status.digest:
        return status
    found = {
        "digest": result.digest,
        "trained_digest": status.trained_digest or result.digest,
        "objects": result.objects,
        "total_bytes": result.total_bytes,
        "newest_time": result.newest_time,
        "changed_time": now,
    }
    return status.model_copy(update=found)


def _is_changed(status: DataStatus) -> bool:
    return status.digest != status.trained_digest


def _is_answered(observation: RetrainPolicyObservation, status: DataStatus) -> bool:
    since = status.changed_time
    return since is not None and is_answered(observation.resource, observation.runs, since)
