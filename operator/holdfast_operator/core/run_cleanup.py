"""What a finished RetrainRun has left: stopped while at work, kept for its logs, deleted after a time."""

from datetime import datetime, timedelta

from holdfast_operator.core.children import deletion_of, is_going
from holdfast_operator.core.conditions import FAILED, TRAINED, find_condition
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.jobs import is_finished as is_job_finished
from holdfast_operator.core.observation import RetrainRunObservation
from holdfast_operator.core.reasons import RetrainRunReason as Reason
from holdfast_operator.core.timestamps import parse_time, seconds_until
from holdfast_operator.manifests.metadata import Manifest, is_controlled_by


def clean_up(observation: RetrainRunObservation, completion_time: str) -> Decision:
    """Return the deletions, and when to look again for those whose time is still to come."""
    end = _end_of_keeping(observation, completion_time)
    is_over = end is not None and observation.now >= end
    left = [
        (observation.job, observation.job is not None and is_job_finished(observation.job)),
        (observation.workload, _has_workload_ended(observation)),
    ]
    ours = [(each, ended) for each, ended in left if each is not None and _is_ours(observation, each)]
    deletions = tuple(deletion_of(each) for each, ended in ours if is_over or not ended)
    waits = bool(ours) and not is_over
    return Decision(
        deletions=deletions,
        requeue_after_seconds=seconds_until(end, observation.now) if waits else None,
    )


def _end_of_keeping(observation: RetrainRunObservation, completion_time: str) -> datetime | None:
    limits = observation.policy.spec.limits if observation.policy else None
    if limits is None or limits.ttl_seconds_after_finished is None:
        return None
    return parse_time(completion_time) + timedelta(seconds=limits.ttl_seconds_after_finished)


def _is_ours(observation: RetrainRunObservation, manifest: Manifest) -> bool:
    return is_controlled_by(manifest, observation.resource.metadata.uid) and not is_going(manifest)


def _has_workload_ended(observation: RetrainRunObservation) -> bool:
    """Whether the workload runs no more, by what the run has come to: the policy may have changed."""
    conditions = observation.resource.status.conditions
    trained, failed = find_condition(conditions, TRAINED), find_condition(conditions, FAILED)
    has_succeeded = trained is not None and trained.status == "True"
    return has_succeeded or (failed is not None and failed.reason == Reason.WORKLOAD_FAILED)
