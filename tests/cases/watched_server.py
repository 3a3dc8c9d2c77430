"""A real server process, watched by the operator's own scraper, statistics and decisions on a fake cluster.

The operator's clock is the test's: an hour of rides takes it a minute.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from numpy.typing import NDArray
from prometheus_client.parser import text_string_to_metric_families

from holdfast import labels
from holdfast.client import Client
from holdfast.metrics import ROWS
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.enact import Enactor
from holdfast_operator.cluster.event_recorder import EventRecorder
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY, RETRAIN_RUN
from holdfast_operator.cluster.observe import Observer
from holdfast_operator.cluster.pod_client import PodClient
from holdfast_operator.cluster.scraper import Scraper
from holdfast_operator.handlers.drift_gauges import DriftGauges
from holdfast_operator.handlers.reconcile import Reconciler
from holdfast_operator.manifests.metadata import ImageSettings
from tests.fakes import FakeCluster

MODEL, REVISION = "bikes", "bikes-1"
POLICY = Key(RETRAIN_POLICY, "team", "bikes")
BATCH = 256
"""Rows of a request: as many as get a prediction id."""
COUNTED_SECONDS = 20.0


@dataclass
class Sent:
    """Predictions whose labels are still to come."""

    identifiers: list[str]
    labels: list[list[float]]
    predicted: list[NDArray[Any]]


class Clients:
    """Those who ask the server, and tell it later what was right."""

    def __init__(self, url: str, client: Client) -> None:
        self._url = url
        self._client = client
        self.rows = 0

    def ask(self, inputs: Mapping[str, NDArray[Any]], truth: NDArray[Any], output: str) -> Sent:
        """Have all rows predicted, and wait until the server has counted them."""
        sent = Sent([], [], [])
        for start in range(0, len(truth), BATCH):
            rows = slice(start, start + BATCH)
            answer = self._client.infer(MODEL, {name: values[rows] for name, values in inputs.items()})
            assert answer.prediction_id is not None
            sent.identifiers.append(answer.prediction_id)
            sent.labels.append([float(each) for each in truth[rows]])
            sent.predicted.append(answer[output].ravel())
        self.rows += len(truth)
        self._wait_until_counted()
        return sent

    def label(self, sent: Sent) -> None:
        """Send the labels of all predictions back."""
        results = self._client.feedback(MODEL, zip(sent.identifiers, sent.labels, strict=True))
        assert all(each.accepted for each in results)

    def _wait_until_counted(self) -> None:
        deadline = time.monotonic() + COUNTED_SECONDS
        while self._counted() < self.rows:
            assert time.monotonic() < deadline, "the server does not count what it has answered"
            time.sleep(0.02)

    def _counted(self) -> float:
        text = httpx.get(f"{self._url}/metrics", params={"name[]": ROWS.name}).text
        families = text_string_to_metric_families(text)
        return sum(sample.value for family in families for sample in family.samples)


class Watched:
    """The operator, which sees one pod of a model that is served, and has a policy for it."""

    def __init__(self, pods: PodClient, policy: Mapping[str, Any], start: datetime, interval: float) -> None:
        self.time = start
        self.cluster = FakeCluster(now=self.now)
        self.watch = DriftWatch(scrape_interval_seconds=interval)
        for manifest in (model_that_serves(REVISION), policy_of(policy), _pod()):
            self.cluster.put(manifest)
        images = ImageSettings("server:1", "evaluator:1")
        enactor = Enactor(self.cluster, EventRecorder(self.cluster, "operator-0", self.now))
        observer = Observer(self.cluster, self.watch, images, self.now)
        self._reconciler = Reconciler(observer, enactor, DriftGauges())
        self._scraper = Scraper(self.cluster, pods, self.watch, lambda _: None, self.now)

    def now(self) -> datetime:
        return self.time

    async def look(self, until: datetime) -> None:
        """Scrape the pod shortly before that moment and shortly after it, and decide."""
        for moment in (until - timedelta(seconds=1), until + timedelta(seconds=1)):
            self.time = moment
            await self._scraper.scrape_all()
            await self.decide()

    async def decide(self) -> None:
        """Reconcile the policy until nothing is written any more."""
        writes = -1
        while writes != len(self.cluster.writes):
            writes = len(self.cluster.writes)
            await self._reconciler.reconcile(POLICY)

    @property
    def status(self) -> Mapping[str, Any]:
        """Status of the policy."""
        (policy,) = self.cluster.of_kind(RETRAIN_POLICY)
        return dict(policy["status"])

    @property
    def runs(self) -> list[Mapping[str, Any]]:
        """The runs that were started."""
        return list(self.cluster.of_kind(RETRAIN_RUN))

    def condition(self, type_: str) -> tuple[str, str]:
        """Return status and reason of a condition of the policy."""
        (found,) = [each for each in self.status["conditions"] if each["type"] == type_]
        return found["status"], found["reason"]


def aligned_start(seconds: float) -> datetime:
    """Return the last multiple of SECONDS since the epoch: windows of that length end at full ones."""
    return datetime.fromtimestamp(time.time() // seconds * seconds, UTC)


def model_that_serves(revision: str) -> dict[str, Any]:
    """Return the ModelDeployment while that revision is stable."""
    digest = f"sha256:{'0' * 64}"
    now = "2026-01-01T00:00:00Z"
    stable = {
        "name": revision,
        "digest": digest,
        "uri": "s3://models/bikes/1",
        "origin": "Spec",
        "image": "server:1",
        "server": {},
        "createdTime": now,
        "promotedTime": now,
        "outcome": "Serving",
    }
    ready = {"type": "Ready", "status": "True", "reason": "Serving", "lastTransitionTime": now}
    return {
        **_resource("ModelDeployment", MODEL, {"model": {"uri": "s3://models/bikes/1"}}),
        "status": {"observedGeneration": 1, "conditions": [ready], "stableRevision": stable},
    }


def policy_of(spec: Mapping[str, Any]) -> dict[str, Any]:
    """Return the RetrainPolicy of that model."""
    fixed = {
        "modelDeploymentRef": {"name": MODEL},
        "trainer": {"image": "bikeshare-trainer"},
        "output": {"uri": "s3://models/bikes"},
    }
    return _resource("RetrainPolicy", POLICY.name, {**fixed, **spec})


def _pod() -> dict[str, Any]:
    marks = {
        labels.MANAGED_BY: "holdfast",
        labels.COMPONENT: "server",
        labels.MODEL_DEPLOYMENT: MODEL,
        labels.REVISION: REVISION,
    }
    metadata = {"namespace": POLICY.namespace, "name": "pod", "labels": marks}
    status = {"phase": "Running", "podIP": "127.0.0.1"}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "status": status}


def _resource(kind: str, name: str, spec: Mapping[str, Any]) -> dict[str, Any]:
    metadata = {"namespace": POLICY.namespace, "name": name}
    return {"apiVersion": labels.API_VERSION, "kind": kind, "metadata": metadata, "spec": dict(spec)}
