"""What the status says about performance: rounded figures, kept until they say something else."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from holdfast_operator.api.performance import (
    PerformanceFigures,
    PerformanceStatus,
    PerformanceTrigger,
    SlicePerformance,
)
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.core.conditions import PERFORMANCE_DEGRADED, TRIGGERS_HEALTHY, Finding
from holdfast_operator.core.observation import LabelWindow, RetrainPolicyObservation
from holdfast_operator.core.performance import (
    GroupName,
    GroupPerformance,
    PerformanceAssessment,
    PerformanceState,
    assess_performance,
)
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import RetrainPolicyReason as Reason

SHOWN_SLICES: Final = 10
_VISIBLE_EVIDENCE: Final = 0.2
_REASONS: Final[dict[PerformanceState, Reason]] = {
    PerformanceState.NO_DATA: Reason.NO_DATA,
    PerformanceState.PROBLEM: Reason.NO_DATA,
    PerformanceState.UNKNOWN_SLICE: Reason.UNKNOWN_SLICE,
    PerformanceState.NOT_ENOUGH_LABELS: Reason.NOT_ENOUGH_LABELS,
}
_BLIND: Final = (PerformanceState.PROBLEM, PerformanceState.UNKNOWN_SLICE)


@dataclass(frozen=True)
class PerformanceView:
    """What labels prove about what serves now, and what they say; no assessment: nobody has asked."""

    window: LabelWindow | None
    assessment: PerformanceAssessment | None


def view_performance(observation: RetrainPolicyObservation) -> PerformanceView:
    """Return what the labels of the stable revision say, if the policy has a performance trigger."""
    policy, model_deployment = observation.resource, observation.model_deployment
    trigger, window = policy.spec.triggers.performance, observation.labels
    stable = model_deployment.status.stable_revision if model_deployment else None
    if window is not None and (stable is None or window.revision != stable.name):
        window = None
    if trigger is None:
        return PerformanceView(window, None)
    return PerformanceView(window, assess_performance(trigger, window, _degraded_before(policy, window)))


def report_performance(policy: RetrainPolicy, view: PerformanceView) -> PerformanceStatus | None:
    """Return the figures: those of before if they say the same, or if nothing could be assessed."""
    known, trigger = policy.status.performance, policy.spec.triggers.performance
    window, assessment = view.window, view.assessment
    if trigger is None or assessment is None:
        return None
    if window is None or assessment.overall is None:
        return known
    fresh = PerformanceStatus.model_validate(
        {
            **_figures(trigger, assessment.overall),
            "metric": trigger.metric,
            "revision": window.revision,
            "baseline_source": assessment.overall.baseline.source if assessment.overall.baseline else None,
            "slices": [_slice(trigger, group) for group in assessment.slices[:SHOWN_SLICES]],
        }
    )
    return fresh if known is None or _differs(trigger, known, fresh) else known


def assess_performance_condition(policy: RetrainPolicy, view: PerformanceView) -> Finding:
    """Return PerformanceDegraded; without a trigger the policy does not watch labels."""
    trigger, assessment = policy.spec.triggers.performance, view.assessment
    if trigger is None or assessment is None:
        return Finding(PERFORMANCE_DEGRADED, "False", Reason.NO_PERFORMANCE_TRIGGER)
    worst = assessment.worst
    if worst is not None:
        return Finding(PERFORMANCE_DEGRADED, "True", Reason.DEGRADED, describe_group(trigger, worst))
    if assessment.state in _REASONS:
        return Finding(PERFORMANCE_DEGRADED, "Unknown", _REASONS[assessment.state], assessment.message)
    message = _describe_undecided(assessment)
    return Finding(PERFORMANCE_DEGRADED, "False", Reason.WITHIN_TOLERANCE, message)


def find_label_blind_spots(view: PerformanceView) -> list[Note]:
    """Return why the performance trigger cannot see what it should."""
    window, assessment = view.window, view.assessment
    if assessment is None or assessment.state not in _BLIND:
        return []
    problem = None if window is None else window.problem
    return [Note(problem or _REASONS[assessment.state], assessment.message)]


def assess_label_wait(view: PerformanceView) -> Finding | None:
    """Return TriggersHealthy while no labels have been read; None: they have, or nobody has asked."""
    assessment = view.assessment
    if assessment is None or assessment.state is not PerformanceState.NO_DATA:
        return None
    return Finding(TRIGGERS_HEALTHY, "Unknown", Reason.NO_DATA, assessment.message)


def describe_group(trigger: PerformanceTrigger, group: GroupPerformance) -> str:
    """Return how bad a group is, in a sentence without figures that change at every look."""
    name, value = group.name
    where = f" where {name} is in bin {value}" if name else ""
    tolerated = trigger.max_drop or trigger.max_increase
    return (
        f"{trigger.metric}{where} is worse than its baseline {_baseline(trigger, group)} by over {tolerated}."
    )


def format_metric(trigger: PerformanceTrigger, loss: float) -> str:
    """Return a mean loss as the metric, rounded."""
    return f"{1 - loss:.3f}" if trigger.metric == "accuracy" else f"{loss:.4g}"


def _degraded_before(policy: RetrainPolicy, window: LabelWindow | None) -> Collection[GroupName]:
    """Return the groups of the same revision that were called degraded."""
    known = policy.status.performance
    if known is None or window is None or known.revision != window.revision:
        return set()
    found = {(each.name, each.value) for each in known.slices if each.verdict == "Degraded"}
    return found | {("", "")} if known.verdict == "Degraded" else found


def _describe_undecided(assessment: PerformanceAssessment) -> str:
    waiting = any(group.verdict == "NotEnoughLabels" for group in assessment.slices)
    return "Some slices have too few labels to tell." if waiting else ""


def _baseline(trigger: PerformanceTrigger, group: GroupPerformance) -> str | None:
    return None if group.baseline is None else format_metric(trigger, group.baseline.mean)


def _figures(trigger: PerformanceTrigger, group: GroupPerformance) -> dict[str, str | int | None]:
    mean = group.recent.mean
    return {
        "baseline": _baseline(trigger, group),
        "current": None if mean is None else format_metric(trigger, mean),
        "labels": group.recent.rows,
        "evidence": f"{group.evidence:.1f}"
        if group.evidence in (0, 1)
        else f"{min(group.evidence, 0.9):.1f}",
        "verdict": group.verdict,
    }


def _slice(trigger: PerformanceTrigger, group: GroupPerformance) -> SlicePerformance:
    name, value = group.name
    return SlicePerformance.model_validate({"name": name, "value": value, **_figures(trigger, group)})


def _differs(trigger: PerformanceTrigger, known: PerformanceStatus, fresh: PerformanceStatus) -> bool:
    """Whether a person would read something else."""
    if (known.metric, known.revision, known.baseline_source) != (
        fresh.metric,
        fresh.revision,
        fresh.baseline_source,
    ):
        return True
    if _group_differs(trigger, known, fresh):
        return True
    before = {(each.name, each.value): each for each in known.slices}
    after = {(each.name, each.value): each for each in fresh.slices}
    if any(_group_differs(trigger, before[name], after[name]) for name in before.keys() & after.keys()):
        return True
    # Which slices are shown is chance while nothing speaks against them.
    return any(float(after[name].evidence) >= _VISIBLE_EVIDENCE for name in after.keys() - before.keys())


def _group_differs(trigger: PerformanceTrigger, known: PerformanceFigures, fresh: PerformanceFigures) -> bool:
    if (known.verdict, known.baseline) != (fresh.verdict, fresh.baseline):
        return True
    gained = abs(float(fresh.evidence) - float(known.evidence)) > _VISIBLE_EVIDENCE - 1e-9
    return gained or _moved(trigger, known.current, fresh.current) or fresh.labels > 2 * known.labels


def _moved(trigger: PerformanceTrigger, before: str | None, after: str | None) -> bool:
    """Whether a metric has moved by more than half of what is tolerated."""
    if before is None or after is None:
        return before is not after
    visible = float(trigger.max_drop or trigger.max_increase or "0") / 2
    return abs(float(after) - float(before)) > visible + 1e-9
