"""One observation per type of trigger in which it has something to fire for."""

from collections.abc import Callable, Mapping
from typing import Any

from holdfast_operator.api.triggers import TriggerType
from holdfast_operator.core.observation import RetrainPolicyObservation
from tests.unit.operator.core.builders import time_at
from tests.unit.operator.core.label_windows import LABELS, degraded_labels
from tests.unit.operator.core.policy_observations import DAILY, DRIFT, confirmed_drift, observe_policy

SLOT = 17 * 3600
"""Seconds after the start of the tests when the daily slot is due: 02:00 UTC."""
Change = Mapping[str, Any]


def _observe(triggers: Change, change: Change, status: Change, **fields: Any) -> RetrainPolicyObservation:
    spec = {**change.get("spec", {}), "triggers": triggers}
    return observe_policy(**{**change, "spec": spec, "status": status, "seconds": SLOT, **fields})


def drift_confirmed(change: Change) -> RetrainPolicyObservation:
    return _observe(DRIFT, change, {}, drift=confirmed_drift())


def labels_degraded(change: Change) -> RetrainPolicyObservation:
    return _observe(LABELS, change, {}, labels=degraded_labels())


def slot_due(change: Change) -> RetrainPolicyObservation:
    known = {"lastScheduleTime": time_at(0), "nextScheduleTime": time_at(SLOT)}
    return _observe(DAILY, change, known)


def trainer_changed(change: Change) -> RetrainPolicyObservation:
    known = {"digest": "older", "trainedDigest": "older", "changedTime": time_at(SLOT - 30)}
    return _observe({"code": {}}, change, {"code": known})


def data_changed(change: Change) -> RetrainPolicyObservation:
    uri = "s3://data/credit"
    known = {"uri": uri, "digest": "newer", "trainedDigest": "older", "changedTime": time_at(SLOT - 30)}
    return _observe({"data": {"uri": uri, "checkIntervalSeconds": 600}}, change, {"data": known})


OCCASIONS: dict[TriggerType, Callable[[Change], RetrainPolicyObservation]] = {
    "Drift": drift_confirmed,
    "Performance": labels_degraded,
    "Schedule": slot_due,
    "Data": data_changed,
    "Code": trainer_changed,
}
