"""What the triggers that look beyond the model have seen: followed, judged, and remembered as answered."""

from dataclasses import dataclass, field, replace

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.trigger_statuses import CodeStatus, DataStatus
from holdfast_operator.api.triggers import TriggerType
from holdfast_operator.core.code_trigger import answer_code, follow_code, see_code
from holdfast_operator.core.data_look import LookPlan
from holdfast_operator.core.data_trigger import answer_data, assess_data, follow_data, see_data
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.progress import Note
from holdfast_operator.core.triggers import Sighting


@dataclass(frozen=True)
class Causes:
    """What the status is to remember of them (None: there is no such trigger), and what is to be done."""

    data: DataStatus | None = None
    code: CodeStatus | None = None
    look: LookPlan = field(default_factory=LookPlan)


def follow_causes(observation: RetrainPolicyObservation) -> Causes:
    """Return what has been seen, with what is new; a suspended policy looks at nothing."""
    status = observation.resource.status
    if observation.resource.spec.suspend:
        return Causes(status.data, status.code)
    data = follow_data(observation)
    return Causes(data.status, follow_code(observation), data.plan)


def see_causes(policy: RetrainPolicy, causes: Causes) -> list[Sighting]:
    """Return what there is to retrain for, one sighting per trigger of the spec."""
    sightings = []
    if causes.data is not None:
        sightings.append(see_data(policy, causes.data))
    if causes.code is not None:
        sightings.append(see_code(policy, causes.code))
    return sightings


def answer_causes(causes: Causes, fired: TriggerType | None) -> Causes:
    """Return what is to be remembered when a trigger has fired: the same cause does not fire again."""
    if fired == "Data" and causes.data is not None:
        return replace(causes, data=answer_data(causes.data))
    if fired == "Code" and causes.code is not None:
        return replace(causes, code=answer_code(causes.code))
    return causes


def find_blind_spots(causes: Causes) -> list[Note]:
    """Return why triggers cannot see what they should."""
    return [note for note in (assess_data(causes.data),) if note is not None]
