"""What the status says of each trigger: when it fired or was suppressed last, and why."""

from collections.abc import Iterable

from holdfast_operator.api.triggers import TriggerStatus
from holdfast_operator.core.budget import is_manual, own_runs
from holdfast_operator.core.observation import RetrainPolicyObservation
from holdfast_operator.core.reasons import SuppressedReason
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.core.triggers import TriggerVerdict


def update_trigger_statuses(
    observation: RetrainPolicyObservation, verdicts: Iterable[TriggerVerdict]
) -> list[TriggerStatus]:
    """Return what each trigger did last; times move only when something new has happened."""
    policy = observation.resource
    known = {status.type: status for status in policy.status.triggers}
    now = format_time(observation.now)
    statuses = [
        _update(known.get(verdict.trigger) or TriggerStatus(type=verdict.trigger), verdict, now)
        for verdict in verdicts
    ]
    by_people = [run for run in own_runs(policy, observation.runs) if is_manual(run)]
    times = [run.metadata.creation_timestamp for run in by_people]
    if "Manual" in known and known["Manual"].last_fired_time is not None:
        times.append(known["Manual"].last_fired_time)
    manual = [TriggerStatus(type="Manual", last_fired_time=max(times))] if times else []
    return [*statuses, *manual]


def _update(status: TriggerStatus, verdict: TriggerVerdict, now: str) -> TriggerStatus:
    if verdict.occasion is not None:
        return status.model_copy(update={"last_fired_time": now, "suppressed_reason": None})
    if verdict.suppressed is None:
        # Why a moment was lost stays worth knowing; what is seen again is no longer held back.
        lasts = verdict.is_moment and status.suppressed_reason != SuppressedReason.SUSPENDED
        return status if lasts else status.model_copy(update={"suppressed_reason": None})
    if status.suppressed_reason == verdict.suppressed and not verdict.has_lost:
        return status
    return status.model_copy(
        update={"last_suppressed_time": now, "suppressed_reason": verdict.suppressed.value}
    )
