"""A ModelDeployment as a tree: what it serves, what it is changing to, and what it could go back to. Pure."""

from datetime import datetime

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from holdfast.cli.ages import format_age
from holdfast.cli.policy_tree import render_policy
from holdfast.cli.resource import Resource, field, name_of, namespace_of
from holdfast.cli.snapshot import ModelSnapshot
from holdfast.cli.state import assess_state
from holdfast.cli.step_table import render_step
from holdfast.labels import PINNED_REVISION

GUIDE = "muted"
_REVISION_MARKS = {
    "Serving": ("●", "good"),
    "RollingOut": ("◐", "busy"),
    "Superseded": ("○", "muted"),
    "Failed": ("✗", "bad"),
}
_REVISION_WORDS = {"RollingOut": "rolling out"}


def render_model(snapshot: ModelSnapshot, now: datetime) -> Tree:
    """Return the tree of a ModelDeployment with its revisions, policies, drift figures and runs."""
    model = snapshot.model
    tree = Tree(_headline(model), guide_style=GUIDE)
    for note in _notes(model):
        tree.add(note)
    tree.add(_revisions(model, now))
    for shown in (render_step(each) for each in _judged(model)):
        if shown is not None:
            tree.add(shown)
    for each in snapshot.policies:
        render_policy(tree, each, now)
    if not snapshot.policies:
        tree.add(Text("no RetrainPolicy: nothing retrains this model", style="muted"))
    return tree


def _headline(model: Resource) -> Text:
    state = assess_state(model)
    ready, wanted = field(model, "status.readyReplicas", 0), field(model, "spec.server.replicas", 1)
    parts = [
        Text(name_of(model), style="name"),
        Text(state.word, style=state.style),
        Text(f"{ready}/{wanted} pods", style="good" if ready >= wanted else "busy"),
        Text(field(model, "status.url", ""), style="muted"),
        Text(f"in {namespace_of(model)}", style="muted"),
    ]
    return Text("  ").join(part for part in parts if part.plain)


def _notes(model: Resource) -> list[Text]:
    """Return what a person has to know first: why it is not simply ready, and a hold."""
    state = assess_state(model)
    notes = [Text(state.why, style=state.style)] if state.why else []
    pinned = field(model, "metadata.annotations", {}).get(PINNED_REVISION)
    if pinned:
        hint = f"held at {pinned}; release it: holdfast rollback {name_of(model)} --clear"
        notes.append(Text(hint, style="busy"))
    probation = field(model, "status.probation")
    if probation:
        words = f"on probation until {probation['endTime']}: {probation['revision']['name']} stands by"
        notes.append(Text(words, style="busy"))
    return notes


def _judged(model: Resource) -> list[Resource]:
    """Return what is being judged: the candidate, or what serves while the old revision is on standby."""
    candidate, probation = field(model, "status.candidateRevision"), field(model, "status.probation")
    return [each for each in (candidate, probation) if each]


def _revisions(model: Resource, now: datetime) -> Table | Text:
    revisions = list_revisions(model)
    if not revisions:
        return Text("no revision yet", style="muted")
    table = Table.grid(padding=(0, 2))
    for _ in range(4):
        table.add_column(no_wrap=True, overflow="ellipsis")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    for revision in revisions:
        table.add_row(*_revision_row(revision, now))
    return table


def _revision_row(revision: Resource, now: datetime) -> tuple[Text, ...]:
    outcome = str(revision.get("outcome") or "Superseded")
    mark, style = _REVISION_MARKS.get(outcome, ("○", "muted"))
    word = _REVISION_WORDS.get(outcome, outcome.lower())
    if revision.get("weightPercent") is not None:
        word = f"{word}, {revision['weightPercent']} %"
    faded = "" if outcome in ("Serving", "RollingOut") else "muted"
    digest = str(revision.get("digest", "")).removeprefix("sha256:")[:8]
    return (
        Text(f"{mark} {word}", style=style),
        Text(str(revision.get("name", "")), style=faded),
        Text(_origin(revision), style=faded),
        Text(digest, style="muted"),
        Text(format_age(revision.get("promotedTime") or revision.get("createdTime"), now), style=faded),
        Text(str(revision.get("message", "")) if outcome == "Failed" else "", style="bad"),
    )


def _origin(revision: Resource) -> str:
    origin = str(revision.get("origin", ""))
    return "spec.model" if origin == "Spec" else origin.removeprefix("RetrainRun/")


def list_revisions(model: Resource) -> list[Resource]:
    """Return all revisions of the status: the candidate, the stable one, then the others, newest first."""
    candidate, stable = field(model, "status.candidateRevision"), field(model, "status.stableRevision")
    first = [
        {**candidate, "outcome": "RollingOut"} if candidate else None,
        {**stable, "outcome": "Serving"} if stable else None,
    ]
    shown = [each for each in first if each]
    names = {each["name"] for each in shown}
    others = [each for each in field(model, "status.revisions", []) if each.get("name") not in names]
    others.sort(key=lambda each: str(each.get("promotedTime") or each.get("createdTime") or ""), reverse=True)
    return [*shown, *others]
