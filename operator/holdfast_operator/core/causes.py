"""What the triggers that look beyond the model have seen: followed, judged, and remembered as answered."""

from dataclasses import dataclass, field, replace
from datetime import datetime

from holdfast_operator.api.trigger_statuses import AlertStatus, CodeStatus, DataStatus, SignalStatus
from holdfast_operator.api.triggers import TriggerType
from holdfast_operator.core.alert_trigger import (
    answer_alerts,
    assess_alerts,
    follow_alerts,
    next_expiry,
    see_alerts,
)
from holdfast_operator.core.code_trigger import answer_code, follow_code, see_code
from holdfast_operator.core.data_look import LookPlan
from holdfast_operator.core.data_trigger import answer_data, assess_data, follow_data, see_data
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.signal_trigger import answer_signal, assess_signal, follow_signal, see_signal
from holdfast_operator.core.triggers import Sighting


@dataclass(frozen=True)
class Causes:
    """What the status is to remember of them (None: there is no such trigger), and what is to be done."""

    data: DataStatus | None = None
    code: CodeStatus | None = None
    alert: AlertStatus | None = None
    signal: SignalStatus | None = None
    look: LookPlan = field(default_factory=LookPlan)


def follow_causes(observation: RetrainPolicyObservation) -> Causes:
    """Return what has been seen, with what is new; a suspended policy looks at nothing."""
    status = observation.resource.status
    alert = follow_alerts(observation)  # They come by themselves, and expire, whether or not it looks.
    if observation.resource.spec.suspend:
        return Causes(status.data, status.code, alert, status.signal)
    data = follow_data(observation)
    return Causes(data.status, follow_code(observation), alert, follow_signal(observation), data.plan)


def see_causes(observation: RetrainPolicyObservation, causes: Causes) -> list[Sighting]:
    """Return what there is to retrain for, one sighting per trigger of the spec."""
    policy = observation.resource
    sightings = []
    if causes.data is not None:
        sightings.append(see_data(policy, causes.data))
    if causes.code is not None:
        sightings.append(see_code(policy, causes.code))
    if policy.spec.triggers.alert is not None:
        sightings.append(see_alerts(policy, causes.alert))
    if causes.signal is not None:
        sightings.append(see_signal(observation, causes.signal))
    return sightings


def answer_causes(causes: Causes, fired: TriggerType | None) -> Causes:
    """Return what is to be remembered when a trigger has fired: the same cause does not fire again."""
    if fired == "Data" and causes.data is not None:
        return replace(causes, data=answer_data(causes.data))
    if fired == "Code" and causes.code is not None:
        return replace(causes, code=answer_code(causes.code))
    if fired == "Alert" and causes.alert is not None:
        return replace(causes, alert=answer_alerts(causes.alert))
    if fired == "Signal" and causes.signal is not None:
        return replace(causes, signal=answer_signal(causes.signal))
    return causes


def find_blind_spots(observation: RetrainPolicyObservation, causes: Causes) -> list[Note]:
    """Return why triggers cannot see what they should."""
    notes = (assess_data(causes.data), assess_alerts(observation), assess_signal(causes.signal))
    return [note for note in notes if note is not None]


def wake_times(observation: RetrainPolicyObservation, causes: Causes) -> list[datetime | None]:
    """Return when time alone changes something about them."""
    return [causes.look.wake_time, next_expiry(observation.resource, causes.alert)]
