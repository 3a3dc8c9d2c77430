"""Turns watch events into keys of the work queue; nothing here waits, writes or can fail for good."""

from collections.abc import Sequence
from typing import Any, Final

import kopf

from holdfast import labels
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import (
    MODEL_DEPLOYMENT,
    RESOURCES,
    RETRAIN_POLICY,
    RETRAIN_RUN,
    ResourceKind,
)
from holdfast_operator.handlers.missed_events import MissedEvents
from holdfast_operator.handlers.references import References, key_of
from holdfast_operator.handlers.watch_probe import WatchProbe
from holdfast_operator.handlers.work_queue import WorkQueue
from holdfast_operator.manifests.metadata import LOOK, Manifest
from holdfast_operator.metrics import EVENTS

CHILD_SELECTOR: Final = f"{labels.MANAGED_BY}=holdfast"


class EventHandlers:
    """What happens on a watch event: keys are added to the queue."""

    def __init__(
        self, queue: WorkQueue[Key], references: References, missed: MissedEvents, probe: WatchProbe
    ) -> None:
        self._queue = queue
        self._references = references
        self._missed = missed
        self._probe = probe

    def on_resource(self, kind: ResourceKind, event_type: str | None, resource: Manifest) -> None:
        """Look at a ModelDeployment, RetrainPolicy or RetrainRun and at those that refer to it."""
        EVENTS.labels(kind.kind).inc()
        resource = {**resource, "apiVersion": kind.api_version, "kind": kind.kind}
        before = self._references.affected_by(key_of(resource))
        key = self._references.learn(resource)
        after = self._references.affected_by(key)
        self._missed.on_event(key, resource)
        if event_type == "DELETED":
            self._references.forget(key)
            self._missed.forget(key)
        for affected in before | after:
            self._queue.add(affected)

    def on_child(self, kind: ResourceKind, child: Manifest) -> None:
        """Look at the owner of a child that has changed."""
        EVENTS.labels(kind.kind).inc()
        self._probe.on_event(kind, child)
        for owner in owners_of(child):
            self._queue.add(owner)


def owners_of(child: Manifest) -> set[Key]:
    """Return the objects whose observation includes the child, by its labels."""
    metadata = child["metadata"]
    marks = metadata.get("labels") or {}
    owners = set()
    if model := marks.get(labels.MODEL_DEPLOYMENT):
        owners.add(Key(MODEL_DEPLOYMENT, metadata["namespace"], model))
    if run := marks.get(labels.RUN):
        owners.add(Key(RETRAIN_RUN, metadata["namespace"], run))
    if marks.get(labels.COMPONENT) == LOOK and (policy := marks.get(labels.POLICY)):
        owners.add(Key(RETRAIN_POLICY, metadata["namespace"], policy))
    return owners


def register(
    registry: kopf.OperatorRegistry, handlers: EventHandlers, children: Sequence[ResourceKind]
) -> None:
    """Have kopf call the handlers for the kinds that users write and those of CHILDREN."""
    for kind in RESOURCES:
        _register_resource(registry, handlers, kind)
    for kind in children:
        _register_child(registry, handlers, kind)


def _register_resource(registry: kopf.OperatorRegistry, handlers: EventHandlers, kind: ResourceKind) -> None:
    @kopf.on.event(kind.group, kind.version, kind.plural, id=kind.plural, registry=registry)
    async def on_event(event: kopf.RawEvent, **_: Any) -> None:
        handlers.on_resource(kind, event["type"], event["object"])


def _register_child(registry: kopf.OperatorRegistry, handlers: EventHandlers, kind: ResourceKind) -> None:
    @kopf.on.event(kind.group, kind.version, kind.plural, id=kind.plural, registry=registry)
    async def on_event(event: kopf.RawEvent, **_: Any) -> None:
        handlers.on_child(kind, event["object"])
