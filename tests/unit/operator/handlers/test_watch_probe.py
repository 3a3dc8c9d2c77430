"""Liveness fails when a change of ours does not come back through the watch."""

import asyncio

import pytest

from holdfast_operator.cluster.api import ApiError
from holdfast_operator.cluster.kinds import LEASE, POD, SERVICE_ACCOUNT
from holdfast_operator.cluster.lease import LeaderLease, LeaseTimes
from holdfast_operator.handlers.watch_probe import PROBE_NAME, ProbeTimes, WatchProbe
from holdfast_operator.manifests.metadata import Manifest
from tests.fakes import FakeCluster
from tests.unit.operator.virtual_time import run


def probe_of(cluster: FakeCluster, namespace: str = "holdfast") -> WatchProbe:
    metadata = {"namespace": "holdfast", "name": "holdfast-operator"}
    cluster.put({"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata})
    lease = LeaderLease(cluster, "holdfast", "holdfast-operator", "operator-0", LeaseTimes())
    return WatchProbe(cluster, namespace, lease, ProbeTimes(period_seconds=20, deadline_seconds=60))


async def probe_object(cluster: FakeCluster) -> Manifest:
    live = await cluster.get(SERVICE_ACCOUNT, "holdfast", PROBE_NAME)
    assert live is not None
    return live


def test_change_that_comes_back_is_followed_by_the_next() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        probe = probe_of(cluster)
        running = asyncio.create_task(probe.run())
        for _ in range(10):
            await asyncio.sleep(5)
            probe.on_event(SERVICE_ACCOUNT, await probe_object(cluster))
            await asyncio.sleep(15)
            assert not probe.is_deaf()
        running.cancel()
        assert len(cluster.writes) == 11

    run(main())


def test_silence_is_noticed_after_the_deadline_and_ends_with_the_next_event() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        probe = probe_of(cluster)
        running = asyncio.create_task(probe.run())
        await asyncio.sleep(59)
        assert not probe.is_deaf()
        await asyncio.sleep(2)
        assert probe.is_deaf()
        probe.on_event(SERVICE_ACCOUNT, await probe_object(cluster))
        assert not probe.is_deaf()
        running.cancel()

    run(main())


@pytest.mark.parametrize("what", ["other kind", "other name", "old value"])
def test_other_events_are_no_answer(what: str) -> None:
    async def main() -> None:
        cluster = FakeCluster()
        probe = probe_of(cluster)
        running = asyncio.create_task(probe.run())
        await asyncio.sleep(1)
        live = dict(await probe_object(cluster))
        if what == "other name":
            live["metadata"] = {**live["metadata"], "name": "default"}
        if what == "old value":
            live["metadata"] = {**live["metadata"], "annotations": {}}
        probe.on_event(POD if what == "other kind" else SERVICE_ACCOUNT, live)
        await asyncio.sleep(70)
        assert probe.is_deaf()
        running.cancel()

    run(main())


def test_api_server_that_is_away_is_not_taken_for_a_deaf_watch() -> None:
    def refuse(verb: str, manifest: Manifest) -> None:
        raise ApiError(0, "ClientConnectorError", f"cannot {verb} {manifest['kind']}")

    async def main() -> None:
        cluster = FakeCluster()
        cluster.before_write = refuse
        probe = probe_of(cluster)
        running = asyncio.create_task(probe.run())
        await asyncio.sleep(300)
        assert not probe.is_deaf()
        running.cancel()

    run(main())


def test_object_is_owned_by_the_lease_of_its_namespace_and_not_made_without_it() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        running = asyncio.create_task(probe_of(cluster).run())
        await asyncio.sleep(1)
        (lease,) = cluster.of_kind(LEASE)
        owners = (await probe_object(cluster))["metadata"]["ownerReferences"]
        assert [owner["uid"] for owner in owners] == [lease["metadata"]["uid"]]
        running.cancel()
        cluster.remove(lease)
        assert cluster.objects == {}
        probe = probe_of(cluster)
        cluster.remove(cluster.of_kind(LEASE)[0])
        running = asyncio.create_task(probe.run())
        await asyncio.sleep(100)
        assert cluster.objects == {}
        assert not probe.is_deaf()
        running.cancel()

    run(main())


def test_lease_of_another_namespace_cannot_own_it() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        running = asyncio.create_task(probe_of(cluster, "team").run())
        await asyncio.sleep(1)
        (live,) = cluster.of_kind(SERVICE_ACCOUNT)
        assert live["metadata"]["namespace"] == "team"
        assert "ownerReferences" not in live["metadata"]
        running.cancel()

    run(main())
