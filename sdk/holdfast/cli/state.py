"""What an object is doing, in a word and a reason, read from conditions as kstatus tools read them."""

import re
from dataclasses import dataclass
from typing import Final

from holdfast.cli.resource import Resource, condition, field, is_true


@dataclass(frozen=True)
class State:
    """A word, how it is coloured (a style of the console), and why."""

    word: str
    style: str
    why: str = ""


UNSEEN: Final = State("Unseen", "busy", "the operator has not looked at it yet; is it running?")
_OUTCOMES: Final = (
    ("RolledBack", "bad"),
    ("Promoted", "good"),
    ("Rejected", "busy"),
    ("Failed", "bad"),
)


def assess_state(resource: Resource) -> State:
    """Return the state of a ModelDeployment or RetrainPolicy."""
    if field(resource, "metadata.deletionTimestamp"):
        return State("Deleting", "busy")
    if not _is_seen(resource):
        return UNSEEN
    if is_true(resource, "Stalled"):
        return State("Stalled", "bad", _reason_and_message(resource, "Stalled"))
    if field(resource, "spec.suspend", False):
        return State("Suspended", "busy", "" if is_true(resource, "Ready") else _why(resource, "Ready"))
    if is_true(resource, "Ready"):
        return State("Ready", "good", _message_if_true(resource, "Reconciling"))
    return State("Progressing", "busy", _why(resource, "Reconciling") or _why(resource, "Ready"))


def assess_run(run: Resource) -> State:
    """Return the outcome of a RetrainRun, or the step that it is in."""
    if field(run, "metadata.deletionTimestamp"):
        return State("Deleting", "busy")
    for kind, style in _OUTCOMES:
        if is_true(run, kind):
            return State(kind, style, _why(run, kind))
    if condition(run, "Promoted").get("reason") == "Superseded":
        return State("Superseded", "muted", _why(run, "Promoted"))
    if is_true(run, "Stalled"):
        return State("Failed", "bad", _why(run, "Stalled"))
    return _step(run) if _is_seen(run) else UNSEEN


def is_finished(run: Resource) -> bool:
    """Tell whether nothing more will happen to a RetrainRun."""
    return assess_run(run).word in {"Promoted", "Rejected", "Failed", "RolledBack", "Superseded"}


def _step(run: Resource) -> State:
    reason = str(condition(run, "Reconciling").get("reason") or "Starting")
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", reason).capitalize()
    return State(words, "busy", _message(run, "Reconciling"))


def _is_seen(resource: Resource) -> bool:
    observed = int(field(resource, "status.observedGeneration", -1))
    return observed >= int(field(resource, "metadata.generation", 0))


def _why(resource: Resource, kind: str) -> str:
    found = condition(resource, kind)
    return _message(resource, kind) or str(found.get("reason") or "")


def _reason_and_message(resource: Resource, kind: str) -> str:
    parts = (str(condition(resource, kind).get("reason") or ""), _message(resource, kind))
    return ": ".join(part for part in parts if part)


def _message_if_true(resource: Resource, kind: str) -> str:
    return _why(resource, kind) if is_true(resource, kind) else ""


def _message(resource: Resource, kind: str) -> str:
    return str(condition(resource, kind).get("message") or "")
