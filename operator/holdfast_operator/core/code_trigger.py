"""The code trigger: what trains is not what the last run trained with."""

from typing import Final

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.trigger_statuses import CodeStatus
from holdfast_operator.core.answers import is_answered
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.core.triggers import Occasion, Sighting
from holdfast_operator.manifests.metadata import prefix, short

_TRAINS: Final = {"trainer", "workload"}
"""Fields of the spec by which a model is trained."""


def follow_code(observation: RetrainPolicyObservation) -> CodeStatus | None:
    """Return what is known of the trainer now; what is seen first is what later changes are measured by."""
    policy, known = observation.resource, observation.resource.status.code
    if policy.spec.triggers.code is None:
        return None
    digest = code_digest(policy)
    if known is None:
        now = format_time(observation.now)
        return CodeStatus(digest=digest, trained_digest=digest, changed_time=now)
    if digest != known.digest:
        return known.model_copy(update={"digest": digest, "changed_time": format_time(observation.now)})
    if digest != known.trained_digest and is_answered(policy, observation.runs, known.changed_time):
        return answer_code(known)
    return known


def see_code(policy: RetrainPolicy, status: CodeStatus) -> Sighting:
    """Return what the code trigger sees."""
    if status.digest == status.trained_digest:
        return Sighting("Code")
    # The time tells a change from the same change after it was taken back.
    identity = short([status.digest, status.changed_time])
    trainer = policy.spec.trainer
    image = trainer.image if trainer else ""
    evidence = {
        "trainerDigest": status.digest,
        "trainedDigest": status.trained_digest,
        "changedTime": status.changed_time,
        **({"image": image} if image else {}),
    }
    what = f"spec.trainer has changed; image {image}." if image else "spec.workload has changed."
    name = f"{prefix(policy.metadata.name)}-code-{identity}"
    return Sighting("Code", Occasion("Code", name, what, evidence))


def answer_code(status: CodeStatus) -> CodeStatus:
    """Return the status after a run was started."""
    return status.model_copy(update={"trained_digest": status.digest})


def code_digest(policy: RetrainPolicy) -> str:
    """Return a hash of what trains.

    Fields that have their default are left out, so that a field that is new in the API changes nothing.
    """
    trains = policy.spec.model_dump(mode="json", by_alias=True, include=_TRAINS, exclude_defaults=True)
    return short(trains)
