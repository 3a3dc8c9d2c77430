"""Turns what the watch brings into moments of the story, in words of a person. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from tests.demo.conditions import condition, is_true
from tests.demo.errors import DemoError
from tests.demo.watching import Change

MomentKind = Literal[
    "suspicion", "alarm", "training", "verdict", "question", "canary", "promotion", "rejection"
]
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
                "training", name, f"Retraining {self.runs} starts, with all rides that have arrived by now."
            )
        if is_true(run, "Evaluated"):
            yield Moment("verdict", name, verdict(run))
        if condition(run, "Approved").get("reason") == "AwaitingApproval":
            yield Moment("question", name, "A person is asked, with the report at hand.")
        if is_true(run, "Rejected"):
            yield Moment("rejection", name, f"The new one is rejected: {reason(run)}. The old one stays.")


def _of_deployment(deployment: Mapping[str, Any]) -> Iterator[Moment]:
    name = deployment["metadata"]["name"]
    if is_true(deployment, "Stalled"):
        found = condition(deployment, "Stalled")
        raise DemoError(f"ModelDeployment {name}: {found['reason']}: {found.get('message', '')}")
    candidate = deployment.get("status", {}).get("candidateRevision", {})
    if candidate.get("weightPercent"):
        share = candidate["weightPercent"]
        yield Moment("canary", candidate["name"], f"Canary: the new model gets {share} % of the requests.")
    stable = deployment.get("status", {}).get("stableRevision")
    if stable and stable["origin"] != "Spec":
        yield Moment("promotion", stable["name"], f"The new model serves, as revision {stable['name']}.")


def _of_policy(policy: Mapping[str, Any]) -> Iterator[Moment]:
    drift = policy.get("status", {}).get("drift") or {}
    revision = drift.get("revision", "")
    if is_true(policy, "DriftConfirmed"):
        text = f"Drift confirmed: {moved(drift)} is certainly unlike what the model knows."
        yield Moment("alarm", f"{revision} {_since(policy, 'DriftConfirmed')}", text)
    elif is_true(policy, "DriftSuspected"):
        yield Moment("suspicion", revision, f"Drift suspected: {moved(drift)} has begun to differ.")


def moved(drift: Mapping[str, Any]) -> str:
    """Say what moved most."""
    name = (drift.get("worstFeatures") or [{}])[0].get("name", "something")
    return f"{WORDS[name]} ({name})" if name in WORDS else str(name)


def error_check(run: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what the gate saw of the mean absolute error; empty before there is an evaluation."""
    found = run.get("status", {}).get("evaluation", {}).get("metrics", [])
    return next((each for each in found if each["metric"] == "mae"), {})


def verdict(run: Mapping[str, Any]) -> str:
    """Say what the comparison of champion and candidate brought."""
    error = error_check(run)
    rows = run.get("status", {}).get("evaluation", {}).get("holdoutRows", 0)
    old, new = number(error.get("champion")), number(error.get("candidate"))
    return f"Judged on the same {rows} hours, new to both: the old model is wrong by {old}, the new by {new}."


def reason(run: Mapping[str, Any]) -> str:
    """Say why a candidate was rejected."""
    error, found = error_check(run), condition(run, "Rejected")
    if found.get("reason") not in ("GateFailed", "ApprovalExpired") or "regressionHigh" not in error:
        return str(found.get("message") or found.get("reason", "no reason given")).rstrip(".")
    allowed = str(error.get("threshold", "")).removeprefix("maxRegression ")
    return f"it may be worse by up to {number(error['regressionHigh'])}, and {allowed} is allowed"


def number(text: str | None) -> str:
    """Return a decimal of the API, rounded for a person."""
    return "?" if text is None else f"{float(text):.1f}"


def _since(resource: Mapping[str, Any], kind: str) -> str:
    return str(condition(resource, kind).get("lastTransitionTime", ""))
