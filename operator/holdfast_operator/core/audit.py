"""Audit: finished runs are bound into a chain, one after the other, by the policy that they belong to.

The policy decides the order, because only one worker at a time decides about a policy: two runs that end in
the same moment cannot claim the same place. Each run then takes its record over into its own status.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from holdfast.audit import Link, link_content, record_content
from holdfast_operator.api.audit import AuditHead, AuditRecord
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.core.runs import is_finished


def plan_head(policy: RetrainPolicy, own_runs: Iterable[RetrainRun]) -> AuditHead | None:
    """Return the head of the policy's chain: a new one if a finished run waits for its record.

    While the run of the present head has not taken its record over, that head stays. Of several that wait,
    the one that ended first goes first.
    """
    head = policy.status.record
    waiting = [run for run in own_runs if is_finished(run) and run.status.record is None]
    if head is not None and any(run.metadata.uid == head.uid for run in waiting):
        return head
    if not waiting:
        return head
    run = min(waiting, key=lambda each: (each.status.completion_time or "", each.metadata.name))
    link = link_content(record_content(_document(run)), _link(head))
    return AuditHead(
        sequence=link.sequence,
        digest=link.digest,
        previous_digest=link.previous_digest,
        run=run.metadata.name,
        uid=run.metadata.uid,
    )


def find_record(run: RetrainRun, policy: RetrainPolicy | None) -> AuditRecord | None:
    """Return the record that a finished run has to take over from its policy; None: there is none now."""
    head = policy.status.record if policy is not None else None
    if head is None or head.uid != run.metadata.uid or run.status.record is not None:
        return None
    return AuditRecord(sequence=head.sequence, digest=head.digest, previous_digest=head.previous_digest)


def recorded(runs: Iterable[RetrainRun]) -> Sequence[RetrainRun]:
    """Return the runs that are in the chain: only these may be forgotten."""
    return [run for run in runs if run.status.record is not None]


def _document(run: RetrainRun) -> Mapping[str, Any]:
    """Return the run as the API server has it: without the defaults of fields that it does not have."""
    return run.model_dump(mode="json", by_alias=True, exclude_unset=True)


def _link(head: AuditHead | None) -> Link | None:
    return None if head is None else Link(head.sequence, head.digest, head.previous_digest)
