"""Alerts as Alertmanager tells of them: which policy they are for, and what a policy remembers of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.trigger_statuses import AlertRecord, AlertStatus
from holdfast_operator.core.timestamps import format_time

MAX_REMEMBERED: Final = 64
"""Alerts that a policy remembers: as many as its status has room for."""
MAX_NAME: Final = 253


class AlertOutcome(StrEnum):
    """What became of an alert that has come; the label ``outcome`` of the counter of alerts."""

    RECORDED = "Recorded"
    """It is in the status of a policy, and waits for its run."""
    KNOWN = "Known"
    """It came before."""
    RESOLVED = "Resolved"
    """It is over; one that still waited starts no run any more."""
    DROPPED = "Dropped"
    """As many alerts as can be remembered wait for the same policy already; their run answers it too."""
    UNMATCHED = "Unmatched"
    """No policy of its namespace waits for such an alert."""


@dataclass(frozen=True)
class Alert:
    """One alert of a notification."""

    fingerprint: str
    """Of its labels, by Alertmanager."""
    starts_at: str
    """As ``spell_start`` spells it."""
    labels: Mapping[str, str]
    is_firing: bool = True


def spell_start(moment: datetime) -> str:
    """Return the one spelling by which the same moment is recognized, and by which moments can be sorted.

    Raises:
        OverflowError: the moment is not between the years 1 and 9999 in UTC.
    """
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def is_meant(policy: RetrainPolicy, alert: Alert) -> bool:
    """Whether the policy waits for such an alert; it has to be of the policy's own namespace."""
    trigger = policy.spec.triggers.alert
    if trigger is None:
        return False
    wanted = {**trigger.match_labels, "namespace": policy.metadata.namespace}
    return all(alert.labels.get(key) == value for key, value in wanted.items())


def take_alert(status: AlertStatus, alert: Alert, now: datetime) -> tuple[AlertStatus, AlertOutcome]:
    """Return what a policy remembers once the alert has come, and what became of the alert."""
    known = next((each for each in status.recent if _is_same(each, alert)), None)
    if not alert.is_firing:
        is_waiting = known is not None and known.state == "Waiting"
        return (_resolve(status, alert) if is_waiting else status), AlertOutcome.RESOLVED
    is_forgotten = status.forgotten_until is not None and alert.starts_at <= status.forgotten_until
    if known is not None or is_forgotten:
        return status, AlertOutcome.KNOWN
    room = _make_room(status)
    if room is None:
        return status, AlertOutcome.DROPPED
    record = AlertRecord(
        fingerprint=alert.fingerprint,
        starts_at=alert.starts_at,
        name=_printable(alert.labels.get("alertname", "")),
        received_time=format_time(now),
    )
    return room.model_copy(update={"recent": [*room.recent, record]}), AlertOutcome.RECORDED


def _is_same(record: AlertRecord, alert: Alert) -> bool:
    return (record.fingerprint, record.starts_at) == (alert.fingerprint, alert.starts_at)


def _resolve(status: AlertStatus, alert: Alert) -> AlertStatus:
    recent = [
        each.model_copy(update={"state": "Resolved"}) if _is_same(each, alert) else each
        for each in status.recent
    ]
    return status.model_copy(update={"recent": recent})


def _make_room(status: AlertStatus) -> AlertStatus | None:
    """Forget the oldest that waits for nothing; None: all of them wait.

    What is forgotten leaves a mark, so that it starts no second run when it comes again.
    """
    if len(status.recent) < MAX_REMEMBERED:
        return status
    settled = [each for each in status.recent if each.state != "Waiting"]
    if not settled:
        return None
    oldest = settled[0]
    until = max(status.forgotten_until or "", oldest.starts_at)
    recent = [each for each in status.recent if each is not oldest]
    return AlertStatus(recent=recent, forgotten_until=until)


def _printable(text: str) -> str:
    return "".join(letter for letter in text[:MAX_NAME] if letter.isprintable())
