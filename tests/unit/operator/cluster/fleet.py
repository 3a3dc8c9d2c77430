"""Server pods of one model whose rows are known, scraped by the operator's own scraper and decided on.

Only HTTP, the API server and the clock are simulated: a fleet answers what pods would answer.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray

from holdfast import labels
from holdfast.count_table import Counts
from holdfast.metrics import ANOMALOUS_ROWS, DISTRIBUTION_ROWS, ROWS
from holdfast.profile import Profile
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.enact import Enactor
from holdfast_operator.cluster.event_recorder import EventRecorder
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import CONFIG_MAP, POD, RETRAIN_POLICY, RETRAIN_RUN
from holdfast_operator.cluster.observe import Observer
from holdfast_operator.cluster.pod_client import PodClient, ScrapeError, ScrapeFailure
from holdfast_operator.cluster.scraper import Scraper
from holdfast_operator.core.observation import DriftWindow
from holdfast_operator.handlers.drift_gauges import DriftGauges
from holdfast_operator.handlers.reconcile import Reconciler
from holdfast_operator.manifests.metadata import ImageSettings
from tests.cases.watched_server import MODEL, POLICY, model_that_serves, policy_of
from tests.fakes import FakeCluster
from tests.unit.sdk.drift_traffic import Traffic, detector_of

ROUND_SECONDS = 15
START = 1_800_000_000


@dataclass
class ServerPod:
    """A pod; a restart of its process begins at zero."""

    name: str
    revision: str
    profile: Profile
    started: float
    counts: Counts
    answers: bool = True

    def metrics(self) -> str:
        """Return what it exposes."""
        marks = f'model="{MODEL}",revision="{self.revision}",profile="{self.profile.hash}"'
        table = detector_of(self.profile).table
        lines = [f"process_start_time_seconds {self.started}"]
        for series, count in zip(table.series, self.counts.tolist(), strict=False):
            if series[0] == "rows":
                lines.append(f"{ROWS.name}{{{marks}}} {count}")
                continue
            metric, last = (DISTRIBUTION_ROWS, "bin") if series[0] == "bin" else (ANOMALOUS_ROWS, "anomaly")
            place = f'kind="{series[1]}",name="{series[2]}",{last}="{series[3]}"'
            lines.append(f"{metric.name}{{{marks},{place}}} {count}")
        return "\n".join(lines) + "\n"


class Fleet(PodClient):
    """All pods, by address, as the scraper reads them."""

    def __init__(self) -> None:
        super().__init__()
        self.pods: dict[str, ServerPod] = {}

    async def read(self, pod_ip: str, path: str, query: Iterable[tuple[str, str]] = ()) -> bytes:  # noqa: ARG002 - a pod may answer more than it is asked
        """Answer as the pod does."""
        pod = self.pods[pod_ip]
        if not pod.answers:
            raise ScrapeError(ScrapeFailure.TIMEOUT, f"{path} did not answer in time")
        return pod.profile.to_json() if path.endswith("/profile") else pod.metrics().encode()


@dataclass
class World:
    """The operator, one model, its pods and its users; time passes in rounds of scrapes."""

    drift: Mapping[str, Any]
    profile: Profile
    seed: int = 0
    revision: str = "bikes-1"
    time: datetime = field(default=datetime.fromtimestamp(START, UTC))
    born: int = 0

    def __post_init__(self) -> None:
        self.fleet = Fleet()
        self.cluster = FakeCluster(now=self.now)
        self.random = np.random.default_rng(self.seed)
        self.cluster.put(model_that_serves(self.revision))
        self.cluster.put(policy_of({"triggers": {"drift": self.drift}, "limits": {"cooldownSeconds": 86400}}))
        self.restart_operator()

    def now(self) -> datetime:
        return self.time

    def restart_operator(self) -> None:
        """Start an operator that knows nothing but what is in the cluster."""
        self.watch = DriftWatch(ROUND_SECONDS)
        observer = Observer(self.cluster, self.watch, ImageSettings("server:1", "evaluator:1"), self.now)
        enactor = Enactor(self.cluster, EventRecorder(self.cluster, "operator-0", self.now))
        self.reconciler = Reconciler(observer, enactor, DriftGauges())
        self.due = True
        self.scraper = Scraper(self.cluster, self.fleet, self.watch, self._look, self.now)

    def start_pod(self) -> str:
        """Start one more pod and return its address."""
        self.born += 1
        address = f"10.0.{self.born // 250}.{self.born % 250}"
        size = detector_of(self.profile).table.size
        started = self.time.timestamp()
        pod = ServerPod(
            f"pod-{self.born}", self.revision, self.profile, started, np.zeros(size, dtype=np.int64)
        )
        self.fleet.pods[address] = pod
        marks = {labels.MANAGED_BY: "holdfast", labels.COMPONENT: "server", labels.MODEL_DEPLOYMENT: MODEL}
        metadata = {
            "namespace": "team",
            "name": pod.name,
            "labels": {**marks, labels.REVISION: self.revision},
        }
        status = {"phase": "Running", "podIP": address}
        self.cluster.put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status})
        return address

    def stop_pod(self, address: str) -> None:
        """Kill a pod, with what it has counted since the last scrape."""
        gone = self.fleet.pods.pop(address)
        (live,) = [each for each in self.cluster.of_kind(POD) if each["metadata"]["name"] == gone.name]
        self.cluster.remove(live)

    def replace_pod(self, address: str) -> None:
        """Kill a pod and start another in its place."""
        self.stop_pod(address)
        self.start_pod()

    def scale(self, pods: int) -> None:
        """Start or kill pods until there are so many."""
        while len(self.fleet.pods) < pods:
            self.start_pod()
        for address in list(self.fleet.pods)[pods:]:
            self.stop_pod(address)

    def restart_process(self, address: str) -> None:
        """Let a container end and start again in the same pod."""
        pod = self.fleet.pods[address]
        pod.started, pod.counts = self.time.timestamp(), np.zeros_like(pod.counts)

    def serve(self, revision: str, profile: Profile) -> None:
        """Serve another revision from now on, by pods of its own."""
        self.revision, self.profile = revision, profile
        self.cluster.put(model_that_serves(revision))
        for address in list(self.fleet.pods):
            self.replace_pod(address)

    async def round(self, rows: int, shifts: NDArray[np.float64] | None = None) -> None:
        """Have that many rows answered by the pods, then scrape, and decide if a look is due."""
        traffic = Traffic(detector_of(self.profile), int(self.random.integers(2**32)))
        addresses = list(self.fleet.pods)
        for address, share in zip(addresses, self._shares(rows, len(addresses)), strict=True):
            self.fleet.pods[address].counts += traffic.rows(share, [] if shifts is None else shifts.tolist())
        self.time += timedelta(seconds=ROUND_SECONDS)
        await self.scraper.scrape_all()
        if self.due:
            self.due = False
            await self.decide()

    async def decide(self) -> None:
        """Reconcile the policy until nothing is written any more."""
        writes = -1
        while writes != len(self.cluster.writes):
            writes = len(self.cluster.writes)
            await self.reconciler.reconcile(POLICY)

    def window(self) -> DriftWindow:
        """Return what is known of the revision that serves."""
        found = self.watch.window(POLICY, self.revision, self.time)
        assert found is not None
        return found

    def said(self, type_: str) -> str:
        """Return status and reason of a condition of the policy."""
        (policy,) = self.cluster.of_kind(RETRAIN_POLICY)
        (found,) = [each for each in policy["status"]["conditions"] if each["type"] == type_]
        return f"{found['status']}/{found['reason']}"

    def runs(self) -> list[Any]:
        """Return the runs that were started."""
        return list(self.cluster.of_kind(RETRAIN_RUN))

    def checkpoints(self) -> list[Any]:
        """Return the ConfigMaps."""
        return list(self.cluster.of_kind(CONFIG_MAP))

    def _look(self, key: Key) -> None:
        self.due |= key == POLICY

    def _shares(self, rows: int, pods: int) -> list[int]:
        return [int(each) for each in self.random.multinomial(rows, [1 / pods] * pods)] if pods else []
