"""The periodic listing finds what watches missed."""

import asyncio

from holdfast_operator.cluster.api import ApiError
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT
from holdfast_operator.handlers.missed_events import MissedEvents
from holdfast_operator.handlers.references import References
from holdfast_operator.handlers.resync import Resync
from holdfast_operator.handlers.work_queue import WorkQueue
from tests.fakes import FakeCluster
from tests.unit.operator.handlers.test_references import resource
from tests.unit.operator.virtual_time import run

CREDIT = Key(MODEL_DEPLOYMENT, "team", "credit")


def refuse() -> None:
    raise ApiError(503, "ServiceUnavailable", "starting")


def test_missed_object_is_looked_at_and_a_missed_deletion_too() -> None:
    async def main() -> None:
        cluster, queue, references = FakeCluster(), WorkQueue[Key](), References()
        cluster.put(resource(MODEL_DEPLOYMENT, "credit"))
        references.learn(resource(MODEL_DEPLOYMENT, "gone"))
        await Resync(cluster, queue, references, MissedEvents(60), [None]).list_all()
        assert {await queue.get(), await queue.get()} == {CREDIT, Key(MODEL_DEPLOYMENT, "team", "gone")}
        assert references.known == {CREDIT}

    run(main())


def test_only_the_watched_namespaces_are_listed() -> None:
    async def main() -> None:
        cluster, queue, references = FakeCluster(), WorkQueue[Key](), References()
        cluster.put(resource(MODEL_DEPLOYMENT, "credit"))
        await Resync(cluster, queue, references, MissedEvents(60), ["other"]).list_all()
        assert len(queue) == 0

    run(main())


def test_listing_is_repeated_within_a_fifth_of_its_period() -> None:
    async def main() -> None:
        cluster, queue, references = FakeCluster(), WorkQueue[Key](), References()
        running = asyncio.create_task(Resync(cluster, queue, references, MissedEvents(60), [None]).run(300))
        cluster.put(resource(MODEL_DEPLOYMENT, "credit"))
        await asyncio.sleep(239)
        assert len(queue) == 0
        await asyncio.sleep(122)
        assert len(queue) == 1
        running.cancel()

    run(main())


def test_failing_listing_is_tried_again_and_forgets_nothing() -> None:
    async def main() -> None:
        cluster, queue, references = FakeCluster(), WorkQueue[Key](), References()
        cluster.before_read = refuse
        references.learn(resource(MODEL_DEPLOYMENT, "credit"))
        running = asyncio.create_task(Resync(cluster, queue, references, MissedEvents(60), [None]).run(300))
        await asyncio.sleep(3600)
        assert not running.done()
        assert references.known == {CREDIT}
        running.cancel()

    run(main())
