"""The Lease as client-go holds it, in virtual time."""

import asyncio

import pytest

from holdfast_operator.cluster.api import ApiError, ConflictError
from holdfast_operator.cluster.kinds import LEASE
from holdfast_operator.cluster.lease import LeaderLease, LeaseLostError, LeaseTimes
from holdfast_operator.manifests.metadata import Manifest
from tests.fakes import FakeCluster
from tests.unit.operator.virtual_time import now, run

NAME = (LEASE.api_version, LEASE.kind, "holdfast", "operator")


def candidate(cluster: FakeCluster, identity: str = "first") -> LeaderLease:
    return LeaderLease(cluster, "holdfast", "operator", identity, LeaseTimes())


def test_free_lease_is_taken_at_once() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        await candidate(cluster).acquire()
        assert now() == 0
        assert cluster.objects[NAME]["spec"]["holderIdentity"] == "first"

    run(main())


def test_lease_that_a_chart_made_empty_is_taken_at_once() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        metadata = {"namespace": "holdfast", "name": "operator"}
        cluster.put({"apiVersion": LEASE.api_version, "kind": LEASE.kind, "metadata": metadata})
        await candidate(cluster).acquire()
        assert now() == 0

    run(main())


def test_standby_takes_over_when_the_holder_has_been_silent_for_the_whole_duration() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        await candidate(cluster).acquire()
        await candidate(cluster, "second").acquire()
        assert 15 <= now() <= 18
        assert cluster.objects[NAME]["spec"]["leaseTransitions"] == 1

    run(main())


def test_clocks_that_disagree_do_not_matter() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        first = candidate(cluster)
        await first.acquire()
        cluster.edit(NAME, lambda live: live["spec"].update(renewTime="1999-01-01T00:00:00.000000Z"))
        keeping = asyncio.create_task(first.keep())
        waiting = asyncio.create_task(candidate(cluster, "second").acquire())
        await asyncio.sleep(3600)
        assert not keeping.done()
        assert not waiting.done()
        keeping.cancel()
        waiting.cancel()

    run(main())


def test_holder_gives_up_before_the_lease_runs_out() -> None:
    def refuse() -> None:
        raise ApiError(0, "ClientConnectorError", "no route to host")

    async def main() -> None:
        cluster = FakeCluster()
        first = candidate(cluster)
        await first.acquire()
        cluster.before_read = refuse
        with pytest.raises(LeaseLostError):
            await first.keep()
        assert 10 <= now() < 15

    run(main())


def test_hanging_request_does_not_outlive_the_deadline() -> None:
    class Hanging(FakeCluster):
        async def replace(self, manifest: Manifest) -> Manifest:
            await asyncio.sleep(1000)
            return await super().replace(manifest)

    async def main() -> None:
        cluster = Hanging()
        first = candidate(cluster)
        await first.acquire()
        with pytest.raises(LeaseLostError):
            await first.keep()
        assert 10 <= now() < 15

    run(main())


def test_passing_fault_is_survived() -> None:
    faults = iter([True, True, False] * 100)

    def sometimes() -> None:
        if next(faults):
            raise ApiError(503, "ServiceUnavailable", "starting")

    async def main() -> None:
        cluster = FakeCluster()
        first = candidate(cluster)
        await first.acquire()
        cluster.before_read = sometimes
        keeping = asyncio.create_task(first.keep())
        await asyncio.sleep(100)
        assert not keeping.done()
        keeping.cancel()

    run(main())


def test_edit_by_hand_in_between_is_no_loss() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        first = candidate(cluster)
        await first.acquire()

        def conflict_once(verb: str, manifest: Manifest) -> None:
            cluster.before_write = None
            raise ConflictError(409, "Conflict", f"{verb} {manifest['kind']}")

        cluster.before_write = conflict_once
        keeping = asyncio.create_task(first.keep())
        await asyncio.sleep(10)
        assert not keeping.done()
        keeping.cancel()

    run(main())


def test_deleted_lease_is_not_made_again_by_its_holder() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        first = candidate(cluster)
        await first.acquire()
        cluster.remove(cluster.objects[NAME])
        with pytest.raises(LeaseLostError):
            await first.keep()
        assert 10 <= now() < 15
        assert cluster.objects == {}
        await candidate(cluster, "next life").acquire()
        assert cluster.objects[NAME]["spec"]["holderIdentity"] == "next life"

    run(main())


def test_lease_of_another_is_not_released() -> None:
    async def main() -> None:
        cluster = FakeCluster()
        await candidate(cluster, "second").release()
        await candidate(cluster).acquire()
        await candidate(cluster, "second").release()
        assert cluster.objects[NAME]["spec"]["holderIdentity"] == "first"

    run(main())
