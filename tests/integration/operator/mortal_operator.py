"""Operators on a real API server, none of which outlives a write: killed before one is sent, then after."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final, TypeVar

from holdfast_operator.cluster.api import Cluster, ConflictError, ObjectReference
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.enact import Enactor
from holdfast_operator.cluster.event_recorder import EventRecorder
from holdfast_operator.cluster.kinds import RESOURCES, ResourceKind
from holdfast_operator.cluster.observe import Observer
from holdfast_operator.handlers.drift_gauges import DriftGauges
from holdfast_operator.handlers.reconcile import Reconciler
from holdfast_operator.handlers.references import key_of
from holdfast_operator.manifests.metadata import ImageSettings, Manifest
from tests.simulated_node import SimulatedNode
from tests.unit.operator.loop import KilledError

QUIET_ROUNDS: Final = 3
MAX_ROUNDS: Final = 400
AnswerT = TypeVar("AnswerT")


class MortalCluster:
    """Passes on what it is asked; kills whoever writes, once before the write is sent and once after."""

    def __init__(self, cluster: Cluster, is_mortal: bool) -> None:
        self._cluster = cluster
        self._is_mortal = is_mortal
        self.writes: list[tuple[str, str, str]] = []
        """Verb, kind and name of what was sent."""
        self._killed_before: set[tuple[str, str, str]] = set()
        self._applied: dict[tuple[str, str, str], Manifest] = {}
        """What every life applies again, and changes nothing by it."""

    async def get(self, kind: ResourceKind, namespace: str, name: str) -> Manifest | None:
        """Return the object, or None."""
        return await self._cluster.get(kind, namespace, name)

    async def list(
        self,
        kind: ResourceKind,
        namespace: str | None = None,
        label_selector: str = "",
        field_selector: str = "",
    ) -> Sequence[Manifest]:
        """Return the objects."""
        return await self._cluster.list(kind, namespace, label_selector, field_selector)

    async def apply(self, manifest: Manifest) -> Manifest:
        """Apply, or be killed."""
        return await self._write("apply", manifest, lambda: self._cluster.apply(manifest))

    async def create(self, manifest: Manifest) -> Manifest:
        """Create, or be killed."""
        return await self._write("create", manifest, lambda: self._cluster.create(manifest))

    async def replace(self, manifest: Manifest) -> Manifest:
        """Replace, or be killed."""
        return await self._write("replace", manifest, lambda: self._cluster.replace(manifest))

    async def apply_status(self, resource: Manifest, status: Mapping[str, Any]) -> Manifest:
        """Write the status, or be killed."""
        return await self._write("status", resource, lambda: self._cluster.apply_status(resource, status))

    async def delete(self, target: ObjectReference) -> None:
        """Delete, or be killed."""
        named = {"kind": target.kind.kind, "metadata": {"name": target.name}}
        await self._write("delete", named, lambda: self._cluster.delete(target))

    async def _write(self, verb: str, manifest: Manifest, send: Callable[[], Awaitable[AnswerT]]) -> AnswerT:
        write = (verb, manifest["kind"], manifest["metadata"]["name"])
        if self._applied.get(write) == manifest:
            return await send()
        if self._is_mortal and write not in self._killed_before:
            self._killed_before.add(write)
            raise KilledError
        answer = await send()
        self.writes.append(write)
        self._killed_before.discard(write)
        if verb == "apply":
            self._applied[write] = manifest
        if self._is_mortal:
            raise KilledError
        return answer


class MortalOperator:
    """The operator's loop for one namespace; a test turns it, and its clock."""

    def __init__(
        self, cluster: Cluster, namespace: str, scrape: Callable[[], Awaitable[None]], *, is_mortal: bool
    ) -> None:
        """SCRAPE: what every life but the first begins with, before it decides anything."""
        self.cluster = MortalCluster(cluster, is_mortal)
        self._live, self._namespace = cluster, namespace
        self._node = SimulatedNode(cluster, namespace)
        self._scrape = scrape
        self._ahead = timedelta()
        self.lives = 0
        self.start()

    def start(self) -> None:
        """Start an operator that remembers nothing."""
        self.lives += 1
        self.drift = DriftWatch(scrape_interval_seconds=15)
        self.observer = Observer(self.cluster, self.drift, ImageSettings("server:1", "evaluator:1"), self.now)
        enactor = Enactor(self.cluster, EventRecorder(self.cluster, "operator-0", self.now))
        self._reconciler = Reconciler(self.observer, enactor, DriftGauges())

    def now(self) -> datetime:
        """Return the time, ahead of the API server's by what was passed over."""
        return datetime.now(UTC) + self._ahead

    def pass_over(self, time: timedelta) -> None:
        """Have it be later at once."""
        self._ahead += time

    async def settle(self) -> None:
        """Let operators and node work until no operator writes any more."""
        quiet = 0
        for _ in range(MAX_ROUNDS):
            before = self.lives, len(self.cluster.writes)
            await self._live_once()
            await self._node.step()
            quiet = quiet + 1 if (self.lives, len(self.cluster.writes)) == before else 0
            if quiet == QUIET_ROUNDS:
                return
        raise AssertionError(f"no rest after {MAX_ROUNDS} rounds; last: {self.cluster.writes[-10:]}")

    async def _live_once(self) -> None:
        try:
            for kind in RESOURCES:
                for live in await self._live.list(kind, self._namespace):
                    await self._look_at(live)
        except KilledError:
            self.start()
            await self._scrape()

    async def _look_at(self, live: Manifest) -> None:
        try:
            await self._reconciler.reconcile(key_of(live))
        except ConflictError:
            return  # The next round looks again.
