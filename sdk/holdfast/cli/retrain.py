"""`holdfast retrain`: start a run by hand, and optionally wait for its verdict."""

import time
from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast.cli.cluster import RETRAIN_POLICY, RETRAIN_RUN, Cluster
from holdfast.cli.connection import Connection
from holdfast.cli.console import OutputFormat, OutputOption, make_console, write, write_json
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.cli.resource import Resource, field, name_of, without_managed_fields
from holdfast.cli.run_tree import render_comparison
from holdfast.cli.state import assess_run, is_finished
from holdfast.labels import POLICY

POLL_SECONDS = 2.0
MAX_PREFIX_LENGTH = 40

TargetArgument = Annotated[
    str, typer.Argument(metavar="POLICY|MODEL", help="RetrainPolicy, or a ModelDeployment that has just one.")
]
ReasonOption = Annotated[
    str, typer.Option("--reason", "-r", help="Why; kept in the run.", show_default=False)
]
WaitOption = Annotated[
    bool, typer.Option("--wait", "-w", help="Wait for the verdict; exit 1 unless promoted.")
]
TimeoutOption = Annotated[int, typer.Option("--timeout", min=1, help="Seconds that --wait waits.")]


def retrain(
    connection: Connection,
    target: TargetArgument,
    reason: ReasonOption = "",
    wait: WaitOption = False,
    timeout: TimeoutOption = 3600,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Start a retraining run now.

    The candidate has to pass the policy's gate like any other.
    """
    cluster = connection.open()
    policy = choose_policy(target, cluster.find(RETRAIN_POLICY))
    run: Resource = cluster.create(RETRAIN_RUN, make_run(name_of(policy), reason, cluster.user_name()))
    if output is OutputFormat.TEXT:
        write(Text.assemble("started ", (name_of(run), "name"), f" of the policy {name_of(policy)}"))
    if wait:
        run = _wait(cluster, name_of(run), timeout)
    _report(run, policy, output, waited=wait)
    if wait and assess_run(run).word != "Promoted":
        raise typer.Exit(ExitCode.NO)


def choose_policy(target: str, policies: list[dict[str, Any]]) -> Resource:
    """Return the policy that is meant: the one of that name, else the only one of that ModelDeployment.

    Raises:
        CommandError: there is none, or there are several.
    """
    for policy in policies:
        if name_of(policy) == target:
            return policy
    of_model = [each for each in policies if field(each, "spec.modelDeploymentRef.name") == target]
    if len(of_model) == 1:
        return of_model[0]
    if of_model:
        names = ", ".join(name_of(each) for each in of_model)
        raise CommandError(f"{target!r} has several policies: {names}", "Name the policy.", ExitCode.USAGE)
    raise CommandError(
        f"no RetrainPolicy is named {target!r}, and none retrains a ModelDeployment of that name",
        "See which there are: kubectl get retrainpolicies",
        ExitCode.NOT_FOUND,
    )


def make_run(policy: str, reason: str, requester: str) -> dict[str, Any]:
    """Return the body of a RetrainRun that ``requester`` starts; the API server completes its name."""
    trigger = {"type": "Manual"} | ({"reason": reason} if reason else {})
    return {
        "metadata": {
            "generateName": f"{policy[:MAX_PREFIX_LENGTH].rstrip('-')}-manual-",
            "labels": {POLICY: policy} if len(policy) <= 63 else {},
        },
        "spec": {"policyRef": {"name": policy}, "trigger": trigger, "requester": requester},
    }


def _wait(cluster: Cluster, name: str, timeout: int) -> Resource:
    deadline = time.monotonic() + timeout
    with make_console(stderr=True).status("waiting") as spinner:
        while True:
            run = cluster.get(RETRAIN_RUN, name)
            if is_finished(run):
                return run
            if time.monotonic() >= deadline:
                raise CommandError(
                    f"{name} has no verdict after {timeout} s; it goes on",
                    f"See how far it is: kubectl get retrainrun {name}",
                    ExitCode.TIMEOUT,
                )
            state = assess_run(run)
            spinner.update(f"{state.word.lower()}  [muted]{state.why}[/muted]")
            time.sleep(POLL_SECONDS)


def _report(run: Resource, policy: Resource, output: OutputFormat, *, waited: bool) -> None:
    if output is OutputFormat.JSON:
        write_json(without_managed_fields(run))
        return
    if not waited:
        model = field(policy, "spec.modelDeploymentRef.name", "")
        write(Text(f"watch it: holdfast status {model} --watch", style="muted"))
        return
    state = assess_run(run)
    parts = [Text(state.word, style=state.style), render_comparison(run), Text(state.why)]
    write(Text("  ").join(part for part in parts if part.plain))
