"""What two revisions did since a step of a rollout began: the input of its judgement."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from holdfast.performance import NO_LOSSES, Losses
from holdfast.rebinning import Column


@dataclass(frozen=True)
class RevisionEvidence:
    """What all servers of one revision have counted."""

    requests: int = 0
    errors: int = 0
    """Requests that were answered 4xx or 5xx."""
    latency: Mapping[float, int] = field(default_factory=dict)
    """Requests by upper bound of their duration in seconds, not cumulative; the last bound is infinite."""
    rows: int = 0
    """Rows in the counts below; grows in blocks."""
    outputs: Mapping[str, Column] = field(default_factory=dict)
    """The profile's columns of outputs, with what was counted instead of the reference rows."""
    unhealthy: Mapping[str, int] = field(default_factory=dict)
    """Rows in which a feature is missing, out of range or of an unseen category."""
    copied_rows: int = 0
    """Rows that both revisions were given, counted by this one; of the output with the fewest."""
    disagreeing_rows: int = 0
    """Those whose answers differ; of the output with the most."""
    losses: Losses = NO_LOSSES
    """Of rows whose labels came back."""


@dataclass(frozen=True)
class QueryAnswer:
    """What a Prometheus said to a query of the rollout."""

    value: float | None
    """May be any float; None: there is not one number."""
    message: str = ""
    """Why there is none."""


@dataclass(frozen=True)
class StepEvidence:
    """Both revisions over the same time, or the new one alone."""

    since: datetime
    """Since when both are counted; later than the step's begin after a restart of the operator."""
    champion: RevisionEvidence | None
    """None on probation: the old revision gets no requests any more."""
    candidate: RevisionEvidence
    answers: Mapping[str, QueryAnswer] = field(default_factory=dict)
    """By name of the rollout's query."""
