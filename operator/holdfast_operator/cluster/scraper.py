"""Reads the counters of server pods at intervals; decisions never wait for it."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from holdfast import labels
from holdfast.failures import ModelError
from holdfast.profile import Profile
from holdfast_operator.cluster.api import ApiError, Cluster
from holdfast_operator.cluster.drift_watch import NO_PROFILE, DriftWatch, WindowFailure
from holdfast_operator.cluster.exposition import (
    LABEL_METRIC_NAMES,
    METRIC_NAMES,
    MalformedMetricsError,
    ServerCounters,
    parse_counters,
)
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import POD
from holdfast_operator.cluster.pod_client import PodClient, ScrapeError, ScrapeFailure
from holdfast_operator.core.reasons import WindowProblem
from holdfast_operator.manifests.metadata import SERVER, Manifest
from holdfast_operator.metrics import SCRAPE_ERRORS, SCRAPE_SECONDS

logger = logging.getLogger(__name__)

CONCURRENCY: Final = 32
_QUERY: Final = tuple(("name[]", name) for name in METRIC_NAMES)
_LABEL_QUERY: Final = tuple(("name[]", name) for name in LABEL_METRIC_NAMES)
_SELECTOR: Final = f"{labels.MANAGED_BY}=holdfast,{labels.COMPONENT}={SERVER}"


@dataclass(frozen=True)
class ServerPod:
    """A pod that can be asked."""

    namespace: str
    model: str
    revision: str
    uid: str
    address: str


class Scraper:
    """Scrapes all servers of watched models, a bounded number at once."""

    def __init__(
        self,
        cluster: Cluster,
        pods: PodClient,
        watch: DriftWatch,
        on_look: Callable[[Key], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """Store what is scraped in WATCH; ON_LOOK is told of each policy whose next look is due."""
        self._cluster = cluster
        self._pods = pods
        self._watch = watch
        self._on_look = on_look
        self._now = now
        self._slots = asyncio.Semaphore(CONCURRENCY)

    async def run(self, interval_seconds: float) -> None:
        """Scrape until cancelled."""
        while True:
            started = time.monotonic()
            try:
                await self.scrape_all()
            except ApiError as error:
                logger.warning("cannot list server pods: %s", error)
            await asyncio.sleep(max(0.0, started + interval_seconds - time.monotonic()))

    async def scrape_all(self) -> None:
        """Scrape every server pod of the watched models once."""
        labels = self._watch.labels
        pods = await self._list_pods(self._watch.model_deployments() | labels.model_deployments())
        await asyncio.gather(*(self._scrape(pod) for pod in pods))
        uids, now = {pod.uid for pod in pods}, self._now()
        for key in {*self._watch.finish_round(uids, now), *labels.finish_round(uids, now)}:
            self._on_look(key)

    async def _list_pods(self, models: Collection[tuple[str, str]]) -> list[ServerPod]:
        pods: list[ServerPod] = []
        for namespace in sorted({namespace for namespace, _ in models}):
            pods += server_pods(await self._cluster.list(POD, namespace, _SELECTOR))
        return [pod for pod in pods if (pod.namespace, pod.model) in models]

    async def _scrape(self, pod: ServerPod) -> None:
        async with self._slots:
            started = time.monotonic()
            try:
                counters = await self._read_counters(pod)
                self._record_labels(pod, counters)
                # Before counts are recorded: those of a profile that is unknown are left to the next scrape.
                await self._read_profiles(pod, counters)
                self._watch.record(pod.namespace, pod.model, pod.uid, counters, self._now())
            except ScrapeError as error:
                SCRAPE_ERRORS.labels(error.reason).inc()
                logger.info("cannot scrape %s/%s at %s: %s", pod.namespace, pod.model, pod.address, error)
                for watch in (self._watch, self._watch.labels):
                    watch.record_failure(pod.namespace, pod.model, pod.revision, str(error))
            finally:
                SCRAPE_SECONDS.observe(time.monotonic() - started)

    async def _read_counters(self, pod: ServerPod) -> ServerCounters:
        has_labels = (pod.namespace, pod.model) in self._watch.labels.model_deployments()
        body = await self._pods.read(pod.address, "/metrics", _QUERY + _LABEL_QUERY * has_labels)
        try:
            return await asyncio.to_thread(parse_counters, body.decode(), pod.model)
        except (MalformedMetricsError, UnicodeDecodeError) as error:
            raise ScrapeError(ScrapeFailure.MALFORMED, str(error)) from error

    def _record_labels(self, pod: ServerPod, counters: ServerCounters) -> None:
        process = (pod.uid, counters.started)
        self._watch.labels.record(pod.namespace, pod.model, process, counters.labels, self._now())

    async def _read_profiles(self, pod: ServerPod, counters: ServerCounters) -> None:
        if (pod.namespace, pod.model) not in self._watch.model_deployments():
            return
        for _, hash_ in counters.by_profile:
            if not self._watch.has_profile(pod.namespace, pod.model, hash_):
                profile = await self._read_profile(pod, hash_)
                self._watch.set_profile(pod.namespace, pod.model, hash_, profile)

    async def _read_profile(self, pod: ServerPod, hash_: str) -> Profile | WindowFailure:
        try:
            body = await self._pods.read(pod.address, f"/v2/models/{pod.model}/profile")
        except ScrapeError as error:
            if error.status == 404:
                return NO_PROFILE
            raise
        try:
            profile = await asyncio.to_thread(Profile.parse, body)
        except ModelError as error:
            return WindowFailure(WindowProblem.PROFILE_INVALID, str(error)[:500])
        if profile.hash != hash_:
            message = f"the counters are of profile {hash_}, but the server's profile is {profile.hash}"
            return WindowFailure(WindowProblem.PROFILE_INVALID, message)
        return profile


def server_pods(manifests: Iterable[Manifest]) -> Sequence[ServerPod]:
    """Return the pods that run and have an address; those that are ending still answer."""
    return [_server_pod(manifest) for manifest in manifests if _is_running(manifest)]


def _is_running(pod: Manifest) -> bool:
    status: dict[str, Any] = pod.get("status") or {}
    return status.get("phase") == "Running" and bool(status.get("podIP"))


def _server_pod(pod: Manifest) -> ServerPod:
    metadata = pod["metadata"]
    marks = metadata.get("labels") or {}
    return ServerPod(
        namespace=metadata["namespace"],
        model=marks.get(labels.MODEL_DEPLOYMENT, ""),
        revision=marks.get(labels.REVISION, ""),
        uid=metadata["uid"],
        address=pod["status"]["podIP"],
    )
