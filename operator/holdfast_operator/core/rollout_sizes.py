"""How many pods each revision has while one replaces the other, and so its share of the requests."""

import math
from dataclasses import dataclass

from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.core.pod_counts import count_pods
from holdfast_operator.core.progress import Progress
from holdfast_operator.core.replicas import planned_replicas
from holdfast_operator.core.rollout_plan import Step, StepKind, current_step, is_taking_over


@dataclass(frozen=True)
class Sizes:
    """Numbers of pods."""

    stable: int
    candidate: int = 0
    """As many as the candidate may have now."""
    goal: int = 0
    """As many as it needs for its step."""
    standby: int = 0
    """Of the old revision on probation."""


def plan_sizes(observation: ModelDeploymentObservation, progress: Progress) -> Sizes:
    """Return the numbers of pods that there should be now.

    With ``maxSurge`` both revisions together have at most so many pods more than the spec asks for: in a step
    they share that number, and while the candidate takes over it grows as its pods become ready and the
    stable revision makes room. An autoscaler's number is never made smaller.
    """
    total = planned_replicas(observation)
    terms = observation.resource.spec.rollout
    if progress.stable is None:
        return Sizes(0, total, total)
    if progress.candidate is None:
        kept = terms.probation if progress.probation is not None else None
        return Sizes(total, standby=math.ceil(total * kept.standby_percent / 100) if kept else 0)
    step = _step_of_size(progress)
    if terms.max_surge is None or observation.resource.spec.server.autoscaling is not None or total == 0:
        return _unbounded(observation, progress, step, total)
    # A single pod cannot make room for the one that is to replace it.
    allowed = total + max(terms.max_surge, 1 if total == 1 else 0)
    if step is None or is_taking_over(progress.plan, progress.candidate):
        return _growing(observation, progress, total, allowed)
    goal = max(terms.max_surge, 1) if step.kind is StepKind.SHADOW else round(allowed * step.weight / 100)
    goal = min(max(goal, 1), allowed - 1, total)
    return Sizes(min(total, allowed - goal), goal, goal)


def _growing(observation: ModelDeploymentObservation, progress: Progress, total: int, allowed: int) -> Sizes:
    ready = count_pods(observation, progress.candidate, total).ready
    candidate = min(total, ready + max(allowed - total, 1))
    last = min(total, 0 if ready else 1)
    return Sizes(max(min(total, allowed - candidate), last), candidate, total)


def _unbounded(
    observation: ModelDeploymentObservation, progress: Progress, step: Step | None, total: int
) -> Sizes:
    if step is None or step.kind is StepKind.SHADOW or total == 0:
        return Sizes(total, total, total)
    traffic = observation.resource.spec.rollout.traffic
    if traffic is not None and traffic.gateway is not None:
        stable, goal = total, max(1, math.ceil(total * step.weight / 100))
    else:
        stable, goal = split_by_weight(total, step.weight)
    is_last = progress.candidate is not None and is_taking_over(progress.plan, progress.candidate)
    goal = total if is_last else goal
    return Sizes(stable, goal, goal)


def split_by_weight(total: int, weight: int) -> tuple[int, int]:
    """Return numbers of pods of both revisions, in about this ratio, of which the larger is TOTAL.

    So no revision has more pods than it serves everything with, and both together at most twice as many.
    """
    if weight <= 50:
        return total, max(1, round(total * weight / (100 - weight)))
    return max(1, round(total * (100 - weight) / weight)), total


def _step_of_size(progress: Progress) -> Step | None:
    """Return the step whose size is needed: the first while the candidate starts, at last the last."""
    if not progress.plan or progress.candidate is None:
        return None
    if progress.candidate.step is None:
        return progress.plan[0]
    return current_step(progress.plan, progress.candidate) or progress.plan[-1]
