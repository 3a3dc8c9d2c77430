"""The drift trigger: an occasion while drift is confirmed, an obstacle where nothing can be concluded."""

from datetime import UTC, datetime
from typing import Final

from holdfast.drift import ColumnDrift
from holdfast.drift_alarms import Alarm
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.core.drift import DriftAssessment, DriftState
from holdfast_operator.core.observation import DriftWindow
from holdfast_operator.core.reasons import SuppressedReason
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.core.triggers import Occasion, Sighting
from holdfast_operator.manifests.metadata import prefix, short

_OBSTACLES: Final = {
    DriftState.NO_DATA: SuppressedReason.NOT_ENOUGH_SAMPLES,
    DriftState.NOT_ENOUGH_SAMPLES: SuppressedReason.NOT_ENOUGH_SAMPLES,
    DriftState.INPUT_BROKEN: SuppressedReason.INPUT_BROKEN,
}


def see_drift(policy: RetrainPolicy, window: DriftWindow | None, assessment: DriftAssessment) -> Sighting:
    """Return what the drift trigger sees in the window."""
    obstacle = _OBSTACLES.get(assessment.state)
    if obstacle is not None or assessment.state is not DriftState.CONFIRMED or window is None:
        return Sighting("Drift", obstacle=obstacle)
    return Sighting("Drift", _occasion(policy, window, assessment))


def _occasion(policy: RetrainPolicy, window: DriftWindow, assessment: DriftAssessment) -> Occasion:
    found = _severe(assessment.severe) if assessment.severe else _confirmed(window, assessment.columns[0])
    evidence = {
        "revision": window.revision,
        "profile": window.profile,
        **found,
        "tolerance": policy.spec.triggers.drift.tolerance if policy.spec.triggers.drift else "",
    }
    identity = short({"revision": window.revision, "windowEnd": evidence["windowEnd"]})
    name = f"{prefix(policy.metadata.name)}-drift-{identity}"
    psi = float(evidence["psi"])
    moved = f"{evidence['kind'].capitalize()} {evidence['name']} moved"
    return Occasion("Drift", name, f"{moved}: PSI {psi:.2f} on {evidence['rows']} rows.", evidence)


def _confirmed(window: DriftWindow, worst: ColumnDrift) -> dict[str, str]:
    return {
        "windowStart": format_time(window.start),
        "windowEnd": format_time(window.end),
        "rows": str(window.rows),
        "kind": worst.kind,
        "name": worst.name,
        "psi": f"{worst.psi:.3f}",
        "noiseFloor": f"{worst.noise_floor:.3f}",
        "pValue": f"{worst.p_value:.1e}",
    }


def _severe(alarm: Alarm) -> dict[str, str]:
    """Return the same of an alarm, which stays the same while it stands: it starts one run."""
    return {
        "tier": alarm.tier,
        "windowStart": format_time(datetime.fromtimestamp(alarm.start, UTC)),
        "windowEnd": format_time(datetime.fromtimestamp(alarm.end, UTC)),
        "rows": str(alarm.rows),
        "kind": alarm.kind,
        "name": alarm.name,
        "psi": f"{alarm.size:.3f}",
        "pValue": f"{alarm.p_value:.1e}",
    }
