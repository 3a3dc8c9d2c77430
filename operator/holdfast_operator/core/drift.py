"""Drift: from the counts of a window to steady, suspected or confirmed, and which column moved most.

docs/explanation/drift-statistics.md has the statistics; here they become a decision with a budget of false
alarms.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from holdfast.drift import ColumnDrift, assess_column, g_statistic, p_value, share_p_value
from holdfast_operator.api.triggers import DriftTrigger
from holdfast_operator.core.looks import bucket_seconds, looks_per_30_days
from holdfast_operator.core.observation import ColumnWindow, DriftWindow

SUSPICION_SHARE: Final = 0.2
"""Drift is suspected at this share of the tolerance."""
CLEARING_SHARE: Final = 0.5
"""Drift is over when no column has moved by this share of the tolerance any more."""
BROKEN_MARGIN: Final = 0.25
"""Input counts as broken when the share of missing or unseen values has grown by more than this."""


class DriftState(StrEnum):
    """What a window says."""

    NO_DATA = "NoData"
    PROBLEM = "Problem"
    UNKNOWN_FEATURE = "UnknownFeature"
    NOT_ENOUGH_SAMPLES = "NotEnoughSamples"
    INPUT_BROKEN = "InputBroken"
    STEADY = "Steady"
    SUSPECTED = "Suspected"
    CONFIRMED = "Confirmed"


@dataclass(frozen=True)
class DriftAssessment:
    """What a window says, and how far the columns have moved, worst first."""

    state: DriftState
    message: str = ""
    columns: tuple[ColumnDrift, ...] = ()

    @property
    def is_decided(self) -> bool:
        """Whether there was enough to decide on."""
        return self.state in (DriftState.STEADY, DriftState.SUSPECTED, DriftState.CONFIRMED)


@dataclass(frozen=True)
class Memory:
    """What was said of the same revision before: drift clears later than it is raised."""

    was_suspected: bool = False
    was_confirmed: bool = False


def assess_drift(trigger: DriftTrigger, window: DriftWindow | None, memory: Memory) -> DriftAssessment:
    """Return what the window says."""
    if window is None:
        return DriftAssessment(DriftState.NO_DATA, "No counters of the stable revision have been read yet.")
    if window.problem is not None:
        return DriftAssessment(DriftState.PROBLEM, window.problem_message)
    columns = _watched(trigger, window)
    if not columns:
        names = ", ".join(trigger.features)
        return DriftAssessment(DriftState.UNKNOWN_FEATURE, f"The profile has none of these: {names}.")
    shortage = _shortage(trigger, window)
    if shortage:
        return DriftAssessment(DriftState.NOT_ENOUGH_SAMPLES, shortage)
    threshold = false_alarm_threshold(trigger, len(columns))
    broken = [fault for column in columns if (fault := _fault(column, window, threshold))]
    if broken:
        return DriftAssessment(DriftState.INPUT_BROKEN, f"{'; '.join(broken[:5])}.")
    return _assess_columns(trigger, columns, threshold, memory)


def false_alarm_threshold(trigger: DriftTrigger, columns: int) -> float:
    """Return the p-value below which one column in one look counts.

    The budget of false alarms in 30 days is shared among all looks and columns (Bonferroni).
    """
    return trigger.max_false_retrains_per_30_days / looks_per_30_days(trigger.window_seconds) / columns


def _watched(trigger: DriftTrigger, window: DriftWindow) -> list[ColumnWindow]:
    return [column for column in window.columns if not trigger.features or column.name in trigger.features]


def _shortage(trigger: DriftTrigger, window: DriftWindow) -> str:
    """Return what is missing, without counts that change at every look."""
    covered = (window.end - window.start).total_seconds()
    if covered < trigger.window_seconds - bucket_seconds(trigger.window_seconds):
        return f"The servers have not been watched for {trigger.window_seconds} s yet."
    if window.rows < trigger.min_samples:
        return f"Fewer than {trigger.min_samples} rows within {trigger.window_seconds} s."
    return ""


def _fault(column: ColumnWindow, window: DriftWindow, threshold: float) -> str:
    """Return what is wrong with the values of a column, as opposed to moved."""
    reference_rows = max(window.reference_rows, 1)
    if share_p_value(
        column.missing, window.rows, column.reference_missing / reference_rows, BROKEN_MARGIN
    ) < (threshold):
        return f"{column.name} is missing in {column.missing / window.rows:.0%} of the rows"
    # The last count of a categorical column is of rare categories: a live value outside the list may be one.
    rare = column.reference[-1] / max(sum(column.reference), 1)
    if share_p_value(column.unseen, window.rows, rare, BROKEN_MARGIN) < threshold:
        return f"{column.name} is of an unseen category in {column.unseen / window.rows:.0%} of the rows"
    return ""


def _assess_columns(
    trigger: DriftTrigger, columns: Sequence[ColumnWindow], threshold: float, memory: Memory
) -> DriftAssessment:
    tolerance = float(Decimal(trigger.tolerance))
    drifts = sorted(
        (_drift_of(column, tolerance) for column in columns), key=lambda drift: (-drift.psi, drift.name)
    )
    lingers = any(drift.psi >= CLEARING_SHARE * tolerance for drift in drifts)
    is_confirmed = any(drift.p_value < threshold for drift in drifts) or (memory.was_confirmed and lingers)
    is_suspected = (
        is_confirmed
        or any(_suspicion(column, tolerance) < threshold for column in columns)
        or (memory.was_suspected and lingers)
    )
    state = (
        DriftState.CONFIRMED if is_confirmed else DriftState.SUSPECTED if is_suspected else DriftState.STEADY
    )
    return DriftAssessment(state, columns=tuple(drifts))


def _drift_of(column: ColumnWindow, tolerance: float) -> ColumnDrift:
    return assess_column(column.name, column.kind, column.counts, column.reference, tolerance)


def _suspicion(column: ColumnWindow, tolerance: float) -> float:
    return p_value(*g_statistic(column.counts, column.reference), tolerance * SUSPICION_SHARE)
