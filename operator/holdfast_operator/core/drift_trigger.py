"""The drift trigger: an occasion while drift is confirmed, an obstacle where nothing can be concluded."""

from typing import Final

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
    worst = assessment.columns[0]
    end = format_time(window.end)
    evidence = {
        "revision": window.revision,
        "profile": window.profile,
        "windowStart": format_time(window.start),
        "windowEnd": end,
        "rows": str(window.rows),
        "kind": worst.kind,
        "name": worst.name,
        "psi": f"{worst.psi:.3f}",
        "noiseFloor": f"{worst.noise_floor:.3f}",
        "pValue": f"{worst.p_value:.1e}",
        "tolerance": policy.spec.triggers.drift.tolerance if policy.spec.triggers.drift else "",
    }
    identity = short({"revision": window.revision, "windowEnd": end})
    name = f"{prefix(policy.metadata.name)}-drift-{identity}"
    reason = f"{worst.kind.capitalize()} {worst.name} moved: PSI {worst.psi:.2f} on {window.rows} rows."
    return Occasion("Drift", name, reason, evidence)
