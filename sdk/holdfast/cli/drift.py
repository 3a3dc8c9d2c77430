"""`holdfast drift`: how far every feature and output is from the reference, by the minute and by the day."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.table import Table
from rich.text import Text

from holdfast.cli.ages import format_duration
from holdfast.cli.cluster import CONFIG_MAP, RETRAIN_POLICY, Cluster
from holdfast.cli.connection import Connection
from holdfast.cli.console import OutputFormat, OutputOption, tell, write, write_json
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.cli.policy_tree import drift_summary, estimate_words
from holdfast.cli.resource import Resource, condition, field, name_of

if TYPE_CHECKING:
    from holdfast.drift_picture import DriftPicture

BARS: Final = "▁▂▃▄▅▆▇█"
FULL_TOLERANCES: Final = 2.0
"""A full bar is this many times the tolerance."""
_KEY: Final = "windows.json.gz"

TargetArgument = Annotated[str, typer.Argument(metavar="POLICY|MODEL", help="RetrainPolicy or its model.")]
HtmlOption = Annotated[
    Path | None, typer.Option("--html", help="Write a page with a heat map there.", show_default=False)
]


def drift(
    connection: Connection,
    target: TargetArgument,
    html: HtmlOption = None,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Show how far every feature and output is from the reference.

    A line for each: its divergence (PSI) over the policy's window, a bar for each window length from the
    shortest to the policy's, and the share of faulty values. Figures are those that the operator keeps over a
    restart, up to five minutes old.
    """
    cluster = connection.open()
    policy = _policy(cluster, target)
    pictures = read_pictures(cluster, policy)
    if html is not None:
        from holdfast.drift_page import render_drift_page

        html.write_bytes(render_drift_page(name_of(policy), drift_summary(policy).plain, pictures))
        tell(f"written: {html}")
    elif output is OutputFormat.JSON:
        write_json({"policy": name_of(policy), "revisions": [_document(each) for each in pictures]})
    else:
        write(*_parts(policy, pictures))


def read_pictures(cluster: Cluster, policy: Resource) -> "list[DriftPicture]":
    """Return what was counted of each revision, that which serves first; nothing if nothing is kept yet."""
    uid = field(policy, "metadata.uid")
    for each in cluster.find(CONFIG_MAP):
        owners = field(each, "metadata.ownerReferences", [])
        content = (each.get("binaryData") or {}).get(_KEY)
        if content and any(owner.get("uid") == uid for owner in owners):
            return _parse(content, str(field(policy, "status.drift.revision", "")))
    return []


def _parse(content: str, serving: str) -> "list[DriftPicture]":
    # Here, so that other commands start without scipy (0.4 s).
    from pydantic import ValidationError

    from holdfast.checkpoint_text import UNREADABLE, decompressed
    from holdfast.drift_picture import picture_of
    from holdfast.drift_settings import DriftSettings
    from holdfast.drift_state import DetectorState
    from holdfast.profile import Profile

    try:
        kept: dict[str, Any] = json.loads(decompressed(content))
        settings = DriftSettings(**{**kept["settings"], "features": tuple(kept["settings"]["features"])})
        pictures = [
            picture_of(
                each["name"],
                Profile.model_validate(kept["profiles"][each["profile"]]),
                settings,
                DetectorState.model_validate(each["state"]),
            )
            for each in kept["revisions"]
        ]
    except (*UNREADABLE, ValidationError, KeyError, TypeError) as error:
        raise CommandError(
            f"what the operator keeps of the policy cannot be read: {str(error)[:200]}",
            "Use a command line of the operator's version.",
        ) from error
    return sorted(pictures, key=lambda each: each.revision != serving)


def _policy(cluster: Cluster, target: str) -> Resource:
    policies = cluster.find(RETRAIN_POLICY)
    for matches in (name_of, lambda each: field(each, "spec.modelDeploymentRef.name")):
        found = [each for each in policies if matches(each) == target]
        if found:
            return found[0]
    raise CommandError(
        f"{target!r} is no RetrainPolicy, and none retrains a model of that name",
        "See what there is: kubectl get retrainpolicies",
        ExitCode.NOT_FOUND,
    )


def _parts(policy: Resource, pictures: "Sequence[DriftPicture]") -> list[Text | Table]:
    parts: list[Text | Table] = [Text.assemble((name_of(policy), "name"), "  ", drift_summary(policy))]
    blind = condition(policy, "TriggersHealthy")
    if blind.get("status") == "False":
        parts.append(Text(f"blind: {blind.get('message') or blind.get('reason')}", style="bad"))
    if estimate := field(policy, "status.drift.estimate"):
        parts.append(Text(estimate_words(estimate), style="muted"))
    if not pictures:
        parts.append(Text("nothing is kept yet: the operator writes it every five minutes", style="muted"))
    for picture in pictures[:1]:
        parts.append(Text(_head(picture), style="muted"))
        parts.append(_table(picture))
    return parts


def _head(picture: "DriftPicture") -> str:
    shortest, longest = (format_duration(picture.window_seconds[each]) for each in (0, -1))
    rows = f"{picture.rows[-1]:,} rows"
    return f"{picture.revision}: {rows}; bars from the last {shortest} to the last {longest}"


def _table(picture: "DriftPicture") -> Table:
    table = Table.grid(padding=(0, 2))
    table.add_column(no_wrap=True, overflow="ellipsis", max_width=32)
    table.add_column(justify="right", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(justify="right", no_wrap=True)
    tolerance = f"of {picture.tolerance:g} allowed"
    table.add_row(*(Text(word, style="muted") for word in ("", "PSI", tolerance, "faulty")))
    for each in picture.columns:
        style = "bad" if (each.last or 0) > picture.tolerance else "good"
        last = "–" if each.last is None else f"{each.last:.2f}"
        faults = Text(f"{each.faults:.1%}" if each.faults else "", style="bad")
        bars = Text.assemble(*(_bar(psi, picture.tolerance) for psi in each.psi))
        table.add_row(Text(each.name), Text(last, style=style), bars, faults)
    return table


def _bar(psi: float | None, tolerance: float) -> tuple[str, str]:
    if psi is None:
        return "·", "muted"
    share = min(psi / (FULL_TOLERANCES * tolerance), 1.0) if tolerance > 0 else float(psi > 0)
    return BARS[round(share * (len(BARS) - 1))], "bad" if psi > tolerance else "good"


def _document(picture: "DriftPicture") -> dict[str, Any]:
    return {
        "revision": picture.revision,
        "windowSeconds": list(picture.window_seconds),
        "rows": list(picture.rows),
        "tolerance": picture.tolerance,
        "columns": [
            {"kind": each.kind, "name": each.name, "psi": list(each.psi), "faults": each.faults}
            for each in picture.columns
        ],
    }
