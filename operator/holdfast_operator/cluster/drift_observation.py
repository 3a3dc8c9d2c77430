"""Reads what a policy's servers have counted for its drift trigger."""

from datetime import datetime

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.cluster.drift_watch import DriftWatch, WindowFailure, failed_window
from holdfast_operator.cluster.key import Key
from holdfast_operator.core.drift import drift_settings_of
from holdfast_operator.core.observation import DriftWindow
from holdfast_operator.core.reasons import WindowProblem

MONITORING_OFF = WindowFailure(
    WindowProblem.MONITORING_OFF, "spec.server.featureMonitoring of the ModelDeployment is Disabled"
)


def observe_drift(
    watch: DriftWatch, key: Key, policy: RetrainPolicy, model: ModelDeployment | None, now: datetime
) -> DriftWindow | None:
    """Have the rows of a policy with a drift trigger counted, and return the last window."""
    trigger = policy.spec.triggers.drift
    if trigger is None or policy.spec.suspend or model is None:
        watch.unfollow(key)
        return None
    settings = drift_settings_of(trigger)
    revision = model.status.stable_revision.name if model.status.stable_revision else ""
    if model.spec.server.feature_monitoring == "Disabled":
        watch.unfollow(key)
        return failed_window(revision, settings, now, MONITORING_OFF)
    watch.follow(key, model.metadata.name, settings, now)
    return watch.window(key, revision, now)
