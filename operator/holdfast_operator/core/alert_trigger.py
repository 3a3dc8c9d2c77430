"""The alert trigger: an alert has come that no run was started for, and that has not expired."""

from datetime import datetime, timedelta

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.trigger_statuses import AlertRecord, AlertStatus
from holdfast_operator.core.answers import is_answered
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.reasons import LookProblem
from holdfast_operator.core.timestamps import parse_time
from holdfast_operator.core.triggers import Occasion, Sighting
from holdfast_operator.manifests.metadata import prefix, short


def follow_alerts(observation: RetrainPolicyObservation) -> AlertStatus | None:
    """Return what is remembered of alerts now; it outlives the trigger, so that none fires twice."""
    status = observation.resource.status.alert
    if status is None:
        return None
    recent = [_settle(observation, each) if each.state == "Waiting" else each for each in status.recent]
    return status.model_copy(update={"recent": recent})


def see_alerts(policy: RetrainPolicy, status: AlertStatus | None) -> Sighting:
    """Return what the alert trigger sees: the alert that has waited longest."""
    waiting = _waiting(status)
    if not waiting:
        return Sighting("Alert")
    alert = waiting[0]
    evidence = {
        "alertname": alert.name,
        "fingerprint": alert.fingerprint,
        "startsAt": alert.starts_at,
        "receivedTime": alert.received_time,
        "alerts": str(len(waiting)),
    }
    reason = f"Alert {alert.name or alert.fingerprint} fires since {alert.starts_at}."
    return Sighting("Alert", Occasion("Alert", run_name(policy, alert), reason, evidence))


def answer_alerts(status: AlertStatus) -> AlertStatus:
    """Return what is remembered after a run was started: it is for all alerts that had come by then."""
    recent = [
        each.model_copy(update={"state": "Answered"}) if each.state == "Waiting" else each
        for each in status.recent
    ]
    return status.model_copy(update={"recent": recent})


def next_expiry(policy: RetrainPolicy, status: AlertStatus | None) -> datetime | None:
    """Return when the next waiting alert is dropped, if one waits."""
    return min((_expiry(policy, each) for each in _waiting(status)), default=None)


def assess_alerts(observation: RetrainPolicyObservation) -> Note | None:
    """Return why alerts cannot be seen, if that is so."""
    if observation.resource.spec.triggers.alert is None or observation.receives_alerts:
        return None
    return Note(LookProblem.ALERTS_OFF, "The operator receives no alerts: alertReceiver.enabled is false.")


def run_name(policy: RetrainPolicy, alert: AlertRecord) -> str:
    """Return the name of the run for an alert: the same for the same fingerprint and start."""
    identity = short([alert.fingerprint, alert.starts_at])
    return f"{prefix(policy.metadata.name)}-alert-{identity}"


def _settle(observation: RetrainPolicyObservation, alert: AlertRecord) -> AlertRecord:
    policy = observation.resource
    has_run = any(run.metadata.name == run_name(policy, alert) for run in observation.runs)
    if has_run or is_answered(policy, observation.runs, alert.received_time):
        return alert.model_copy(update={"state": "Answered"})
    is_expired = observation.now >= _expiry(policy, alert)
    return alert.model_copy(update={"state": "Expired"}) if is_expired else alert


def _expiry(policy: RetrainPolicy, alert: AlertRecord) -> datetime:
    trigger = policy.spec.triggers.alert
    seconds = trigger.expire_seconds if trigger is not None else 0
    return parse_time(alert.received_time) + timedelta(seconds=seconds)


def _waiting(status: AlertStatus | None) -> list[AlertRecord]:
    return [each for each in status.recent if each.state == "Waiting"] if status is not None else []
