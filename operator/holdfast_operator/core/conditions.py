"""Conditions: what is found becomes a list in which a transition time moves only when a status flips."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from holdfast_operator.api.resource import Condition, ConditionStatus
from holdfast_operator.core.timestamps import format_time

MAX_MESSAGE_LENGTH = 1024

READY = "Ready"
RECONCILING = "Reconciling"
STALLED = "Stalled"
PROMOTED = "Promoted"
ROUTE_ACCEPTED = "RouteAccepted"
DRIFT_SUSPECTED = "DriftSuspected"
DRIFT_CONFIRMED = "DriftConfirmed"
PERFORMANCE_DEGRADED = "PerformanceDegraded"
TRIGGERS_HEALTHY = "TriggersHealthy"
TRAINED = "Trained"
EVALUATED = "Evaluated"
APPROVED = "Approved"
REJECTED = "Rejected"
FAILED = "Failed"
ROLLED_BACK = "RolledBack"


@dataclass(frozen=True)
class Finding:
    """What a condition should say now."""

    type: str
    status: ConditionStatus
    reason: str
    message: str = ""


def update_conditions(
    previous: Sequence[Condition], findings: Iterable[Finding], generation: int, now: datetime
) -> list[Condition]:
    """Return one condition per finding, in order, stamped with the generation.

    ``lastTransitionTime`` is kept unless the status differs from that of the previous condition of the type
    (Kubernetes API conventions, "Typical status properties").
    """
    known = {condition.type: condition for condition in previous}
    return [_update(known.get(finding.type), finding, generation, now) for finding in findings]


def find_condition(conditions: Iterable[Condition], type_: str) -> Condition | None:
    """Return the condition of that type."""
    return next((condition for condition in conditions if condition.type == type_), None)


def is_true(conditions: Iterable[Condition], type_: str) -> bool:
    """Whether the condition of that type exists and is True."""
    condition = find_condition(conditions, type_)
    return condition is not None and condition.status == "True"


def _update(previous: Condition | None, finding: Finding, generation: int, now: datetime) -> Condition:
    has_flipped = previous is None or previous.status != finding.status
    return Condition(
        type=finding.type,
        status=finding.status,
        reason=finding.reason,
        message=finding.message[:MAX_MESSAGE_LENGTH],
        last_transition_time=format_time(now)
        if has_flipped or previous is None
        else previous.last_transition_time,
        observed_generation=generation,
    )
