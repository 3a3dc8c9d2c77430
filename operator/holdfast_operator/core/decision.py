"""What should be true: the only output of the decisions, made true by ``cluster.enact``."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from holdfast_operator.manifests.metadata import Manifest


@dataclass(frozen=True)
class Deletion:
    """An object that should go; deleted only while it still has this uid."""

    api_version: str
    kind: str
    namespace: str
    name: str
    uid: str


@dataclass(frozen=True)
class Event:
    """Something worth telling, said once on a transition."""

    type: Literal["Normal", "Warning"]
    reason: str
    message: str


@dataclass(frozen=True)
class Decision:
    """Everything that should be true about one object.

    Enacted in the order of the fields. An irreversible act is taken only when the live status already holds
    its intent, so a restart after any step resumes.
    """

    desired: tuple[Manifest, ...] = ()
    """Server-side applied."""
    create: tuple[Manifest, ...] = ()
    """Created once; AlreadyExists is success."""
    deletions: tuple[Deletion, ...] = ()
    status: Mapping[str, Any] | None = None
    """The full status in camelCase, written when it differs from the live one; None: leave it."""
    events: tuple[Event, ...] = ()
    requeue_after_seconds: float | None = None
