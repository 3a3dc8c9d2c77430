"""Has the servers of a step under judgement counted, and reads what they did."""

from datetime import datetime

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.step_watch import WatchedStep
from holdfast_operator.core.step_evidence import StepEvidence
from holdfast_operator.core.timestamps import parse_time


def observe_step(
    watch: DriftWatch, key: Key, resource: ModelDeployment, now: datetime
) -> StepEvidence | None:
    """Return what candidate and stable revision did since the step began; None where no step is judged."""
    step = watched_step(resource)
    if step is None:
        watch.steps.unfollow(key)
        return None
    watch.steps.follow(key, step, now)
    return watch.steps.evidence(key, watch.profiles(key.namespace, key.name))


def watched_step(resource: ModelDeployment) -> WatchedStep | None:
    """Return whom the status says to judge: a candidate beside the stable revision, or that on probation."""
    status = resource.status
    candidate, stable = status.candidate_revision, status.stable_revision
    if candidate is not None and candidate.judged_since is not None and stable is not None:
        return WatchedStep(parse_time(candidate.judged_since), candidate.name, stable.name)
    if status.probation is not None and stable is not None:
        return WatchedStep(parse_time(status.probation.started_time), stable.name)
    return None
