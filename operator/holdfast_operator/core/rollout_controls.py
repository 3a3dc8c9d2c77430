"""What people say to a rollout by annotation: go on, go to the end, or stand still."""

from holdfast.labels import PROMOTE, ROLLOUT_PAUSED
from holdfast_operator.api.model_deployment import ModelDeployment, Revision


def is_paused(resource: ModelDeployment) -> bool:
    """Whether the rollout is to stay at its step; a step that fails still goes back."""
    return resource.metadata.annotations.get(ROLLOUT_PAUSED, "").lower() == "true"


def is_promoted(resource: ModelDeployment, candidate: Revision) -> bool:
    """Whether a person has the candidate take over, whatever steps are left."""
    return _said(resource) == (candidate.name, "")


def is_step_passed(resource: ModelDeployment, candidate: Revision) -> bool:
    """Whether a person has passed the step that the candidate is in."""
    return _said(resource) == (candidate.name, str(candidate.step))


def _said(resource: ModelDeployment) -> tuple[str, str] | None:
    value = resource.metadata.annotations.get(PROMOTE)
    return None if value is None or value == resource.status.promotion_answered else _parts(value)


def promotion_answered(resource: ModelDeployment, candidate: Revision | None) -> str | None:
    """Return the value that has been used up: it names no candidate, so it will never promote another."""
    value = resource.metadata.annotations.get(PROMOTE)
    if value is None or (candidate is not None and _parts(value)[0] == candidate.name):
        return resource.status.promotion_answered
    return value[:4096]


def _parts(value: str) -> tuple[str, str]:
    """Return revision and step of ``REVISION[/STEP][@ANYTHING]``; what follows @ makes a value new."""
    revision, _, step = value.partition("@")[0].strip().partition("/")
    return revision, step
