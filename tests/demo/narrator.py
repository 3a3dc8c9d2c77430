"""Turns what the watch brings into moments of the story, in words of a person. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.demo.conditions import condition, is_true
from tests.demo.errors import DemoError
from tests.demo.watching import Change

MomentKind = Literal["suspicion", "alarm", "training", "verdict", "promotion", "rejection"]
WORDS = {
    "tmin": "the lowest temperature of the day",
    "tmax": "the highest temperature of the day",
    "count": "what the model predicts",
}


@dataclass(frozen=True)
class Moment:
    """Something worth telling. ``subject`` is the revision or run that it is about."""

    kind: MomentKind
    subject: str
    text: str


@dataclass
class Narrator:
    """Remembers what was told, so that nothing is told twice."""

    told: set[tuple[str, str]] = field(default_factory=set)
    runs: int = 0

    def hear(self, change: Change) -> list[Moment]:
        """Return the moments that a change brings.

        Raises:
            DemoError: something failed that should not: a run, a rollout, or a model that cannot be served.
        """
        found = {
            "ModelDeployment": _of_deployment,
            "RetrainPolicy": _of_policy,
            "RetrainRun": self._of_run,
        }[change.kind](change.resource)
        return [each for each in found if self._is_new(each)]

    def _is_new(self, moment: Moment) -> bool:
        key = (moment.kind, moment.subject)
        new = key not in self.told
        self.told.add(key)
        return new

    def _of_run(self, run: Mapping[str, Any]) -> Iterator[Moment]:
        name = run["metadata"]["name"]
        for kind in ("Failed", "RolledBack"):
            if is_true(run, kind):
                found = condition(run, kind)
                raise DemoError(f"RetrainRun {name}: {kind}, {found['reason']}: {found.get('message', '')}")
        if ("training", name) not in self.told:
            self.runs += 1
            yield Moment(
                "training", name, f"Retraining {self.runs} starts on the rides that have arrived by now."
            )
        if is_true(run, "Evaluated"):
            yield Moment("verdict", name, verdict(run))
        if is_true(run, "Rejected"):
            yield Moment("rejection", name, f"It is rejected ({reason(run)}): the model that serves stays.")


def _of_deployment(deployment: Mapping[str, Any]) -> Iterator[Moment]:
    name = deployment["metadata"]["name"]
    if is_true(deployment, "Stalled"):
        found = condition(deployment, "Stalled")
        raise DemoError(f"ModelDeployment {name}: {found['reason']}: {found.get('message', '')}")
    stable = deployment.get("status", {}).get("stableRevision")
    if stable and stable["origin"] != "Spec":
        yield Moment(
            "promotion", stable["name"], f"Revision {stable['name']} serves now; nobody noticed the change."
        )


def _of_policy(policy: Mapping[str, Any]) -> Iterator[Moment]:
    drift = policy.get("status", {}).get("drift") or {}
    revision = drift.get("revision", "")
    if is_true(policy, "DriftConfirmed"):
        yield Moment(
            "alarm", f"{revision} {_since(policy, 'DriftConfirmed')}", f"Drift confirmed: {moved(drift)}."
        )
    elif is_true(policy, "DriftSuspected"):
        yield Moment(
            "suspicion", revision, f"Drift suspected: {moved(drift)}. Not yet beyond what weather does."
        )


def moved(drift: Mapping[str, Any]) -> str:
    """Say what moved most, and how far."""
    worst = (drift.get("worstFeatures") or [{}])[0]
    name = worst.get("name", "something")
    return f"{WORDS.get(name, name)} ({name}) is {worst.get('psi', '?')} away from what the model knows"


def verdict(run: Mapping[str, Any]) -> str:
    """Say what the comparison of champion and candidate brought."""
    found = run.get("status", {}).get("evaluation", {})
    error: Mapping[str, Any] = next(
        (each for each in found.get("metrics", []) if each["metric"] == "mae"), {}
    )
    champion, candidate = number(error.get("champion")), number(error.get("candidate"))
    rows = found.get("holdoutRows", 0)
    return (
        f"Both judged on the same {rows} hours, new to both: "
        f"the old one is wrong by {champion} bikes an hour, the new one by {candidate}."
    )


def reason(run: Mapping[str, Any]) -> str:
    """Say why a candidate was rejected."""
    found = condition(run, "Rejected")
    return str(found.get("message") or found.get("reason", "no reason given")).rstrip(".")


def number(text: str | None) -> str:
    """Return a decimal of the API, rounded for a person."""
    return "?" if text is None else f"{float(text):.1f}"


def _since(resource: Mapping[str, Any], kind: str) -> str:
    return str(condition(resource, kind).get("lastTransitionTime", ""))
