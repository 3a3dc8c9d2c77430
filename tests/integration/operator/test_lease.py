"""One operator at a time holds the Lease of a real API server."""

import asyncio

import pytest

from holdfast_operator.cluster.kinds import LEASE
from holdfast_operator.cluster.kubernetes_cluster import KubernetesCluster
from holdfast_operator.cluster.lease import LeaderLease, LeaseLostError, LeaseTimes

pytestmark = pytest.mark.integration

TIMES = LeaseTimes(duration_seconds=1, renew_deadline_seconds=0.8, retry_seconds=0.05)


def candidate(cluster: KubernetesCluster, namespace: str, identity: str) -> LeaderLease:
    return LeaderLease(cluster, namespace, "holdfast", identity, TIMES)


async def holder(cluster: KubernetesCluster, namespace: str) -> str:
    lease = await cluster.get(LEASE, namespace, "holdfast")
    assert lease is not None
    return str(lease["spec"]["holderIdentity"])


async def test_second_candidate_takes_over_when_the_first_stops_renewing(
    cluster: KubernetesCluster, namespace: str
) -> None:
    await candidate(cluster, namespace, "first").acquire()
    async with asyncio.timeout(30):
        await candidate(cluster, namespace, "second").acquire()
    lease = await cluster.get(LEASE, namespace, "holdfast")
    assert lease is not None
    assert lease["spec"]["holderIdentity"] == "second"
    assert lease["spec"]["leaseTransitions"] == 1


async def test_second_candidate_waits_while_the_first_renews(
    cluster: KubernetesCluster, namespace: str
) -> None:
    first, second = candidate(cluster, namespace, "first"), candidate(cluster, namespace, "second")
    await first.acquire()
    keeping = asyncio.create_task(first.keep())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3 * TIMES.duration_seconds):
            await second.acquire()
    assert not keeping.done()
    keeping.cancel()
    assert await holder(cluster, namespace) == "first"


async def test_released_lease_is_taken_without_waiting(cluster: KubernetesCluster, namespace: str) -> None:
    patient = LeaseTimes(duration_seconds=3600, renew_deadline_seconds=10, retry_seconds=0.05)
    first = LeaderLease(cluster, namespace, "holdfast", "first", patient)
    await first.acquire()
    await first.release()
    async with asyncio.timeout(30):
        await candidate(cluster, namespace, "second").acquire()
    assert await holder(cluster, namespace) == "second"


async def test_holder_that_was_replaced_notices(cluster: KubernetesCluster, namespace: str) -> None:
    first = candidate(cluster, namespace, "first")
    await first.acquire()
    lease = await cluster.get(LEASE, namespace, "holdfast")
    assert lease is not None
    await cluster.replace({**lease, "spec": {**lease["spec"], "holderIdentity": "thief"}})
    with pytest.raises(LeaseLostError):
        async with asyncio.timeout(30):
            await first.keep()
