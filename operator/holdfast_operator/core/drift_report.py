"""What the status says about drift: figures that are rounded, and kept until they differ enough to matter."""

from typing import Final, Literal

from holdfast.drift import ColumnDrift
from holdfast.drift_alarms import Alarm
from holdfast.profile import Kind
from holdfast_operator.api.resource import ConditionStatus
from holdfast_operator.api.retrain_policy import DriftStatus, FeatureDrift, RetrainPolicy
from holdfast_operator.core.conditions import (
    DRIFT_CONFIRMED,
    DRIFT_SUSPECTED,
    TRIGGERS_HEALTHY,
    Finding,
    is_true,
)
from holdfast_operator.core.drift import DriftAssessment, DriftState
from holdfast_operator.core.loss_estimate import estimate_loss
from holdfast_operator.core.observation import DriftWindow
from holdfast_operator.core.reasons import RetrainPolicyReason as Reason

WORST: Final = 5
_UNDECIDED: Final[dict[DriftState, Reason]] = {
    DriftState.NO_DATA: Reason.NO_DATA,
    DriftState.PROBLEM: Reason.NO_DATA,
    DriftState.UNKNOWN_FEATURE: Reason.UNKNOWN_FEATURE,
    DriftState.NOT_ENOUGH_SAMPLES: Reason.NOT_ENOUGH_SAMPLES,
}

_KINDS: Final[dict[Kind, Literal["Feature", "Output", "Residual"]]] = {
    "feature": "Feature",
    "output": "Output",
    "residual": "Residual",
}


def report_drift(
    policy: RetrainPolicy, window: DriftWindow | None, assessment: DriftAssessment
) -> DriftStatus | None:
    """Return the figures: those of before if they say the same, or if nothing could be decided."""
    known = policy.status.drift
    if window is None or not assessment.is_decided:
        return known
    fresh = DriftStatus(
        rows=window.rows,
        window_seconds=round((window.end - window.start).total_seconds()),
        revision=window.revision,
        worst_features=[_feature(drift) for drift in assessment.columns[:WORST]],
        estimate=estimate_loss(window),
    )
    has_turned = _state_of(policy) is not assessment.state
    return fresh if known is None or has_turned or _differs(known, fresh) else known


def assess_drift_conditions(assessment: DriftAssessment | None, drift: DriftStatus | None) -> list[Finding]:
    """Return DriftSuspected and DriftConfirmed; None: the policy does not watch for drift."""
    if assessment is None:
        return [
            Finding(type_, "False", Reason.NO_DRIFT_TRIGGER) for type_ in (DRIFT_SUSPECTED, DRIFT_CONFIRMED)
        ]
    if assessment.state in _UNDECIDED:
        reason = _UNDECIDED[assessment.state]
        unknown = [
            Finding(type_, "Unknown", reason, assessment.message)
            for type_ in (DRIFT_SUSPECTED, DRIFT_CONFIRMED)
        ]
        if assessment.suspicion is None:
            return unknown
        return [_finding(DRIFT_SUSPECTED, describe_alarm(assessment.suspicion), holds=True), unknown[1]]
    if assessment.state is DriftState.INPUT_BROKEN:
        return [
            Finding(DRIFT_SUSPECTED, "True", Reason.INPUT_BROKEN, assessment.message),
            Finding(DRIFT_CONFIRMED, "False", Reason.INPUT_BROKEN, assessment.message),
        ]
    message = describe_worst(drift)
    suspicion = describe_alarm(assessment.suspicion) if assessment.suspicion else message
    confirmation = describe_alarm(assessment.severe) if assessment.severe else message
    return [
        _finding(DRIFT_SUSPECTED, suspicion, holds=assessment.state is not DriftState.STEADY),
        _finding(DRIFT_CONFIRMED, confirmation, holds=assessment.state is DriftState.CONFIRMED),
    ]


def assess_triggers_healthy(assessment: DriftAssessment | None, window: DriftWindow | None) -> Finding:
    """Return whether the triggers see what they need to see."""
    if assessment is None:
        return Finding(TRIGGERS_HEALTHY, "True", Reason.WATCHING)
    if window is not None and window.problem is not None:
        return Finding(TRIGGERS_HEALTHY, "False", window.problem, assessment.message)
    if assessment.state is DriftState.NO_DATA:
        return Finding(TRIGGERS_HEALTHY, "Unknown", Reason.NO_DATA, assessment.message)
    if assessment.state is DriftState.UNKNOWN_FEATURE:
        return Finding(TRIGGERS_HEALTHY, "False", Reason.UNKNOWN_FEATURE, assessment.message)
    if assessment.state is DriftState.INPUT_BROKEN:
        return Finding(TRIGGERS_HEALTHY, "False", Reason.INPUT_BROKEN, assessment.message)
    return Finding(TRIGGERS_HEALTHY, "True", Reason.WATCHING)


def describe_worst(drift: DriftStatus | None) -> str:
    """Return how far the column that moved most has moved."""
    drift = drift or DriftStatus()
    return " ".join(
        f"{worst.kind} {worst.name}: PSI {worst.psi} (noise floor {worst.noise_floor}) on {drift.rows} rows."
        for worst in drift.worst_features[:1]
    )


def describe_alarm(alarm: Alarm) -> str:
    """Return how far the column of an alarm had moved when it was raised."""
    seconds = round(alarm.end - alarm.start)
    return f"{_KINDS[alarm.kind]} {alarm.name}: PSI {alarm.size:.2f} on {alarm.rows} rows within {seconds} s."


def _finding(type_: str, message: str, *, holds: bool) -> Finding:
    status: ConditionStatus = "True" if holds else "False"
    return Finding(type_, status, Reason.DIVERGED if holds else Reason.WITHIN_TOLERANCE, message)


def _state_of(policy: RetrainPolicy) -> DriftState:
    if is_true(policy.status.conditions, DRIFT_CONFIRMED):
        return DriftState.CONFIRMED
    if is_true(policy.status.conditions, DRIFT_SUSPECTED):
        return DriftState.SUSPECTED
    return DriftState.STEADY


def _feature(drift: ColumnDrift) -> FeatureDrift:
    return FeatureDrift(
        name=drift.name,
        kind=_KINDS[drift.kind],
        psi=f"{drift.psi:.2f}",
        noise_floor=f"{drift.noise_floor:.3f}",
        p_value=f"{drift.p_value:.0e}",
    )


def _differs(known: DriftStatus, fresh: DriftStatus) -> bool:
    """Whether a person would read something else: another column in front, or a PSI that moved visibly."""
    if (known.revision, known.window_seconds) != (fresh.revision, fresh.window_seconds):
        return True
    if not known.worst_features or known.worst_features[0].name != fresh.worst_features[0].name:
        return _is_visible(known, fresh)
    return any(
        _moved(before, after)
        for before, after in zip(known.worst_features, fresh.worst_features, strict=False)
    )


def _is_visible(known: DriftStatus, fresh: DriftStatus) -> bool:
    """Whether the front column is above the noise; below it the order is chance."""
    worst = fresh.worst_features[0]
    return not known.worst_features or float(worst.psi) > float(worst.noise_floor)


def _moved(before: FeatureDrift, after: FeatureDrift) -> bool:
    old, new = float(before.psi), float(after.psi)
    return abs(new - old) > max(0.02, 0.2 * old)
