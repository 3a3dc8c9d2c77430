"""A RetrainPolicy as a branch: its drift figures, triggers and runs. Pure."""

from datetime import datetime

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from holdfast.cli.ages import format_age, format_duration, format_until
from holdfast.cli.resource import Resource, condition, field, is_true, name_of
from holdfast.cli.run_tree import render_runs
from holdfast.cli.snapshot import PolicySnapshot
from holdfast.cli.state import assess_state

BAR_WIDTH = 12
BAR_TOLERANCES = 2.0
"""A full bar is this many times the tolerance, so that half of the bar is the tolerance."""


def render_policy(tree: Tree, snapshot: PolicySnapshot, now: datetime) -> None:
    """Add a policy's branch to the tree of its ModelDeployment."""
    policy = snapshot.policy
    branch = tree.add(_headline(policy))
    state = assess_state(policy)
    if state.why:
        branch.add(Text(state.why, style=state.style))
    if features := field(policy, "status.drift.worstFeatures", []):
        branch.add(_features(features, policy))
    if estimate := field(policy, "status.drift.estimate"):
        branch.add(Text(estimate_words(estimate), style="muted"))
    branch.add(_triggers(policy, now))
    if snapshot.runs:
        branch.add(render_runs(snapshot.runs, now))


def _headline(policy: Resource) -> Text:
    state = assess_state(policy)
    parts = [Text.assemble("policy ", (name_of(policy), "name")), Text(state.word, style=state.style)]
    if watches_drift(policy):
        parts.append(drift_summary(policy))
        parts.append(Text(_window(policy), style="muted"))
    return Text("  ").join(part for part in parts if part.plain)


def estimate_words(estimate: Resource) -> str:
    """Say what the model may lose now, judged without labels."""
    metric, value, reference = (estimate.get(name, "?") for name in ("metric", "value", "reference"))
    return f"without labels: {metric} about {value}, {reference} on rows like the profile's (an estimate)"


def watches_drift(policy: Resource) -> bool:
    """Tell whether the policy has a drift trigger."""
    return field(policy, "spec.triggers.drift") is not None


def drift_summary(policy: Resource) -> Text:
    """Return what is known about drift, in a few words."""
    if is_true(policy, "DriftConfirmed"):
        return Text("drift confirmed", style="bad")
    if is_true(policy, "DriftSuspected"):
        return Text("drift suspected", style="busy")
    found = condition(policy, "DriftConfirmed")
    if found.get("status") == "False":
        return Text("no drift", style="good")
    return Text(_WORDS.get(str(found.get("reason")), "drift not decided"), style="muted")


_WORDS = {
    "NotEnoughSamples": "too few rows to decide on drift",
    "InputBroken": "input broken: drift not decided",
    "NoData": "no counters read yet",
    "NoProfile": "no profile to compare with",
}


def _window(policy: Resource) -> str:
    drift = field(policy, "status.drift", {})
    if not drift.get("rows"):
        return ""
    return f"{drift['rows']:,} rows in {format_duration(drift.get('windowSeconds', 0))}"


def _features(features: list[Resource], policy: Resource) -> Table:
    tolerance = float(field(policy, "spec.triggers.drift.tolerance", "0.1"))
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=28)
    table.add_column(no_wrap=True)
    for _ in range(3):
        table.add_column(justify="right", no_wrap=True)
    header = ("drift", f"tolerance {tolerance:g}", "PSI", "noise", "p")
    table.add_row(*(Text(word, style="muted") for word in header))
    for feature in features:
        table.add_row(*_feature_row(feature, tolerance))
    return table


_REMARKS = {"Output": "output", "Residual": "features together"}


def _feature_row(feature: Resource, tolerance: float) -> tuple[Text, ...]:
    psi = float(feature.get("psi", 0))
    style = "bad" if psi > tolerance else "good"
    name = Text(str(feature.get("name", "")))
    if feature.get("kind") in _REMARKS:
        name.append(f" ({_REMARKS[feature['kind']]})", style="muted")
    return (
        name,
        _bar(psi, tolerance, style),
        Text(f"{psi:.2f}", style=style),
        Text(f"{float(feature.get('noiseFloor', 0)):.3f}", style="muted"),
        Text(str(feature.get("pValue", "")), style="muted"),
    )


def _bar(psi: float, tolerance: float, style: str) -> Text:
    share = min(1.0, max(0.0, psi / (BAR_TOLERANCES * tolerance))) if tolerance > 0 else float(psi > 0)
    filled = round(share * BAR_WIDTH)
    return Text.assemble(("━" * filled, style), ("╌" * (BAR_WIDTH - filled), "muted"))


def _triggers(policy: Resource, now: datetime) -> Text:
    known = {str(each.get("type")): each for each in field(policy, "status.triggers", [])}
    words = [_trigger_words(kind, each, now) for kind, each in known.items()]
    upcoming = format_until(field(policy, "status.nextScheduleTime"), now)
    if upcoming:
        words.append(f"schedule next in {upcoming}")
    budget = field(policy, "status.budget", {})
    if budget.get("limit"):
        words.append(f"{budget.get('used', 0)} of {budget['limit']} runs in 30 days")
    return Text(" · ".join(word for word in words if word) or "no trigger has fired", style="muted")


def _trigger_words(kind: str, trigger: Resource, now: datetime) -> str:
    name = kind.lower()
    fired, suppressed = trigger.get("lastFiredTime"), trigger.get("lastSuppressedTime")
    if suppressed and str(suppressed) > str(fired or ""):
        return f"{name} held back {format_age(suppressed, now)} ago ({trigger.get('suppressedReason', '')})"
    return f"{name} fired {format_age(fired, now)} ago" if fired else ""
