"""Drift: from the alarms that stand to steady, suspected or confirmed, and which column moved most.

docs/explanation/drift-statistics.md has the statistics, which raise and clear the alarms within a budget;
here they become a decision.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from holdfast.count_table import FAULTS
from holdfast.drift import ColumnDrift, assess_column
from holdfast.drift_alarms import Alarm, Test
from holdfast.drift_settings import DriftSettings, Tier
from holdfast_operator.api.triggers import DriftTrigger
from holdfast_operator.core.observation import ColumnWindow, DriftWindow

SHOWN_FAULTS: Final = 5
_FAULTS: Final[dict[Test, str]] = dict(
    zip(FAULTS, ("missing", "far outside its reference range", "of an unseen category"), strict=True)
)


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
    """What a window and the alarms say, and how far the columns have moved, worst first.

    ``severe`` is the alarm because of which drift is confirmed although the window may not be full, and
    ``suspicion`` the gravest alarm that starts nothing.
    """

    state: DriftState
    message: str = ""
    columns: tuple[ColumnDrift, ...] = ()
    severe: Alarm | None = None
    suspicion: Alarm | None = None

    @property
    def is_decided(self) -> bool:
        """Whether there was enough to decide on."""
        return self.state in (DriftState.STEADY, DriftState.SUSPECTED, DriftState.CONFIRMED)


def drift_settings_of(trigger: DriftTrigger) -> DriftSettings:
    """Return what a trigger asks for."""
    return DriftSettings(
        window_seconds=trigger.window_seconds,
        tolerance=float(Decimal(trigger.tolerance)),
        severe=None if trigger.severe is None else float(Decimal(trigger.severe)),
        max_false_retrains_per_30_days=trigger.max_false_retrains_per_30_days,
        min_samples=trigger.min_samples,
        features=tuple(trigger.features),
    )


def assess_drift(trigger: DriftTrigger, window: DriftWindow | None) -> DriftAssessment:
    """Return what the window and the alarms say."""
    if window is None:
        return DriftAssessment(DriftState.NO_DATA, "No counters of the stable revision have been read yet.")
    if window.problem is not None:
        return DriftAssessment(DriftState.PROBLEM, window.problem_message)
    columns = _watched(trigger, window)
    if not columns:
        names = ", ".join(trigger.features)
        return DriftAssessment(DriftState.UNKNOWN_FEATURE, f"The profile has none of these: {names}.")
    alarms = [each for each in window.alarms if not trigger.features or each.name in trigger.features]
    faults = _of_tier(alarms, Tier.FAULT)
    if faults:
        named = "; ".join(map(_describe_fault, faults[:SHOWN_FAULTS]))
        return DriftAssessment(DriftState.INPUT_BROKEN, f"{named}.")
    return _assess_alarms(drift_settings_of(trigger), window, columns, alarms)


def _assess_alarms(
    settings: DriftSettings, window: DriftWindow, columns: Sequence[ColumnWindow], alarms: Sequence[Alarm]
) -> DriftAssessment:
    shortage, suspicion = _shortage(settings, window), next(iter(_of_tier(alarms, Tier.SUSPECTED)), None)
    confirmed, severe = _of_tier(alarms, Tier.CONFIRMED), _of_tier(alarms, Tier.SEVERE)
    if shortage and not severe:
        return DriftAssessment(DriftState.NOT_ENOUGH_SAMPLES, shortage, suspicion=suspicion)
    drifts = tuple(_worst_first(columns, settings.tolerance))
    if confirmed and not shortage:
        return DriftAssessment(DriftState.CONFIRMED, columns=drifts, suspicion=suspicion)
    if severe:
        return DriftAssessment(DriftState.CONFIRMED, columns=drifts, severe=severe[0], suspicion=suspicion)
    state = DriftState.STEADY if suspicion is None else DriftState.SUSPECTED
    return DriftAssessment(state, columns=drifts, suspicion=suspicion)


def _worst_first(columns: Sequence[ColumnWindow], tolerance: float) -> list[ColumnDrift]:
    drifts = [assess_column(each.name, each.kind, each.counts, each.reference, tolerance) for each in columns]
    return sorted(drifts, key=lambda drift: (-drift.psi, drift.name))


def _watched(trigger: DriftTrigger, window: DriftWindow) -> list[ColumnWindow]:
    return [column for column in window.columns if not trigger.features or column.name in trigger.features]


def _of_tier(alarms: Sequence[Alarm], tier: Tier) -> list[Alarm]:
    """Return the alarms of a tier, largest first."""
    found = [alarm for alarm in alarms if alarm.tier is tier]
    return sorted(found, key=lambda alarm: (-alarm.size, alarm.name, alarm.test))


def _shortage(settings: DriftSettings, window: DriftWindow) -> str:
    """Return what is missing, without counts that change at every look."""
    covered = (window.end - window.start).total_seconds()
    if covered < settings.window_seconds - settings.bucket_seconds:
        return f"The servers have not been watched for {settings.window_seconds} s yet."
    if window.rows < settings.min_samples:
        return f"Fewer than {settings.min_samples} rows within {settings.window_seconds} s."
    return ""


def _describe_fault(alarm: Alarm) -> str:
    return f"{alarm.name} is {_FAULTS[alarm.test]} in {alarm.size:.0%} of the rows"
