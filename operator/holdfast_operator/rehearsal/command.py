"""`holdfast rehearse`: when a policy would have retrained, had it watched what was recorded."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table
from rich.text import Text

from holdfast.cli.console import OutputFormat, OutputOption, write, write_json
from holdfast.cli.errors import CommandError, ExitCode

if TYPE_CHECKING:
    from holdfast.profile import Profile
    from holdfast_operator.api.retrain_policy import RetrainPolicy
    from holdfast_operator.rehearsal.history import History
    from holdfast_operator.rehearsal.replay import Rehearsal

PolicyArgument = Annotated[Path, typer.Argument(metavar="POLICY", help="YAML file with a RetrainPolicy.")]
HistoryOption = Annotated[
    Path,
    typer.Option(
        "--history",
        help="Recorded metrics: an answer of Prometheus to query_range, or a dump in text format with times.",
    ),
]
ProfileOption = Annotated[
    list[Path],
    typer.Option("--profile", help="Package or profile.json of a revision that served; may be repeated."),
]
RunOption = Annotated[
    float, typer.Option("--run-minutes", min=0.1, help="How long a run would have taken, in minutes.")
]
_STYLES = {"Fired": "bad", "Suppressed": "busy"}


def rehearse(
    policy: PolicyArgument,
    history: HistoryOption,
    profile: ProfileOption,
    run_minutes: RunOption = 30.0,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Replay recorded metrics through a policy, and say when it would have fired, and why not.

    Counting, statistics and decisions are the operator's own. The recorded model goes on serving after a
    run, since nobody can know what another would have counted, so runs after the first are an upper bound.
    Schedules, drift and performance are rehearsed; nothing is recorded of data, code, alerts and signals.
    """
    # Here, so that other commands start without the operator (1 s).
    from holdfast_operator.rehearsal.replay import Replay

    rehearsed = _read_policy(policy)
    recorded = _read_history(history, rehearsed)
    profiles = _read_profiles(profile, recorded, rehearsed.spec.model_deployment_ref.name)
    result = Replay(rehearsed, recorded, profiles, run_minutes * 60).run()
    if output is OutputFormat.JSON:
        write_json(_document(rehearsed, result))
    else:
        write(*_render(rehearsed, result))


def _read_policy(path: Path) -> "RetrainPolicy":
    import yaml

    from holdfast.validation import validate_documents
    from holdfast_operator.api.retrain_policy import RetrainPolicy

    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {path}: {error}", "", ExitCode.NOT_FOUND) from error
    problems = validate_documents(text)
    if problems:
        first = problems[0]
        raise CommandError(f"{path}: {first.field}: {first.message}", f"See all: holdfast validate {path}")
    found = [each for each in yaml.safe_load_all(text) if each and each.get("kind") == "RetrainPolicy"]
    if len(found) != 1:
        raise CommandError(f"{path} holds {len(found)} RetrainPolicies, not one")
    metadata = {"namespace": "default", **found[0]["metadata"]}
    return RetrainPolicy.model_validate({**found[0], "metadata": metadata})


def _read_history(path: Path, policy: "RetrainPolicy") -> "History":
    from holdfast_operator.rehearsal.history import HistoryError, read_history

    try:
        return read_history(path, policy.spec.model_deployment_ref.name)
    except HistoryError as error:
        raise CommandError(str(error), "How to record: docs/how-to/rehearse.md") from error


def _read_profiles(paths: Sequence[Path], history: "History", model: str) -> "dict[str, Profile]":
    from holdfast.cli.profile import read_profile

    found = {each.hash: each for each in map(read_profile, paths)}
    missing = sorted(history.profiles - found.keys())
    if missing:
        raise CommandError(
            f"rows were counted by the profile {missing[0]}, which is not given",
            "Get it from a server of that revision, and name the file with --profile: "
            f"curl http://{model}.NAMESPACE.svc/v2/models/{model}/profile",
        )
    return found


def _render(policy: "RetrainPolicy", result: "Rehearsal") -> tuple[Text | Table, ...]:
    days = (result.end - result.start).total_seconds() / 86400
    head = Text.assemble(
        (policy.metadata.name, "name"), f"  {days:.1f} days from {result.start:%Y-%m-%d %H:%M} UTC"
    )
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for each in result.moments:
        time = Text(f"{each.time:%Y-%m-%d %H:%M:%S}", style="muted")
        table.add_row(time, Text(each.type, style=_STYLES.get(each.type, "")), Text(each.message))
    runs = "1 run" if result.fired == 1 else f"{result.fired} runs"
    limit = policy.spec.limits.max_runs_per_30_days
    return head, table, Text(f"would have started {runs}; allowed are {limit} in 30 days")


def _document(policy: "RetrainPolicy", result: "Rehearsal") -> dict[str, Any]:
    return {
        "policy": policy.metadata.name,
        "start": result.start.isoformat(),
        "end": result.end.isoformat(),
        "fired": result.fired,
        "moments": [
            {"time": each.time.isoformat(), "type": each.type, "message": each.message}
            for each in result.moments
        ],
    }
