"""Events on transitions: what changed between two lists of conditions, said once."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from holdfast_operator.api.resource import Condition, ConditionStatus
from holdfast_operator.core.conditions import find_condition
from holdfast_operator.core.decision import Event


@dataclass(frozen=True)
class Announcement:
    """A condition that is worth an event when it gets this status, or another reason within it."""

    condition: str
    status: ConditionStatus
    type: Literal["Normal", "Warning"] = "Normal"
    reason: str | None = None
    """Reason of the event; None: that of the condition."""


def transition_events(
    previous: Sequence[Condition], current: Sequence[Condition], announcements: Iterable[Announcement]
) -> tuple[Event, ...]:
    """Return an event per announcement that became true; of those with equal reasons only the first."""
    events: dict[str, Event] = {}
    for announcement in announcements:
        before = find_condition(previous, announcement.condition)
        after = find_condition(current, announcement.condition)
        if after is None or after.status != announcement.status or _is_same(before, after):
            continue
        reason = announcement.reason or after.reason
        events.setdefault(reason, Event(announcement.type, reason, after.message))
    return tuple(events.values())


def _is_same(before: Condition | None, after: Condition) -> bool:
    return before is not None and (before.status, before.reason) == (after.status, after.reason)
