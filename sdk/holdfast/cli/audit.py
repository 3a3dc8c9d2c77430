"""`holdfast audit`: write out the records of finished runs, and check that none was changed or removed."""

import json
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from holdfast.audit import Fault, Link, MalformedRecordError, Record, record_of, verify_chain
from holdfast.cli.cluster import RETRAIN_POLICY, RETRAIN_RUN, Cluster
from holdfast.cli.connection import Connection, with_connection
from holdfast.cli.console import OutputFormat, OutputOption, tell, write, write_json
from holdfast.cli.errors import CommandError, ExitCode
from holdfast.cli.resource import Resource, field, name_of, namespace_of
from holdfast.openlineage import lineage_events

MAX_LINE_BYTES = 1024 * 1024
app = typer.Typer(name="audit", help="Records of finished runs: export and verify.", no_args_is_help=True)


class ExportFormat(StrEnum):
    """What a line of an export is."""

    RECORDS = "records"
    OPENLINEAGE = "openlineage"


@dataclass(frozen=True)
class Chain:
    """The records of one policy, and what it remembers of them."""

    policy: str
    records: tuple[Record, ...]
    head: Link | None = None
    kept: int | None = None

    def faults(self) -> list[Fault]:
        """Return what is wrong with it."""
        if not self.records and self.head is not None:
            return [Fault(self.policy, self.head.sequence, self.head.sequence, "no record is left")]
        return verify_chain(self.records, self.head, self.kept)


PolicyArgument = Annotated[
    str | None, typer.Argument(metavar="POLICY", help="RetrainPolicy; none: all.", show_default=False)
]
FileArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="FILE", help="Export to verify, - for standard input; none: the cluster.", show_default=False
    ),
]
FormatOption = Annotated[ExportFormat, typer.Option("--format", "-f", help="What a line is.")]
AllNamespacesOption = Annotated[
    bool, typer.Option("--all-namespaces", "-A", help="All namespaces.", show_default=False)
]


def export(
    connection: Connection,
    policy: PolicyArgument = None,
    format_: FormatOption = ExportFormat.RECORDS,
    all_namespaces: AllNamespacesOption = False,
) -> None:
    """Write the records of finished runs as JSON lines, oldest first.

    A cluster keeps a bounded number of runs: export regularly to keep all. OpenLineage events can be sent to
    any lineage server as they are.
    """
    chains = read_chains(connection.open(), policy, all_namespaces=all_namespaces)
    for record in (record for chain in chains for record in chain.records):
        for document in _documents(record, format_):
            typer.echo(json.dumps(document, sort_keys=True, ensure_ascii=False))


def verify(
    connection: Connection,
    file: FileArgument = None,
    all_namespaces: AllNamespacesOption = False,
    output: OutputOption = OutputFormat.TEXT,
) -> None:
    """Check that no record was changed, removed or slipped in.

    Exit code 1 if one was. Records of a file must be complete from the first one on; of those in the cluster,
    as many must be there as the policy keeps.
    """
    if file is not None and all_namespaces:
        raise typer.BadParameter("give FILE or --all-namespaces, not both")
    chains = (
        parse_export(_lines(file))
        if file is not None
        else read_chains(connection.open(), None, all_namespaces=all_namespaces)
    )
    faults = [fault for chain in chains for fault in chain.faults()]
    _report(chains, faults, output)
    if faults:
        raise typer.Exit(ExitCode.NO)


def read_chains(cluster: Cluster, name: str | None, *, all_namespaces: bool) -> list[Chain]:
    """Return the chains of the policies of a namespace, or of that policy.

    Raises:
        CommandError: there is no such policy, or a record cannot be read.
    """
    policies = (
        [cluster.get(RETRAIN_POLICY, name)]
        if name is not None
        else cluster.find(RETRAIN_POLICY, all_namespaces=all_namespaces)
    )
    runs = cluster.find(RETRAIN_RUN, all_namespaces=all_namespaces)
    return [_chain(policy, runs) for policy in policies]


def parse_export(lines: Iterable[tuple[int, str]]) -> list[Chain]:
    """Return the chains of the numbered lines of an export.

    Raises:
        CommandError: naming the line that is not a record.
    """
    records = sorted(
        (_record(number, line) for number, line in lines if line.strip()),
        key=lambda record: (record.policy, record.link.sequence),
    )
    return [
        Chain(policy, tuple(of_policy))
        for policy, of_policy in groupby(records, lambda record: record.policy)
    ]


def _chain(policy: Resource, runs: Iterable[Resource]) -> Chain:
    full_name = f"{namespace_of(policy)}/{name_of(policy)}"
    own = [
        run
        for run in runs
        if namespace_of(run) == namespace_of(policy) and field(run, "spec.policyRef.name") == name_of(policy)
    ]
    try:
        records = [record for run in own if (record := record_of(run, full_name)) is not None]
    except MalformedRecordError as error:
        raise CommandError(f"a RetrainRun of {full_name} has a damaged record: {error}") from error
    head = field(policy, "status.record")
    return Chain(
        full_name,
        tuple(sorted(records, key=lambda record: record.link.sequence)),
        None if head is None else Link(head["sequence"], head["digest"], head.get("previousDigest")),
        kept=int(field(policy, "spec.historyLimit", 1)),
    )


def _documents(record: Record, format_: ExportFormat) -> list[dict[str, Any]]:
    return [record.to_document()] if format_ is ExportFormat.RECORDS else lineage_events(record)


def _lines(file: Path) -> Iterator[tuple[int, str]]:
    if str(file) == "-":
        yield from enumerate(sys.stdin, start=1)
        return
    try:
        with file.open(encoding="utf-8") as lines:
            yield from enumerate(lines, start=1)
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"cannot read {file}: {error}", "", ExitCode.NOT_FOUND) from error


def _record(number: int, line: str) -> Record:
    try:
        return Record.from_document(json.loads(line))
    except (ValueError, RecursionError) as error:
        remedy = "Give what `holdfast audit export` wrote, without --format openlineage."
        raise CommandError(f"line {number} is not a record: {error}", remedy) from error


def _report(chains: list[Chain], faults: list[Fault], output: OutputFormat) -> None:
    if output is OutputFormat.JSON:
        write_json(
            {
                "records": {chain.policy: len(chain.records) for chain in chains},
                "faults": [
                    {"policy": fault.policy, "sequence": fault.sequence, "message": fault.message}
                    for fault in faults
                ],
            }
        )
        return
    if not chains:
        tell("There are no records.")
    for chain in chains:
        write(*_chain_lines(chain, [fault for fault in faults if fault.policy == chain.policy]))


def _chain_lines(chain: Chain, faults: list[Fault]) -> list[Text]:
    count = Text(f"{len(chain.records)} records", style="muted")
    if not faults:
        return [Text.assemble(("✔ ", "good"), (chain.policy, "name"), "  ", count)]
    head = Text.assemble(("✗ ", "bad"), (chain.policy, "name"), "  ", count)
    return [head, *(Text(f"  {fault.message}", style="bad") for fault in faults)]


app.command()(with_connection(export))
app.command()(with_connection(verify))
