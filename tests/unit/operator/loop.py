"""The operator's loop on a FakeCluster: everything but watches, workers and the clock, which a test turns."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from holdfast_operator.cluster.api import ConflictError
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.enact import Enactor
from holdfast_operator.cluster.event_recorder import EventRecorder
from holdfast_operator.cluster.kinds import RESOURCES
from holdfast_operator.cluster.observe import Observer
from holdfast_operator.cluster.signal_watch import SignalWatch
from holdfast_operator.handlers.drift_gauges import DriftGauges
from holdfast_operator.handlers.reconcile import Reconciler
from holdfast_operator.handlers.references import key_of
from holdfast_operator.manifests.metadata import ImageSettings, Manifest
from tests.fakes import FakeCluster
from tests.simulated_node import SimulatedNode

QUIET_ROUNDS = 3
MAX_ROUNDS = 100


class KilledError(BaseException):
    """The process was killed; like a real kill it is not an Exception that code could handle."""


class Loop:
    """A cluster, a node, and an operator that can be killed at any of its writes and started again."""

    def __init__(self) -> None:
        self.time = datetime(2026, 11, 21, tzinfo=UTC)
        self.cluster = FakeCluster(now=lambda: self.time)
        self.node = SimulatedNode(self.cluster, "team")
        self.writes = 0
        """How many writes the operator has sent, over all its lives."""
        self._kill: tuple[int, bool] | None = None
        self.start()

    def start(self) -> None:
        """Start an operator that remembers nothing."""
        self.drift = DriftWatch(scrape_interval_seconds=15)
        images = ImageSettings("server:1", "evaluator:1")
        self.signals = SignalWatch()
        observer = Observer(self.cluster, self.drift, images, self.now, signals=self.signals)
        enactor = Enactor(self.cluster, EventRecorder(self.cluster, "operator-0", self.now))
        self.reconciler = Reconciler(observer, enactor, DriftGauges())

    def now(self) -> datetime:
        return self.time

    def kill_at(self, write: int, committed: bool) -> None:
        """Have the operator killed at a write, before it is sent or before its answer is read."""
        self._kill = (write, committed)

    async def settle(self) -> None:
        """Let operator and node work until nothing is written any more."""
        quiet = 0
        for _ in range(MAX_ROUNDS):
            before = len(self.cluster.writes)
            await self._operate()
            await self.node.step()
            self.time += timedelta(seconds=1)
            quiet = quiet + 1 if len(self.cluster.writes) == before else 0
            if quiet == QUIET_ROUNDS:
                return
        raise AssertionError(f"no rest after {MAX_ROUNDS} rounds; last: {self.cluster.writes[-10:]}")

    async def _operate(self) -> None:
        self.cluster.before_write, self.cluster.after_write = self._hook(False), self._hook(True)
        try:
            await self._reconcile_all()
        except KilledError:
            self.start()
        finally:
            self.cluster.before_write = self.cluster.after_write = None

    async def _reconcile_all(self) -> None:
        for kind in RESOURCES:
            for live in self.cluster.of_kind(kind):
                try:
                    await self.reconciler.reconcile(key_of(live))
                except ConflictError:
                    continue  # The next round looks again.

    def _hook(self, committed: bool) -> Callable[[str, Manifest], None]:
        def count(_verb: str, _manifest: Manifest) -> None:
            if not committed:
                self.writes += 1
            if self._kill == (self.writes, committed):
                self._kill = None
                raise KilledError

        return count
