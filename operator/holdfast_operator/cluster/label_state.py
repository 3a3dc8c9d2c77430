"""What is remembered about the labels of a policy's model, in memory and in its checkpoint."""

from dataclasses import dataclass, field
from datetime import datetime

from holdfast.performance import NO_LOSSES, Losses
from holdfast_operator.cluster.label_deltas import LabelDeltas
from holdfast_operator.cluster.label_exposition import Group
from holdfast_operator.core.label_evidence import LabelEvidence, LabelTest, PackageBaseline


@dataclass
class FollowedRevision:
    """What the labels of one revision prove."""

    end: float
    """The last look that found labels, or when the revision was first seen; seconds since the epoch."""
    groups: dict[Group, LabelEvidence] = field(default_factory=dict)
    pending: dict[Group, Losses] = field(default_factory=dict)
    """Labels since the last look."""
    package: PackageBaseline | None = None
    has_other_metric: bool = False
    last_success: datetime | None = None

    def add(self, group: Group, losses: Losses) -> None:
        """Keep losses for the next look."""
        self.pending[group] = self.pending.get(group, NO_LOSSES) + losses


@dataclass
class FollowedLabels:
    """One policy with a performance trigger."""

    model_deployment: str
    test: LabelTest
    deltas: LabelDeltas
    revisions: dict[str, FollowedRevision] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    last_look: datetime | None = None
    kept: str | None = None
    """The state as it is to be kept, made at ``kept_at``; None: by a process before this one."""
    kept_at: datetime | None = None
    has_changed: bool = True
    """Labels have come since."""
    has_met: bool = False
    """A process older than the policy has been seen since, whose first values must not be forgotten."""
