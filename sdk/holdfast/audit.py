"""The audit chain: a record of each finished RetrainRun, bound to the one before it by its digest. Pure.

A record is everything that a finished run says, together with its place in the chain of its RetrainPolicy.
Its digest covers the digest of the record before it, so that a record which is edited, removed or slipped in
shows (Haber & Stornetta 1991, "How to time-stamp a digital document").
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final, Self

from holdfast.manifest import canonical_json

FIRST: Final = 1
"""Sequence number of the first record of a policy; it has no digest before it."""
_NOT_RECORDED: Final = frozenset({"record", "observedGeneration"})


class MalformedRecordError(ValueError):
    """A record has a field that is missing or of the wrong type."""


@dataclass(frozen=True)
class Link:
    """The place of a record in its chain."""

    sequence: int
    digest: str
    previous_digest: str | None = None


@dataclass(frozen=True)
class Record:
    """A link and what it binds."""

    policy: str
    """Namespace and name, with a slash."""
    run: str
    link: Link
    content: Mapping[str, Any]

    def to_document(self) -> dict[str, Any]:
        """Return the record as a line of an export."""
        link = {"sequence": self.link.sequence, "digest": self.link.digest}
        if self.link.previous_digest is not None:
            link["previousDigest"] = self.link.previous_digest
        return {"policy": self.policy, "run": self.run, "record": link, "content": dict(self.content)}

    @classmethod
    def from_document(cls, document: object) -> Self:
        """Read a line of an export.

        Raises:
            MalformedRecordError: naming the field.
        """
        fields = _mapping(document, "the record")
        return cls(
            policy=_text(fields, "policy"),
            run=_text(fields, "run"),
            link=_link(_mapping(fields.get("record"), "record")),
            content=_mapping(fields.get("content"), "content"),
        )


@dataclass(frozen=True)
class Fault:
    """What is wrong with a chain, and where."""

    policy: str
    sequence: int
    last: int
    """The last sequence number that it is about."""
    message: str


def record_content(run: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a record says about a finished RetrainRun: its identity, spec and status.

    Empty and absent values are the same to an API server, so they are left out.
    """
    metadata = run.get("metadata") or {}
    status = run.get("status") or {}
    content = {
        "name": metadata.get("name"),
        "namespace": metadata.get("namespace"),
        "uid": metadata.get("uid"),
        "spec": run.get("spec"),
        "status": {key: value for key, value in status.items() if key not in _NOT_RECORDED},
    }
    return dict(_without_empty(content))


def link_content(content: Mapping[str, Any], previous: Link | None) -> Link:
    """Return the link of the record that comes after PREVIOUS; None: it is the first."""
    sequence = FIRST if previous is None else previous.sequence + 1
    before = None if previous is None else previous.digest
    return Link(sequence, _digest(content, sequence, before), before)


def record_of(run: Mapping[str, Any], policy: str) -> Record | None:
    """Return the record of a RetrainRun as the API server has it; None if it has none yet.

    Raises:
        MalformedRecordError: status.record cannot be read.
    """
    known = (run.get("status") or {}).get("record")
    if known is None:
        return None
    link = _link(_mapping(known, "status.record"))
    name = str((run.get("metadata") or {}).get("name", ""))
    return Record(policy, name, link, record_content(run))


def verify_chain(records: Iterable[Record], head: Link | None = None, kept: int | None = None) -> list[Fault]:
    """Return what is wrong with the records of one policy, by sequence; nothing when the chain holds.

    Args:
        records: in any order; what comes before the first of them is not missed.
        head: the last link that the policy remembers; None: not known, so that the end cannot be checked.
        kept: how many of the last records have to be there (a policy keeps a bounded history); None: all.
    """
    ordered = sorted(records, key=lambda record: record.link.sequence)
    if not ordered:
        return []
    faults = [fault for record in ordered if (fault := _edited(record))]
    for before, after in pairwise(ordered):
        faults += _broken(before, after)
    if head is not None:
        faults += _beyond(ordered, head)
    last = max(ordered[-1].link.sequence, head.sequence if head else 0)
    oldest = FIRST if kept is None else last - kept + 1
    return sorted((fault for fault in faults if fault.last >= oldest), key=lambda fault: fault.sequence)


def _edited(record: Record) -> Fault | None:
    link = record.link
    if link.digest == _digest(record.content, link.sequence, link.previous_digest):
        return None
    return _fault(record, f"{record.run} is not what was recorded: its digest differs")


def _broken(before: Record, after: Record) -> list[Fault]:
    first, second = before.link, after.link
    if second.sequence == first.sequence:
        message = f"{before.run} and {after.run} claim the same place"
        return [_fault(after, message)]
    if second.sequence > first.sequence + 1:
        return [_missing(after.policy, first.sequence + 1, second.sequence - 1)]
    if second.previous_digest != first.digest:
        message = f"{after.run} does not follow {before.run}: the digest before it differs"
        return [_fault(after, message)]
    return []


def _beyond(ordered: Sequence[Record], head: Link) -> list[Fault]:
    last = ordered[-1]
    if last.link.sequence < head.sequence:
        return [_missing(last.policy, last.link.sequence + 1, head.sequence)]
    same = next((record for record in ordered if record.link.sequence == head.sequence), None)
    if same is None or same.link.digest == head.digest:
        return []
    return [_fault(same, f"{same.run} has another digest than its policy remembers")]


def _missing(policy: str, first: int, last: int) -> Fault:
    what = f"record {first} is" if first == last else f"records {first} to {last} are"
    return Fault(policy, first, last, f"{what} missing")


def _fault(record: Record, message: str) -> Fault:
    return Fault(record.policy, record.link.sequence, record.link.sequence, message)


def _digest(content: Mapping[str, Any], sequence: int, previous: str | None) -> str:
    document = {"content": content, "sequence": sequence, "previousDigest": previous}
    return f"sha256:{hashlib.sha256(canonical_json(document)).hexdigest()}"


def _without_empty(value: Any) -> Any:
    if isinstance(value, Mapping):
        parts = {key: _without_empty(part) for key, part in value.items()}
        return {key: part for key, part in parts.items() if part not in (None, "", [], {})}
    if isinstance(value, list | tuple):
        return [_without_empty(part) for part in value]
    return value


def _link(fields: Mapping[str, Any]) -> Link:
    sequence, before = fields.get("sequence"), fields.get("previousDigest")
    if not isinstance(sequence, int) or isinstance(sequence, bool) or sequence < FIRST:
        raise MalformedRecordError(f"record.sequence must be a number from {FIRST} on")
    if before is not None and not isinstance(before, str):
        raise MalformedRecordError("record.previousDigest must be a text")
    return Link(sequence, _text(fields, "digest"), before)


def _text(fields: Mapping[str, Any], name: str) -> str:
    value = fields.get(name)
    if not isinstance(value, str):
        raise MalformedRecordError(f"{name} must be a text")
    return value


def _mapping(value: object, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise MalformedRecordError(f"{what} must be an object")
    return value
