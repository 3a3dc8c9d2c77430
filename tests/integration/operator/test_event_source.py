"""Watch events of a real API server become keys of the work queue, through kopf."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import kopf
import pytest

from holdfast import labels
from holdfast_operator.cluster.api import reference_to
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT, RETRAIN_RUN
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.cluster.lease import LeaderLease, LeaseTimes
from holdfast_operator.handlers.event_source import make_registry, make_settings
from holdfast_operator.handlers.events import EventHandlers
from holdfast_operator.handlers.missed_events import MissedEvents
from holdfast_operator.handlers.references import References
from holdfast_operator.handlers.resync import Resync
from holdfast_operator.handlers.watch_probe import ProbeTimes, WatchProbe
from holdfast_operator.handlers.work_queue import WorkQueue
from holdfast_operator.metrics import REGISTRY, WATCH_PROBE_SECONDS
from tests.integration.operator.conftest import eventually, open_sockets
from tests.integration.operator.test_kubernetes_cluster import account, model_deployment

pytestmark = pytest.mark.integration


class Watched:
    """What the event handlers fill."""

    def __init__(self, cluster: KubernetesCluster, namespace: str) -> None:
        self.cluster = cluster
        self.queue: WorkQueue[Key] = WorkQueue()
        self.references = References()
        self.missed = MissedEvents(0)
        self.lease = LeaderLease(cluster, namespace, "holdfast", "test", LeaseTimes())
        self.probe = WatchProbe(cluster, namespace, self.lease, ProbeTimes(0.2, 30))

    def handlers(self) -> EventHandlers:
        return EventHandlers(self.queue, self.references, self.missed, self.probe)

    def resync(self, namespace: str) -> Resync:
        return Resync(self.cluster, self.queue, self.references, self.missed, [namespace])

    async def drain(self) -> set[Key]:
        """Take what is in the queue."""
        keys = set()
        while len(self.queue):
            key = await self.queue.get()
            assert key is not None
            self.queue.done(key)
            keys.add(key)
        return keys

    async def until(self, wanted: Key) -> set[Key]:
        """Take keys until WANTED is among them."""
        keys: set[Key] = set()
        async with asyncio.timeout(30):
            while wanted not in keys:
                await asyncio.sleep(0.02)
                keys |= await self.drain()
        return keys


@asynccontextmanager
async def watching(watched: Watched, *namespaces: str) -> AsyncIterator[None]:
    ready, stop = asyncio.Event(), asyncio.Event()
    await watched.cluster.list(MODEL_DEPLOYMENT)  # Its connection stays open, and is not one of kopf's.
    before = open_sockets()
    running = asyncio.create_task(
        kopf.operator(
            registry=make_registry(watched.handlers()),
            settings=make_settings(),
            standalone=True,
            clusterwide=not namespaces,
            namespaces=namespaces,
            ready_flag=ready,
            stop_flag=stop,
        )
    )
    await ready.wait()
    try:
        yield
    finally:
        stop.set()
        async with asyncio.timeout(15):
            await running
        # TLS connections are closed a round trip after kopf has ended, and so must the test.
        await eventually(lambda: open_sockets() <= before, "kopf's connections are closed")


@pytest.fixture
def watched(cluster: KubernetesCluster, namespace: str) -> Watched:
    return Watched(cluster, namespace)


def marked(namespace: str, name: str, **marks: str) -> dict[str, Any]:
    return account(namespace, name, labels={labels.MANAGED_BY: "holdfast", **marks})


@pytest.mark.parametrize("scope", [pytest.param(False, id="all namespaces"), pytest.param(True, id="one")])
async def test_objects_that_exist_and_those_that_come_are_looked_at(
    cluster: KubernetesCluster, namespace: str, watched: Watched, scope: bool
) -> None:
    await cluster.create(model_deployment(namespace, "before"))
    async with watching(watched, *([namespace] if scope else [])):
        await watched.until(Key(MODEL_DEPLOYMENT, namespace, "before"))
        await cluster.create(model_deployment(namespace, "after"))
        await watched.until(Key(MODEL_DEPLOYMENT, namespace, "after"))


async def test_children_lead_to_their_owners(
    cluster: KubernetesCluster, namespace: str, watched: Watched
) -> None:
    async with watching(watched, namespace):
        await cluster.create(account(namespace, "foreign", labels={labels.MODEL_DEPLOYMENT: "not-ours"}))
        await cluster.create(
            marked(namespace, "child", **{labels.MODEL_DEPLOYMENT: "credit", labels.RUN: "run"})
        )
        keys = await watched.until(Key(MODEL_DEPLOYMENT, namespace, "credit"))
        assert keys == {Key(MODEL_DEPLOYMENT, namespace, "credit"), Key(RETRAIN_RUN, namespace, "run")}


async def test_deletion_is_looked_at(cluster: KubernetesCluster, namespace: str, watched: Watched) -> None:
    key = Key(MODEL_DEPLOYMENT, namespace, "credit")
    live = await cluster.create(model_deployment(namespace))
    async with watching(watched, namespace):
        await watched.until(key)
        await cluster.delete(reference_to(live))
        await watched.until(key)
        assert key not in watched.references.known


async def test_deletion_that_no_watch_saw_is_found_by_listing(
    cluster: KubernetesCluster, namespace: str, watched: Watched
) -> None:
    key = Key(MODEL_DEPLOYMENT, namespace, "credit")
    live = await cluster.create(model_deployment(namespace))
    async with watching(watched, namespace):
        await watched.until(key)
    await cluster.delete(reference_to(live))
    await watched.resync(namespace).list_all()
    assert key in await watched.drain()
    assert key not in watched.references.known


async def test_listing_shows_whether_a_watch_is_deaf(
    cluster: KubernetesCluster, namespace: str, watched: Watched
) -> None:
    await cluster.create(model_deployment(namespace))
    async with watching(watched, namespace):
        await watched.until(Key(MODEL_DEPLOYMENT, namespace, "credit"))
        await watched.resync(namespace).list_all()
        assert not watched.missed.are_overdue()
    await cluster.create(model_deployment(namespace, "unheard"))
    await watched.resync(namespace).list_all()
    await eventually(watched.missed.are_overdue, "the missed event is overdue")


async def test_watching_writes_nothing(cluster: KubernetesCluster, namespace: str, watched: Watched) -> None:
    live = await cluster.create(model_deployment(namespace))
    async with watching(watched, namespace):
        await watched.until(Key(MODEL_DEPLOYMENT, namespace, "credit"))
    after = await cluster.get(MODEL_DEPLOYMENT, namespace, "credit")
    assert after is not None
    assert after["metadata"] == live["metadata"]


async def test_probe_comes_back_through_the_watch(namespace: str, watched: Watched) -> None:
    WATCH_PROBE_SECONDS.set(0)
    await watched.lease.acquire()
    async with watching(watched, namespace):
        probing = asyncio.create_task(watched.probe.run())
        await eventually(lambda: REGISTRY.get_sample_value("holdfast_operator_watch_probe_seconds"), "probe")
        probing.cancel()
    assert not watched.probe.is_deaf()
