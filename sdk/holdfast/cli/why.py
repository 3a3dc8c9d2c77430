"""`holdfast why`: why a model was, or was not, retrained."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from holdfast.cli.ages import format_age
from holdfast.cli.cluster import RETRAIN_POLICY, RETRAIN_RUN, Cluster
from holdfast.cli.connection import Connection
from holdfast.cli.console import OutputFormat, OutputOption, write, write_json
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.cli.resource import Resource, condition, field, name_of
from holdfast.cli.snapshot import newest_first
from holdfast.cli.state import assess_run, assess_state
from holdfast.cli.trigger_words import cooldown_words, explain_budget, explain_triggers

TargetArgument = Annotated[
    str, typer.Argument(metavar="POLICY|MODEL|RUN", help="RetrainPolicy, ModelDeployment or RetrainRun.")
]


def why(connection: Connection, target: TargetArgument, output: OutputOption = OutputFormat.TEXT) -> None:
    """Say why a model was retrained, or why it was not.

    Of a policy or a model: what every trigger sees, what holds it back, and what became of the last run. Of a
    run: what started it, and why it ended as it did.
    """
    cluster = connection.open()
    now = datetime.now(UTC)
    policies = _policies(cluster, target)
    runs = cluster.find(RETRAIN_RUN)
    if not policies:
        run = _find_run(target, runs)
        _write(output, _run_document(run), _run_tree(run, now))
        return
    trees = [_policy_tree(policy, _runs_of(policy, runs), now) for policy in policies]
    documents = [_policy_document(policy, _runs_of(policy, runs), now) for policy in policies]
    _write(output, {"policies": documents}, *trees)


def _write(output: OutputFormat, document: dict[str, Any], *trees: Tree) -> None:
    if output is OutputFormat.JSON:
        write_json(document)
    else:
        write(*trees)


def _policies(cluster: Cluster, target: str) -> list[dict[str, Any]]:
    policies = cluster.find(RETRAIN_POLICY)
    named = [each for each in policies if name_of(each) == target]
    return named or [each for each in policies if field(each, "spec.modelDeploymentRef.name") == target]


def _find_run(name: str, runs: Sequence[dict[str, Any]]) -> Resource:
    for run in runs:
        if name_of(run) == name:
            return run
    raise CommandError(
        f"{name!r} is neither a RetrainPolicy nor a RetrainRun, and no policy retrains a model of that name",
        "See what there is: kubectl get retrainpolicies,retrainruns",
        ExitCode.NOT_FOUND,
    )


def _runs_of(policy: Resource, runs: Sequence[Resource]) -> tuple[Resource, ...]:
    return newest_first(run for run in runs if field(run, "spec.policyRef.name") == name_of(policy))


def _policy_tree(policy: Resource, runs: Sequence[Resource], now: datetime) -> Tree:
    state = assess_state(policy)
    head = Text.assemble((name_of(policy), "name"), "  ", (state.word, state.style))
    tree = Tree(head, guide_style="muted")
    if state.why:
        tree.add(Text(state.why, style=state.style))
    tree.add(_trigger_table(policy, now))
    limits = ", ".join(part for part in (explain_budget(policy), cooldown_words(policy)) if part)
    tree.add(Text(limits, style="muted"))
    healthy = condition(policy, "TriggersHealthy")
    if healthy.get("status") == "False":
        tree.add(Text(f"blind: {healthy.get('message') or healthy.get('reason')}", style="bad"))
    if runs:
        _add_run(tree.add(Text("last run", style="muted")), runs[0], now)
    return tree


def _trigger_table(policy: Resource, now: datetime) -> Table | Text:
    triggers = explain_triggers(policy, now)
    if not triggers:
        return Text("no trigger: only people start runs, with kubectl holdfast retrain", style="muted")
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in triggers:
        table.add_row(Text(each.name), Text(each.words, style=each.style))
    return table


def _run_tree(run: Resource, now: datetime) -> Tree:
    tree = Tree(Text.assemble("run ", (name_of(run), "name")), guide_style="muted")
    _add_run(tree, run, now)
    return tree


def _add_run(tree: Tree, run: Resource, now: datetime) -> None:
    state = assess_run(run)
    started = field(run, "status.startTime") or field(run, "metadata.creationTimestamp")
    tree.add(Text(f"started {format_age(started, now)} ago: {_cause(run)}"))
    evidence = field(run, "spec.trigger.evidence", {})
    if evidence:
        tree.add(Text(", ".join(f"{key} {value}" for key, value in evidence.items()), style="muted"))
    ended = f"{state.word}{f': {state.why}' if state.why else ''}"
    tree.add(Text(ended, style=state.style))


def _cause(run: Resource) -> str:
    trigger = field(run, "spec.trigger", {})
    kind = str(trigger.get("type", "Manual"))
    who = field(run, "spec.requester")
    by = f"by {who}" if who else "by hand"
    reason = str(trigger.get("reason") or "")
    cause = by if kind == "Manual" else kind.lower()
    return f"{cause}: {reason}" if reason else cause


def _policy_document(policy: Resource, runs: Sequence[Resource], now: datetime) -> dict[str, Any]:
    return {
        "policy": name_of(policy),
        "state": assess_state(policy).word,
        "triggers": [{"type": each.name, "why": each.words} for each in explain_triggers(policy, now)],
        "budget": explain_budget(policy),
        "lastRun": _run_document(runs[0]) if runs else None,
    }


def _run_document(run: Resource) -> dict[str, Any]:
    state = assess_run(run)
    return {"run": name_of(run), "cause": _cause(run), "outcome": state.word, "why": state.why}
