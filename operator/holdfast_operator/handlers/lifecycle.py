"""The operator's process: lead, start what works, stop it in order."""

import asyncio
import logging
import signal
from collections.abc import Coroutine, Sequence
from contextlib import AsyncExitStack, suppress
from typing import Any, Final

import kopf

from holdfast_operator.cluster.abilities import Abilities
from holdfast_operator.cluster.alert_recorder import AlertRecorder
from holdfast_operator.cluster.api import ApiError, Cluster, NotFoundError
from holdfast_operator.cluster.connection import load_configuration, open_client
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.enact import Enactor
from holdfast_operator.cluster.event_recorder import EventRecorder
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import HTTP_ROUTE, RESOURCES, WATCHED_CHILDREN, ResourceKind
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.cluster.lease import LeaderLease, LeaseTimes
from holdfast_operator.cluster.observe import Observer
from holdfast_operator.cluster.query_reader import QueryReader
from holdfast_operator.cluster.scraper import Scraper
from holdfast_operator.cluster.signal_reader import SignalReader
from holdfast_operator.cluster.signal_watch import SignalWatch
from holdfast_operator.handlers.alert_receiver import AlertReceiver, serve_alerts
from holdfast_operator.handlers.bearer_tokens import TokenFile
from holdfast_operator.handlers.clients import Clients, open_clients
from holdfast_operator.handlers.drift_gauges import DriftGauges
from holdfast_operator.handlers.event_source import make_registry, make_settings
from holdfast_operator.handlers.events import EventHandlers
from holdfast_operator.handlers.health import Health, Ports, serve
from holdfast_operator.handlers.missed_events import MissedEvents
from holdfast_operator.handlers.reconcile import Reconciler
from holdfast_operator.handlers.references import References
from holdfast_operator.handlers.resync import Resync
from holdfast_operator.handlers.server_certificate import ServerCertificate
from holdfast_operator.handlers.watch_probe import ProbeTimes, WatchProbe
from holdfast_operator.handlers.work_queue import WorkQueue
from holdfast_operator.handlers.workers import Workers
from holdfast_operator.manifests.metadata import ImageSettings
from holdfast_operator.metrics import LEADER, REGISTRY
from holdfast_operator.settings import OperatorSettings

logger = logging.getLogger(__name__)

DRAIN_SECONDS: Final = 5.0
"""How long reconciliations that have begun may take to finish at a stop; all of a stop takes < 10 s."""
KOPF_STOP_SECONDS: Final = 2.5
RELEASE_SECONDS: Final = 1.5
KIND_RETRY_SECONDS: Final = 2.0


class OperatorProcess:
    """All that runs in one operator process."""

    def __init__(
        self,
        settings: OperatorSettings,
        cluster: Cluster,
        clients: Clients,
    ) -> None:
        self._settings = settings
        self._cluster = cluster
        self._namespaces: Sequence[str | None] = settings.watch_namespaces or (None,)
        self._queue: WorkQueue[Key] = WorkQueue()
        self._references = References()
        self._missed = MissedEvents(settings.watch_probe_deadline_seconds)
        self._lease = _lease(settings, cluster)
        self._probe = _probe(settings, cluster, self._lease)
        drift = DriftWatch(settings.scrape_interval_seconds)
        self._scraper = Scraper(cluster, clients.pods, drift, self._queue.add, source=clients.counters)
        self._queries = QueryReader(clients.queries, drift.queries)
        watch, hosts = SignalWatch(), settings.signal_allowed_hosts
        self._signals = SignalReader(cluster, clients.signals, watch, self._queue.add, hosts)
        observer = Observer(
            cluster,
            drift,
            _images(settings),
            abilities=_abilities(settings),
            signals=watch,
        )
        enactor = Enactor(cluster, EventRecorder(cluster, settings.identity))
        reconciler = Reconciler(observer, enactor, DriftGauges())
        self._workers = Workers(self._queue, reconciler.reconcile, settings.workers)
        self._resync = Resync(cluster, self._queue, self._references, self._missed, self._namespaces)
        self._stop = asyncio.Event()
        self._phase: str | None = "starting"

    @property
    def health(self) -> Health:
        """What the probes are told."""
        return Health(
            liveness=self._deafness,
            readiness=lambda: self._phase,
        )

    def look_at(self, key: Key) -> None:
        """Have an object looked at; by whoever leads, if that is another process."""
        self._queue.add(key)

    def _deafness(self) -> str | None:
        is_deaf = self._probe.is_deaf() or self._missed.are_overdue()
        return "a watch delivers nothing" if is_deaf else None

    async def run(self) -> None:
        """Wait for the kinds and the Lease, work, and stop in order on SIGTERM.

        Raises:
            LeaseLostError: another process may be working now.
            Exception: the event source failed; a fresh process is the cure.
        """
        self._catch_signals()
        if await self._unless_stopped(self._prepare()):
            LEADER.set(1)
            await self._work()

    async def _prepare(self) -> None:
        self._phase = "waiting for the CRDs"
        await wait_for_kinds(self._cluster, self._namespaces[0])
        self._phase = None  # Ready to take over is all that a second operator can be.
        await self._lease.acquire()
        logger.info("holding the Lease as %s", self._settings.identity)

    async def _work(self) -> None:
        """Run until something ends; nothing but the stop does so without a fault."""
        tasks = [
            asyncio.create_task(self._lease.keep(), name="lease"),
            asyncio.create_task(self._workers.run(), name="workers"),
            asyncio.create_task(self._scraper.run(self._settings.scrape_interval_seconds), name="scraper"),
            asyncio.create_task(self._queries.run(self._settings.scrape_interval_seconds), name="queries"),
            asyncio.create_task(self._resync.run(self._settings.resync_seconds), name="resync"),
            asyncio.create_task(self._signals.run(), name="signals"),
            asyncio.create_task(self._probe.run(), name="watch probe"),
            asyncio.create_task(self._stop.wait(), name="stop"),
        ]
        await asyncio.sleep(0)  # kopf takes tasks that begin after its own for its own, and ends them.
        stop_kopf = asyncio.Event()
        tasks.append(asyncio.create_task(self._watch(stop_kopf), name="event source"))
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            _raise_first(tasks)
            await self._stop_in_order(tasks, stop_kopf)
        finally:
            LEADER.set(0)
            stop_kopf.set()
            await _cancel(tasks, KOPF_STOP_SECONDS)

    async def _watch(self, stop: asyncio.Event) -> None:
        ready = asyncio.Event()
        catch = asyncio.create_task(self._catch_signals_again(ready))
        handlers = EventHandlers(self._queue, self._references, self._missed, self._probe)
        children = await self._watched_children()
        try:
            await kopf.operator(
                registry=make_registry(handlers, children),
                settings=make_settings(children),
                standalone=True,
                clusterwide=not self._settings.watch_namespaces,
                namespaces=self._settings.watch_namespaces,
                ready_flag=ready,
                stop_flag=stop,
            )
        finally:
            catch.cancel()

    async def _watched_children(self) -> Sequence[ResourceKind]:
        """Return the kinds of children to watch: routes only where the cluster has them by now.

        Those that come later are looked at in intervals until the next start.
        """
        if not self._settings.gateway_api:
            return WATCHED_CHILDREN
        try:
            await self._cluster.list(HTTP_ROUTE, self._namespaces[0])
        except NotFoundError:
            logger.warning("the CRD of %s is not installed: routes are not watched", HTTP_ROUTE.kind)
            return WATCHED_CHILDREN
        return (*WATCHED_CHILDREN, HTTP_ROUTE)

    async def _stop_in_order(self, tasks: Sequence[asyncio.Task[Any]], stop_kopf: asyncio.Event) -> None:
        """Finish what has begun, so that no half of a reconciliation is left to the next process."""
        logger.info("stopping")
        workers = next(task for task in tasks if task.get_name() == "workers")
        self._queue.shut_down()
        await asyncio.wait([workers], timeout=DRAIN_SECONDS)
        stop_kopf.set()
        await _cancel(tasks, KOPF_STOP_SECONDS)
        with suppress(ApiError, TimeoutError):  # The next operator then waits for the Lease to run out.
            async with asyncio.timeout(RELEASE_SECONDS):
                await self._lease.release()

    async def _unless_stopped(self, preparation: Coroutine[Any, Any, None]) -> bool:
        task = asyncio.create_task(preparation)
        stop = asyncio.create_task(self._stop.wait())
        try:
            await asyncio.wait([task, stop], return_when=asyncio.FIRST_COMPLETED)
            _raise_first([task])
            return task.done() and not self._stop.is_set()
        finally:
            await _cancel([task, stop], KOPF_STOP_SECONDS)

    def _catch_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)

    async def _catch_signals_again(self, ready: asyncio.Event) -> None:
        await ready.wait()
        self._catch_signals()  # kopf has replaced our handlers by its own.


async def run_operator(settings: OperatorSettings) -> None:
    """Run the operator until SIGTERM or a fault."""
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(open_client(await load_configuration()))
        clients = await stack.enter_async_context(open_clients(settings))
        cluster = KubernetesCluster(client)
        process = OperatorProcess(settings, cluster, clients)
        ports = Ports(settings.health_port, settings.metrics_port)
        listening = await stack.enter_async_context(serve(process.health, REGISTRY, ports))
        logger.info("health on port %d, metrics on port %d", listening.health, listening.metrics)
        if settings.alert_token_file is not None:
            recorder = AlertRecorder(cluster, settings.watch_namespaces, process.look_at)
            receiver = AlertReceiver(recorder, TokenFile(settings.alert_token_file))
            serving = serve_alerts(receiver.answer, settings.alert_port, _certificate(settings))
            logger.info("alerts on port %d", await stack.enter_async_context(serving))
        await process.run()


def _certificate(settings: OperatorSettings) -> ServerCertificate | None:
    if settings.alert_certificate_file is None or settings.alert_key_file is None:
        return None
    return ServerCertificate(settings.alert_certificate_file, settings.alert_key_file)


async def wait_for_kinds(cluster: Cluster, namespace: str | None) -> None:
    """Wait until the API server serves the three kinds: kopf would ignore kinds that come later."""
    for kind in RESOURCES:
        while True:
            try:
                await cluster.list(kind, namespace)
                break
            except NotFoundError:
                logger.warning("the CRD of %s is not installed; looking again", kind.kind)
            except ApiError as error:
                logger.warning("cannot list %s: %s", kind.plural, error)
            await asyncio.sleep(KIND_RETRY_SECONDS)


def _lease(settings: OperatorSettings, cluster: Cluster) -> LeaderLease:
    times = LeaseTimes(
        settings.lease_duration_seconds, settings.lease_renew_deadline_seconds, settings.lease_retry_seconds
    )
    return LeaderLease(cluster, settings.lease_namespace, settings.lease_name, settings.identity, times)


def _probe(settings: OperatorSettings, cluster: Cluster, lease: LeaderLease) -> WatchProbe:
    watched = settings.watch_namespaces
    is_own_watched = not watched or settings.lease_namespace in watched
    namespace = settings.lease_namespace if is_own_watched else watched[0]
    times = ProbeTimes(settings.watch_probe_seconds, settings.watch_probe_deadline_seconds)
    return WatchProbe(cluster, namespace, lease, times)


def _abilities(settings: OperatorSettings) -> Abilities:
    return Abilities(settings.gateway_api, settings.engines, settings.alert_token_file is not None)


def _images(settings: OperatorSettings) -> ImageSettings:
    return ImageSettings(
        server_image=settings.server_image,
        evaluator_image=settings.evaluator_image,
        gpu_server_image=settings.gpu_server_image,
        image_pull_policy=settings.image_pull_policy,
        pod_image_pull_secrets=settings.pod_image_pull_secrets,
    )


def _raise_first(tasks: Sequence[asyncio.Task[Any]]) -> None:
    for task in tasks:
        if task.done() and not task.cancelled() and (error := task.exception()):
            logger.error("%s ended: %s", task.get_name(), error)
            raise error


async def _cancel(tasks: Sequence[asyncio.Task[Any]], timeout_seconds: float) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks, timeout=timeout_seconds)
