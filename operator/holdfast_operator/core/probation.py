"""Probation: after a promotion the old revision stays for a while, and is gone back to when a check fails."""

from dataclasses import replace
from datetime import datetime, timedelta

from holdfast_operator.api.model_deployment import ModelFailure, Probation, Revision
from holdfast_operator.api.rollout import Analysis, StepCheck, StepResult
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.pod_counts import count_pods
from holdfast_operator.core.progress import Note, Progress
from holdfast_operator.core.reasons import ModelDeploymentReason as Reason
from holdfast_operator.core.remedies import with_remedy
from holdfast_operator.core.replicas import planned_replicas
from holdfast_operator.core.revision import remember
from holdfast_operator.core.rollout_failures import MAX_FAILURE_MESSAGE
from holdfast_operator.core.step_judgement import judge_step
from holdfast_operator.core.timestamps import format_time, parse_time

_OF_ONE: frozenset[str] = frozenset({"errorRate", "latencyP95Milliseconds", "featureHealth", "labelledLoss"})
"""What can be said of one revision alone."""


def begin_probation(
    observation: ModelDeploymentObservation, before: Progress, promoted: Progress
) -> Progress:
    """Return the progress after a promotion, with the old revision on standby where the spec asks for it."""
    terms, old = observation.resource.spec.rollout.probation, before.stable
    if terms is None or old is None or planned_replicas(observation) == 0:
        return promoted
    end = observation.now + timedelta(seconds=terms.seconds)
    started = format_time(observation.now)
    probation = Probation(revision=old, started_time=started, end_time=format_time(end))
    return replace(promoted, probation=probation)


def watch_probation(observation: ModelDeploymentObservation, progress: Progress, key: str) -> Progress:
    """Return the progress of what serves while the old revision is on standby."""
    probation, terms = progress.probation, observation.resource.spec.rollout
    if probation is None or progress.stable is None:
        return progress
    end = parse_time(probation.end_time)
    if observation.now >= end or terms.probation is None or planned_replicas(observation) == 0:
        return replace(progress, probation=None)
    look = _next_look(terms.judged_by, probation)
    if observation.now < look:
        return replace(progress, wake_time=min(end, look))
    judged = judge_step(analysis_alone(terms.judged_by, progress.stable.checks), observation.step_evidence)
    failures = probation.failures + (judged.outcome == "Fail")
    looked = {"looks": probation.looks + 1, "failures": failures, "checks": list(judged.checks)}
    probation = probation.model_copy(update=looked)
    if failures >= terms.judged_by.failure_threshold and _is_up(observation, probation.revision):
        failure = _failure(observation, key, judged.message)
        return _go_back(progress, progress.stable, probation, failure)
    return replace(progress, probation=probation, wake_time=min(end, _next_look(terms.judged_by, probation)))


def analysis_alone(analysis: Analysis, results: list[StepResult]) -> Analysis:
    """Return what a revision can be judged by alone.

    Bounds are the spec's ``max``, and what ``maxRegression`` came to beside the champion's value at the last
    look of the rollout. A check without either is left out.
    """
    champions = {each.metric: each.champion for each in results}
    checks = [
        StepCheck(metric=check.metric, max=bound)
        for check in analysis.effective_checks
        if check.metric in _OF_ONE and (bound := _bound(check, champions.get(check.metric))) is not None
    ]
    # An empty list would mean the usual checks, which compare.
    return analysis.model_copy(update={"checks": checks or list(analysis.effective_checks)})


def _bound(check: StepCheck, champion: str | None) -> str | None:
    bounds = [float(check.max)] if check.max is not None else []
    if check.max_regression is not None and champion is not None:
        bounds.append(float(champion) + float(check.max_regression))
    return f"{min(bounds):.6f}" if bounds and min(bounds) < 1e12 else None


def _next_look(analysis: Analysis, probation: Probation) -> datetime:
    seconds = analysis.interval_seconds * (probation.looks + 1)
    return parse_time(probation.started_time) + timedelta(seconds=seconds)


def _is_up(observation: ModelDeploymentObservation, revision: Revision) -> bool:
    return count_pods(observation, revision, 1).ready > 0


def _failure(observation: ModelDeploymentObservation, key: str, why: str) -> ModelFailure:
    return ModelFailure(
        reason=Reason.PROBATION_FAILED,
        message=f"on probation: {why}"[:MAX_FAILURE_MESSAGE],
        time=format_time(observation.now),
        rollout_key=key,
    )


def _go_back(progress: Progress, new: Revision, probation: Probation, failure: ModelFailure) -> Progress:
    """Return the progress with the old revision serving again, and the new one remembered as failed."""
    message = f"{failure.reason}: {failure.message}"[:MAX_FAILURE_MESSAGE]
    failed = {"outcome": "Failed", "message": message, "checks": probation.checks}
    revisions = remember(progress.revisions, new.model_copy(update=failed))
    serving = {"outcome": "Serving", "promoted_time": failure.time, "message": ""}
    back = probation.revision.model_copy(update=serving)
    return replace(
        progress,
        stable=back,
        revisions=tuple(each for each in revisions if each.name != back.name),
        probation=None,
        last_failure=failure,
        stalled=Note(failure.reason, with_remedy(failure.reason, failure.message)),
    )
