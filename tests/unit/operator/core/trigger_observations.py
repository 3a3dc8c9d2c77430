"""One observation per type of trigger in which it has something to fire for."""

from collections.abc import Callable, Mapping
from typing import Any

from holdfast_operator.api.outside_triggers import SignalTrigger
from holdfast_operator.api.triggers import TriggerType
from holdfast_operator.core.observation import RetrainPolicyObservation, SignalAnswers
from holdfast_operator.core.signal_answer import signal_key
from tests.unit.operator.core.builders import at, time_at
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


def alert_came(change: Change) -> RetrainPolicyObservation:
    alert = {
        "fingerprint": "0a1b2c3d4e5f6071",
        "startsAt": "2026-11-03T01:00:00.000000Z",
        "name": "ManyErrors",
    }
    known = {"recent": [{**alert, "receivedTime": time_at(SLOT - 30), "state": "Waiting"}]}
    return _observe({"alert": {"matchLabels": {"alertname": "ManyErrors"}}}, change, {"alert": known})


def signal_raised(change: Change) -> RetrainPolicyObservation:
    signal = {"url": "http://evidently.bank.svc:8000/drift", "path": "share", "above": "0.5"}
    key = signal_key(SignalTrigger.model_validate(signal))
    known = {"key": key, "isRaised": True, "value": "0.7", "changedTime": time_at(SLOT - 30)}
    answers = SignalAnswers(key, at(SLOT), is_out=True, value="0.7", count=5)
    return _observe({"signal": signal}, change, {"signal": known}, signal=answers)


OCCASIONS: dict[TriggerType, Callable[[Change], RetrainPolicyObservation]] = {
    "Drift": drift_confirmed,
    "Performance": labels_degraded,
    "Schedule": slot_due,
    "Data": data_changed,
    "Code": trainer_changed,
    "Alert": alert_came,
    "Signal": signal_raised,
}
