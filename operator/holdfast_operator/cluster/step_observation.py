"""Has the servers of a step under judgement counted, and reads what they did."""

from dataclasses import replace
from datetime import datetime

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.step_watch import WatchedStep
from holdfast_operator.core.step_evidence import StepEvidence
from holdfast_operator.core.step_queries import fill_in
from holdfast_operator.core.timestamps import parse_time


def observe_step(
    watch: DriftWatch, key: Key, resource: ModelDeployment, now: datetime
) -> StepEvidence | None:
    """Return what candidate and stable revision did since the step began; None where no step is judged."""
    step = watched_step(resource)
    if step is None:
        forget_step(watch, key)
        return None
    watch.steps.follow(key, step, now)
    watch.queries.follow(key, step, _expressions(resource, step))
    evidence = watch.steps.evidence(key, watch.profiles(key.namespace, key.name))
    return None if evidence is None else replace(evidence, answers=watch.queries.answers(key))


def forget_step(watch: DriftWatch, key: Key) -> None:
    """Count and ask no more for a ModelDeployment."""
    watch.steps.unfollow(key)
    watch.queries.unfollow(key)


def _expressions(resource: ModelDeployment, step: WatchedStep) -> dict[str, str]:
    analysis, standby = resource.spec.rollout.judged_by, resource.status.probation
    places = {
        "namespace": resource.metadata.namespace,
        "name": resource.metadata.name,
        "candidate": step.candidate,
        "champion": step.champion or (standby.revision.name if standby else ""),
        "interval": f"{analysis.interval_seconds}s",
    }
    return {each.name: fill_in(each, places) for each in analysis.queries}


def watched_step(resource: ModelDeployment) -> WatchedStep | None:
    """Return whom the status says to judge: a candidate beside the stable revision, or that on probation."""
    status = resource.status
    candidate, stable = status.candidate_revision, status.stable_revision
    if candidate is not None and candidate.judged_since is not None and stable is not None:
        return WatchedStep(parse_time(candidate.judged_since), candidate.name, stable.name)
    if status.probation is not None and stable is not None:
        return WatchedStep(parse_time(status.probation.started_time), stable.name)
    return None
