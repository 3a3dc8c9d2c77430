"""Reads the counters of server pods at intervals; decisions never wait for it."""

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from holdfast import labels
from holdfast.failures import ModelError
from holdfast.profile import Profile
from holdfast_operator.cluster.api import ApiError, Cluster
from holdfast_operator.cluster.counter_source import CounterSource, PodCounters, ServerPod
from holdfast_operator.cluster.drift_watch import NO_PROFILE, DriftWatch, WindowFailure
from holdfast_operator.cluster.exposition import (
    LABEL_METRIC_NAMES,
    METRIC_NAMES,
    STEP_METRIC_NAMES,
    ServerCounters,
)
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import POD
from holdfast_operator.cluster.pod_client import PodClient, ScrapeError
from holdfast_operator.core.reasons import WindowProblem
from holdfast_operator.manifests.metadata import SERVER, Manifest
from holdfast_operator.metrics import SCRAPE_ERRORS, SCRAPE_SECONDS

logger = logging.getLogger(__name__)

CONCURRENCY: Final = 32
_SELECTOR: Final = f"{labels.MANAGED_BY}=holdfast,{labels.COMPONENT}={SERVER}"


class Scraper:
    """Scrapes all servers of watched models, a bounded number at once."""

    def __init__(
        self,
        cluster: Cluster,
        pods: PodClient,
        watch: DriftWatch,
        on_look: Callable[[Key], None],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        source: CounterSource | None = None,
    ) -> None:
        """Store what is scraped in WATCH; ON_LOOK is told of each policy whose next look is due.

        SOURCE: where counters are read; None: from the pods. Profiles always come from them.
        """
        self._source = source or PodCounters(pods)
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
        wanted = self._wanted()
        await self._source.begin_round(wanted)
        pods = await self._list_pods(wanted)
        await asyncio.gather(*(self._scrape(pod) for pod in pods))
        uids, now = {pod.uid for pod in pods}, self._now()
        self._watch.steps.finish_round(uids)
        for key in {*self._watch.finish_round(uids, now), *labels.finish_round(uids, now)}:
            self._on_look(key)

    def _wanted(self) -> dict[tuple[str, str], Sequence[str]]:
        """Return the metrics that are wanted of each model's servers."""
        in_step = self._watch.steps.model_deployments()
        with_labels = self._watch.labels.model_deployments() | in_step
        models = self._watch.model_deployments() | with_labels
        more = {each: STEP_METRIC_NAMES * (each in in_step) for each in models}
        return {
            each: METRIC_NAMES + LABEL_METRIC_NAMES * (each in with_labels) + more[each] for each in models
        }

    async def _list_pods(self, models: Collection[tuple[str, str]]) -> list[ServerPod]:
        pods: list[ServerPod] = []
        for namespace in sorted({namespace for namespace, _ in models}):
            pods += server_pods(await self._cluster.list(POD, namespace, _SELECTOR))
        return [pod for pod in pods if (pod.namespace, pod.model) in models]

    async def _scrape(self, pod: ServerPod) -> None:
        async with self._slots:
            started = time.monotonic()
            try:
                counters = await self._source.read(pod)
                self._record(pod, counters)
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

    def _record(self, pod: ServerPod, counters: ServerCounters) -> None:
        process = (pod.uid, counters.started)
        self._watch.labels.record(pod.namespace, pod.model, process, counters.labels, self._now())
        self._watch.steps.record(pod.namespace, pod.model, pod.uid, counters)

    async def _read_profiles(self, pod: ServerPod, counters: ServerCounters) -> None:
        watched = self._watch.model_deployments() | self._watch.steps.model_deployments()
        if (pod.namespace, pod.model) not in watched:
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
        name=metadata["name"],
        uid=metadata["uid"],
        address=pod["status"]["podIP"],
    )
