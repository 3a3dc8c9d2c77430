"""Performance: from labels that came back to within tolerance or degraded, for all rows and for each slice.

docs/explanation/drift-statistics.md has the test; here its state becomes a decision.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from holdfast.performance import Losses
from holdfast_operator.api.performance import PerformanceTrigger, PerformanceVerdict
from holdfast_operator.core.label_evidence import (
    Baseline,
    LabelTest,
    baseline_of,
    budget_shares,
    evidence_of,
    given_baseline,
    label_test_of,
    recent_losses,
)
from holdfast_operator.core.observation import LabelGroup, LabelWindow

CLEARING_SHARE: Final = 0.5
"""A group that was degraded stays so until it has lost half of the evidence."""
GroupName = tuple[str, str]
"""Feature and bin; both are empty for all rows."""


class PerformanceState(StrEnum):
    """What labels say about the model as a whole."""

    NO_DATA = "NoData"
    PROBLEM = "Problem"
    UNKNOWN_SLICE = "UnknownSlice"
    NOT_ENOUGH_LABELS = "NotEnoughLabels"
    WITHIN_TOLERANCE = "WithinTolerance"
    DEGRADED = "Degraded"


@dataclass(frozen=True)
class GroupPerformance:
    """How right the model is for one group of rows; the metric is a loss here."""

    name: GroupName
    baseline: Baseline | None
    recent: Losses
    evidence: float
    verdict: PerformanceVerdict


@dataclass(frozen=True)
class PerformanceAssessment:
    """What labels say; ``overall`` are all rows, ``slices`` the others with most evidence first."""

    state: PerformanceState
    message: str = ""
    overall: GroupPerformance | None = None
    slices: tuple[GroupPerformance, ...] = ()

    @property
    def worst(self) -> GroupPerformance | None:
        """The group to name: all rows if they are degraded, else the first slice that is."""
        groups = (self.overall, *self.slices)
        return next((group for group in groups if group is not None and group.verdict == "Degraded"), None)


def assess_performance(
    trigger: PerformanceTrigger, window: LabelWindow | None, degraded: Collection[GroupName]
) -> PerformanceAssessment:
    """Return what labels say; ``degraded`` are the groups of which it was said before."""
    if window is None:
        message = "No labels of the stable revision have been counted yet."
        return PerformanceAssessment(PerformanceState.NO_DATA, message)
    if window.problem is not None:
        return PerformanceAssessment(PerformanceState.PROBLEM, window.problem_message)
    unknown = sorted(set(trigger.slices) - {group.slice for group in window.groups})
    if unknown:
        message = f"The servers do not slice labels by {', '.join(unknown)}."
        return PerformanceAssessment(PerformanceState.UNKNOWN_SLICE, message)
    overall, slices = _assess_groups(label_test_of(trigger), window, degraded)
    return PerformanceAssessment(_state_of(overall, slices), _shortage(trigger, overall), overall, slices)


def is_watched(test: LabelTest, slice_: str) -> bool:
    """Whether the policy watches the slices of that feature; empty: all rows, which it always does."""
    return not slice_ or not test.slices or slice_ in test.slices


def _assess_groups(
    test: LabelTest, window: LabelWindow, degraded: Collection[GroupName]
) -> tuple[GroupPerformance, tuple[GroupPerformance, ...]]:
    given = given_baseline(test, window.package)
    chosen = [group for group in window.groups if group.slice and is_watched(test, group.slice)]
    share, slice_share = budget_shares(len(chosen))
    (everything,) = (group for group in window.groups if not group.slice)
    overall = _assess_group(test, window, everything, (given, share), degraded)
    slices = [_assess_group(test, window, group, (None, slice_share), degraded) for group in chosen]
    slices.sort(key=lambda each: (each.verdict != "Degraded", -each.evidence, each.name))
    return overall, tuple(slices)


def _assess_group(
    test: LabelTest,
    window: LabelWindow,
    group: LabelGroup,
    terms: tuple[Baseline | None, float],
    degraded: Collection[GroupName],
) -> GroupPerformance:
    given, share = terms
    name, state = (group.slice, group.value), group.state
    baseline = baseline_of(test, state, given)
    recent = recent_losses(test, state, window.end.timestamp())
    evidence = evidence_of(test, state, share)
    verdict: PerformanceVerdict
    if baseline is None or state.labels < test.min_samples:
        verdict = "NotEnoughLabels"
    elif evidence >= (CLEARING_SHARE if name in degraded else 1):
        verdict = "Degraded"
    elif min(recent.rows, state.tested.rows) < test.min_samples:
        verdict = "NotEnoughLabels"
    else:
        verdict = "WithinTolerance"
    return GroupPerformance(name, baseline, recent, evidence, verdict)


def _state_of(overall: GroupPerformance, slices: Iterable[GroupPerformance]) -> PerformanceState:
    if any(group.verdict == "Degraded" for group in (overall, *slices)):
        return PerformanceState.DEGRADED
    return PerformanceState(overall.verdict)


def _shortage(trigger: PerformanceTrigger, overall: GroupPerformance) -> str:
    """Return what is missing, without counts that change at every look."""
    if overall.verdict != "NotEnoughLabels":
        return ""
    if overall.baseline is None:
        return (
            f"The first {trigger.min_samples} labels of the revision, which become its baseline, are coming."
        )
    return f"Fewer than {trigger.min_samples} labels to compare within {trigger.window_seconds} s."
