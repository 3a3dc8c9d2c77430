"""Alerts and signals in words: what has come, what was answered, and why there was no answer. Pure."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from holdfast.cli.ages import format_age
from holdfast.cli.resource import Resource, field

_OUTCOMES: Final[Mapping[str, str]] = {
    "Waiting": "it waits for its run",
    "Answered": "a run was started since",
    "Expired": "it could not start a run within expireSeconds",
    "Resolved": "it was over before a run could start",
}


def explain_alerts(policy: Resource, now: datetime) -> tuple[str, str]:
    """Return style and words for the alert that came last."""
    recent = field(policy, "status.alert.recent", [])
    if not recent:
        return "muted", "no alert with these labels has come"
    last = recent[-1]
    state = str(last.get("state", "Waiting"))
    name = last.get("name") or last.get("fingerprint")
    came = f"{name} came {format_age(last.get('receivedTime'), now)} ago: {_OUTCOMES[state]}"
    return ("busy" if state == "Waiting" else "muted"), came


def explain_signal(policy: Resource, now: datetime) -> tuple[str, str]:
    """Return style and words for the figure of another tool."""
    signal: Mapping[str, Any] = field(policy, "status.signal", {})
    if failure := signal.get("failure"):
        since = format_age(failure.get("time"), now)
        return "bad", f"no figure since {since}: {failure.get('message') or failure.get('reason')}"
    changed = format_age(signal.get("changedTime"), now)
    at = f" since {changed}, at {signal.get('value')}" if changed else ""
    if not signal.get("isRaised"):
        return "good", f"the signal is on the side where nothing has to be done{at}"
    if signal.get("isAnswered"):
        return "muted", f"it is out of bounds{at}; a run was started, and it has to come back before the next"
    return "bad", f"it is out of bounds{at}"
