"""What the triggers that look beyond the model have seen: followed, judged, and remembered as answered."""

from dataclasses import dataclass, replace

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.trigger_statuses import CodeStatus
from holdfast_operator.api.triggers import TriggerType
from holdfast_operator.core.code_trigger import answer_code, follow_code, see_code
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.triggers import Sighting


@dataclass(frozen=True)
class Causes:
    """What the status is to remember of them; None: there is no such trigger."""

    code: CodeStatus | None = None


def follow_causes(observation: RetrainPolicyObservation) -> Causes:
    """Return what has been seen, with what is new; a suspended policy looks at nothing."""
    status = observation.resource.status
    if observation.resource.spec.suspend:
        return Causes(status.code)
    return Causes(follow_code(observation))


def see_causes(policy: RetrainPolicy, causes: Causes) -> list[Sighting]:
    """Return what there is to retrain for, one sighting per trigger of the spec."""
    sightings = []
    if causes.code is not None:
        sightings.append(see_code(policy, causes.code))
    return sightings


def answer_causes(causes: Causes, fired: TriggerType | None) -> Causes:
    """Return what is to be remembered when a trigger has fired: the same cause does not fire again."""
    if fired == "Code" and causes.code is not None:
        return replace(causes, code=answer_code(causes.code))
    return causes
