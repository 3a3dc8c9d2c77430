"""Triggers in words: what each waits for, why it did not fire, and what would make it. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from holdfast.cli.ages import format_age, format_duration, format_until
from holdfast.cli.outside_trigger_words import explain_alerts, explain_signal
from holdfast.cli.resource import Resource, condition, field, is_true

SUPPRESSED: Final[Mapping[str, str]] = {
    "ApprovalPending": "a candidate waits for a person: kubectl holdfast approve RUN, or reject RUN",
    "RunActive": "another run of the same model is not finished",
    "Cooldown": "the last run ended less than spec.limits.cooldownSeconds ago",
    "BudgetExhausted": "spec.limits.maxRunsPer30Days is reached; raise it, or start a run by hand",
    "NotEnoughSamples": "there are too few rows to decide on",
    "InputBroken": "the input is broken, and retraining would learn the fault; repair the input",
    "Suspended": "the policy or its ModelDeployment is suspended; set spec.suspend to false",
    "ModelNotReady": "the ModelDeployment serves nothing; see kubectl holdfast status",
    "PinnedRevision": "a person holds a revision; release it with kubectl holdfast rollback MODEL --clear",
}
"""By the reason in status.triggers: why a trigger that had something to fire for did not."""
_WAITING: Final[Mapping[str, str]] = {
    "drift": "no feature or output has moved by more than the tolerance",
    "performance": "the labels show no loss beyond what is allowed",
    "schedule": "its time has not come",
    "data": "the data is as it was",
    "code": "the trainer is as it was",
}
_OUTSIDE: Final[Mapping[str, Callable[[Resource, datetime], tuple[str, str]]]] = {
    "alert": explain_alerts,
    "signal": explain_signal,
}
_CONDITIONS: Final[Mapping[str, str]] = {"drift": "DriftConfirmed", "performance": "PerformanceDegraded"}


@dataclass(frozen=True)
class TriggerWords:
    """A trigger, whether it would fire now, and why or why not."""

    name: str
    style: str
    words: str


def explain_triggers(policy: Resource, now: datetime) -> list[TriggerWords]:
    """Return each trigger of the spec, and hand starts, in words."""
    known = {str(each.get("type")).lower(): each for each in field(policy, "status.triggers", [])}
    names = [name for name, each in field(policy, "spec.triggers", {}).items() if each is not None]
    return [_explain(name, known.get(name, {}), policy, now) for name in names]


def explain_budget(policy: Resource) -> str:
    """Return how much of the budget is used, or nothing before the operator has looked."""
    budget = field(policy, "status.budget", {})
    if not budget.get("limit"):
        return ""
    return f"{budget.get('used', 0)} of {budget['limit']} runs in 30 days are used"


def _explain(name: str, trigger: Resource, policy: Resource, now: datetime) -> TriggerWords:
    suppressed = trigger.get("suppressedReason")
    if suppressed:
        since = format_age(trigger.get("lastSuppressedTime"), now)
        why = SUPPRESSED.get(str(suppressed), str(suppressed))
        return TriggerWords(name, "busy", f"held back{f' since {since}' if since else ''}: {why}")
    if (kind := _CONDITIONS.get(name)) is not None:
        return _explain_measured(name, kind, trigger, policy, now)
    if (explain := _OUTSIDE.get(name)) is not None:
        style, words = explain(policy, now)
        return TriggerWords(name, style, _with_last(words, trigger, now))
    return TriggerWords(name, "muted", _with_last(_waits_for(name, policy, now), trigger, now))


def _explain_measured(
    name: str, kind: str, trigger: Resource, policy: Resource, now: datetime
) -> TriggerWords:
    found = condition(policy, kind)
    message = str(found.get("message") or "")
    if is_true(policy, kind):
        return TriggerWords(name, "bad", _with_last(f"it holds: {message or kind}", trigger, now))
    if found.get("status") == "False":
        words = f"{_WAITING[name]}{f': {message}' if message else ''}"
        return TriggerWords(name, "good", _with_last(words, trigger, now))
    reason = str(found.get("reason") or "not looked at yet")
    return TriggerWords(name, "muted", _with_last(f"not decided: {message or reason}", trigger, now))


def _waits_for(name: str, policy: Resource, now: datetime) -> str:
    if name == "schedule" and (upcoming := field(policy, "status.nextScheduleTime")):
        return f"next in {format_until(upcoming, now)}"
    return _WAITING.get(name, "nothing seen")


def _with_last(words: str, trigger: Resource, now: datetime) -> str:
    age = format_age(trigger.get("lastFiredTime"), now)
    return f"{words} (fired {age} ago)" if age else words


def cooldown_words(policy: Resource) -> str:
    """Return how long triggers pause after a run."""
    seconds = int(field(policy, "spec.limits.cooldownSeconds", 86400))
    return f"pause of {format_duration(seconds)} after a run" if seconds else "no pause after a run"
