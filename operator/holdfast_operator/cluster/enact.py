"""Makes a decision true: the one loop that writes, for every kind alike."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any, Final

from holdfast_operator.cluster.api import (
    AlreadyExistsError,
    ApiError,
    Cluster,
    CreationRefusedError,
    ObjectName,
    ObjectReference,
    object_name,
)
from holdfast_operator.cluster.event_recorder import EventRecorder
from holdfast_operator.cluster.kinds import ResourceKind, kind_of
from holdfast_operator.core.decision import Decision, Deletion, Event
from holdfast_operator.manifests.metadata import Manifest, short
from holdfast_operator.metrics import WRITES

logger = logging.getLogger(__name__)

_REFUSALS: Final = frozenset({400, 403, 404, 413, 422})
"""Statuses by which the API server says that the same request will not do later either, quotas excepted."""


class Enactor:
    """Writes what a decision says, and nothing that is true already."""

    def __init__(self, cluster: Cluster, recorder: EventRecorder) -> None:
        self._cluster = cluster
        self._recorder = recorder
        self._applied: dict[ObjectName, dict[ObjectName, tuple[str, str]]] = {}
        """By resource and child: what was applied, and what the child looked like then."""

    async def enact(self, resource: Manifest, children: Iterable[Manifest], decision: Decision) -> None:
        """Write children, then the status, then events.

        Args:
            resource: the live object that was decided about.
            children: live objects among which those of ``decision.desired`` are looked for.
            decision: what should be true.

        Raises:
            CreationRefusedError: the API server does not accept one of ``decision.create``; nothing that
                follows it was written.
            ApiError: a write was refused; those before it have been made, and all can be repeated.
                Events are not worth a failure.
        """
        live = {object_name(child): child for child in children}
        for manifest in decision.desired:
            await self._apply(resource, manifest, live.get(object_name(manifest)))
        for manifest in decision.create:
            await self._create(manifest)
        for deletion in decision.deletions:
            await self._delete(deletion)
        resource = await self._apply_status(resource, decision.status)
        for event in decision.events:
            await self._record(resource, event)

    def forget(self, name: ObjectName) -> None:
        """Drop what is remembered about the children of a resource that is gone."""
        self._applied.pop(name, None)

    async def _apply(self, resource: Manifest, manifest: Manifest, live: Manifest | None) -> None:
        if live is not None and live["metadata"].get("deletionTimestamp"):
            return  # It cannot be kept; its end brings us back here.
        manifest = _without_empty_lists(manifest)
        applied = self._applied.setdefault(object_name(resource), {})
        name, wanted = object_name(manifest), short(manifest)
        if live is not None and applied.get(name) == (wanted, _written_by_all(live)):
            return
        _count("apply", kind_of(manifest))
        written = await self._cluster.apply(manifest)
        applied[name] = (wanted, _written_by_all(written))

    async def _create(self, manifest: Manifest) -> None:
        _count("create", kind_of(manifest))
        try:
            await self._cluster.create(manifest)
        except AlreadyExistsError:
            return  # Names are deterministic: an earlier attempt made it, or the next look sees whose it is.
        except ApiError as error:
            if error.status not in _REFUSALS:
                raise
            raise CreationRefusedError(error, manifest) from error

    async def _record(self, resource: Manifest, event: Event) -> None:
        try:
            await self._recorder.record(resource, event)
        except ApiError as error:
            # The transition is in the status already, so that no later look would say it again.
            logger.warning("cannot write the event %s: %s", event.reason, error)

    async def _delete(self, deletion: Deletion) -> None:
        kind = kind_of({"apiVersion": deletion.api_version, "kind": deletion.kind})
        _count("delete", kind)
        await self._cluster.delete(ObjectReference(kind, deletion.namespace, deletion.name, deletion.uid))

    async def _apply_status(self, resource: Manifest, status: Mapping[str, Any] | None) -> Manifest:
        if status is None or _without_nulls(status) == _without_nulls(resource.get("status") or {}):
            return resource
        _count("status", kind_of(resource))
        return await self._cluster.apply_status(resource, _without_nulls(status))


def _written_by_all(live: Manifest) -> str:
    """Return a hash that changes whenever anyone, by whatever manager, changes more than the status."""
    metadata = live["metadata"]
    entries = [entry for entry in metadata.get("managedFields") or () if entry.get("subresource") != "status"]
    return short([metadata["uid"], entries])


def _without_empty_lists(value: Any) -> Any:
    """Leave out lists that are empty: the API server does not store them, so that every apply would write."""
    if isinstance(value, Mapping):
        return {key: _without_empty_lists(part) for key, part in value.items() if part not in ([], ())}
    if isinstance(value, list | tuple):
        return [_without_empty_lists(part) for part in value]
    return value


def _without_nulls(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nulls(part) for key, part in value.items() if part is not None}
    if isinstance(value, list | tuple):
        return [_without_nulls(part) for part in value]
    return value


def _count(verb: str, kind: ResourceKind) -> None:
    WRITES.labels(verb, kind.kind).inc()
