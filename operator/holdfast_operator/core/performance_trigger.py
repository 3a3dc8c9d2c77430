"""The performance trigger: an occasion while labels say that the model has become worse."""

from typing import Final

from holdfast_operator.api.performance import PerformanceTrigger
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.core.drift import DriftAssessment, DriftState
from holdfast_operator.core.observation import LabelWindow
from holdfast_operator.core.performance import GroupPerformance, PerformanceState
from holdfast_operator.core.performance_report import PerformanceView, describe_group, format_metric
from holdfast_operator.core.reasons import SuppressedReason
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.core.triggers import Occasion, Sighting
from holdfast_operator.manifests.metadata import prefix, short

_OBSTACLES: Final = {
    PerformanceState.NO_DATA: SuppressedReason.NOT_ENOUGH_SAMPLES,
    PerformanceState.NOT_ENOUGH_LABELS: SuppressedReason.NOT_ENOUGH_SAMPLES,
}


def see_performance(policy: RetrainPolicy, view: PerformanceView, drift: DriftAssessment | None) -> Sighting:
    """Return what the performance trigger sees: an occasion while labels prove harm.

    Broken input explains bad predictions, and retraining would learn it: then nothing fires.
    """
    trigger, assessment = policy.spec.triggers.performance, view.assessment
    if trigger is None or assessment is None or view.window is None or assessment.worst is None:
        state = assessment.state if assessment else PerformanceState.NO_DATA
        return Sighting("Performance", obstacle=_OBSTACLES.get(state))
    occasion = _occasion(policy, trigger, view.window, assessment.worst)
    is_broken = drift is not None and drift.state is DriftState.INPUT_BROKEN
    return Sighting("Performance", occasion, SuppressedReason.INPUT_BROKEN if is_broken else None)


def _occasion(
    policy: RetrainPolicy, trigger: PerformanceTrigger, window: LabelWindow, worst: GroupPerformance
) -> Occasion:
    """Return the occasion; what names the run is the revision and the look that found labels."""
    end = format_time(window.end)
    identity = short({"revision": window.revision, "labelsUntil": end})
    name = f"{prefix(policy.metadata.name)}-performance-{identity}"
    return Occasion("Performance", name, describe_group(trigger, worst), _evidence(trigger, window, worst))


def _evidence(trigger: PerformanceTrigger, window: LabelWindow, worst: GroupPerformance) -> dict[str, str]:
    mean, (name, value) = worst.recent.mean, worst.name
    figures = {
        "revision": window.revision,
        "labelsUntil": format_time(window.end),
        "metric": trigger.metric,
        "slice": name,
        "value": value,
        "baseline": format_metric(trigger, worst.baseline.mean) if worst.baseline else "",
        "baselineSource": worst.baseline.source if worst.baseline else "",
        "current": "" if mean is None else format_metric(trigger, mean),
        "labels": str(worst.recent.rows),
        "evidence": f"{worst.evidence:.2f}",
        "maxDrop": trigger.max_drop or "",
        "maxIncrease": trigger.max_increase or "",
    }
    return {key: figure for key, figure in figures.items() if figure}
