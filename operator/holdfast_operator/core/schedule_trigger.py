"""The schedule trigger: a slot is a moment, named by its time."""

from datetime import datetime

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.core.triggers import Occasion, Sighting
from holdfast_operator.manifests.metadata import prefix


def see_schedule(policy: RetrainPolicy, due: datetime | None) -> Sighting:
    """Return what the schedule trigger sees: the slot that is due, if any."""
    if due is None:
        return Sighting("Schedule", is_moment=True)
    name = f"{prefix(policy.metadata.name)}-schedule-{due:%Y%m%d%H%M}"
    reason = f"Scheduled for {format_time(due)}."
    occasion = Occasion("Schedule", name, reason, {"slot": format_time(due)})
    return Sighting("Schedule", occasion, is_moment=True)
