"""The schedule trigger: cron in a time zone; slots that were missed fire once."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from holdfast_operator.api.retrain_policy import RetrainPolicyStatus
from holdfast_operator.api.triggers import ScheduleTrigger
from holdfast_operator.core.timestamps import format_time, parse_time


@dataclass(frozen=True)
class ScheduleState:
    """Where the schedule is."""

    last: datetime | None = None
    """The last slot that was taken into account, or when the schedule was first seen."""
    next: datetime | None = None
    due: datetime | None = None
    """The slot that is to fire now."""
    problem: str = ""


def plan_schedule(
    trigger: ScheduleTrigger | None, status: RetrainPolicyStatus, now: datetime
) -> ScheduleState:
    """Return which slot is due and which comes next.

    A schedule that is new or was changed begins now: slots before that were never promised.
    """
    if trigger is None:
        return ScheduleState()
    try:
        return _plan(trigger, status, parse_time(format_time(now)))
    except (CroniterError, ValueError, KeyError, OSError) as error:
        return ScheduleState(problem=f"{trigger.cron!r} in {trigger.time_zone}: {error}")


def _plan(trigger: ScheduleTrigger, status: RetrainPolicyStatus, now: datetime) -> ScheduleState:
    if len(trigger.cron.split()) != 5:
        raise ValueError("five fields are needed")
    expected = _parse(status.next_schedule_time)
    last = _parse(status.last_schedule_time)
    if last is None or expected is None or _slot_after(trigger, last) != expected:
        return ScheduleState(last=now, next=_slot_after(trigger, now))
    if expected > now:
        return ScheduleState(last=last, next=expected)
    due = max(_slot_until(trigger, now), expected)
    return ScheduleState(last=due, next=_slot_after(trigger, due), due=due)


def _slot_after(trigger: ScheduleTrigger, moment: datetime) -> datetime:
    return _utc(_cron(trigger, moment).get_next(datetime))


def _slot_until(trigger: ScheduleTrigger, moment: datetime) -> datetime:
    return _utc(_cron(trigger, moment + timedelta(seconds=1)).get_prev(datetime))


def _cron(trigger: ScheduleTrigger, moment: datetime) -> croniter:
    return croniter(trigger.cron, moment.astimezone(ZoneInfo(trigger.time_zone)))


def _utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _parse(text: str | None) -> datetime | None:
    return None if text is None else parse_time(text)
