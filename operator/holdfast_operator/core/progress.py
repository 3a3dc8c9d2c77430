"""How far a ModelDeployment is on the way to what should serve; each step returns the next value of this."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from holdfast_operator.api.model_deployment import (
    ModelDeployment,
    ModelFailure,
    Probation,
    Revision,
    Target,
)
from holdfast_operator.core.reasons import ModelDeploymentReason
from holdfast_operator.core.revision import remember
from holdfast_operator.core.rollout_plan import Plan
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.manifests.metadata import Manifest

LEFT: Final = dict.fromkeys(
    ("weight_percent", "step", "steps", "step_name", "step_started_time", "judged_since", "looks", "failures")
)
"""What is said of a candidate only; its checks stay."""


@dataclass(frozen=True)
class Note:
    """A reason and what there is to say about it."""

    reason: str
    message: str


@dataclass(frozen=True)
class Progress:
    """What is served, what is tried, and what stands in the way."""

    target: Target
    stable: Revision | None
    candidate: Revision | None
    revisions: tuple[Revision, ...]
    last_failure: ModelFailure | None
    probation: Probation | None = None
    """The old revision, while it is kept beside the new one."""
    plan: Plan = ()
    """Steps that the candidate goes through before it takes over."""
    activity: Note | None = None
    """What is being done."""
    stalled: Note | None = None
    """Why nothing will come of it without an edit."""
    create: tuple[Manifest, ...] = ()
    wake_time: datetime | None = None
    """When time alone changes something."""

    @property
    def note(self) -> Note:
        """What there is to say first."""
        return self.stalled or self.activity or Note(ModelDeploymentReason.SETTLED, "")

    @classmethod
    def of(cls, resource: ModelDeployment, target: Target) -> "Progress":
        """Return the progress that the live status holds, towards the target."""
        status = resource.status
        return cls(
            target=target,
            stable=status.stable_revision,
            candidate=status.candidate_revision,
            revisions=tuple(status.revisions),
            last_failure=status.last_failure,
            probation=status.probation,
        )

    def without_candidate(self, outcome: Revision | None = None) -> "Progress":
        """Return the progress after the candidate has left, as ``outcome`` or as superseded."""
        if self.candidate is None:
            return self
        left = outcome or self.candidate.model_copy(
            update={"outcome": "Superseded", "message": "Something newer was chosen.", **LEFT}
        )
        return replace(self, candidate=None, revisions=remember(self.revisions, left))

    def promoted(self, candidate: Revision, now: datetime) -> "Progress":
        """Return the progress after the candidate has taken over."""
        serving = {"outcome": "Serving", "promoted_time": format_time(now), "message": ""}
        revisions = tuple(each for each in self.revisions if each.name != candidate.name)
        if self.stable is not None:
            message = f"Replaced by {candidate.name}."
            left = self.stable.model_copy(update={"outcome": "Superseded", "message": message})
            revisions = remember(revisions, left)
        return replace(
            self,
            stable=candidate.model_copy(update=serving | LEFT),
            candidate=None,
            revisions=revisions,
            last_failure=None,
        )
