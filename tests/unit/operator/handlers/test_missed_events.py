"""A listing that shows more than the watch has brought is noticed, unless the watch was only later."""

import asyncio
from typing import Any

from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT
from holdfast_operator.handlers.missed_events import MissedEvents
from tests.unit.operator.virtual_time import run

CREDIT = Key(MODEL_DEPLOYMENT, "team", "credit")


def version(number: object) -> dict[str, Any]:
    return {"metadata": {"resourceVersion": str(number)}}


def test_version_that_no_event_brings_is_overdue_after_the_deadline() -> None:
    async def main() -> None:
        missed = MissedEvents(60)
        missed.on_event(CREDIT, version(5))
        missed.on_listed(CREDIT, version(6))
        await asyncio.sleep(59)
        assert not missed.are_overdue()
        missed.on_listed(CREDIT, version(7))
        await asyncio.sleep(2)
        assert missed.are_overdue()

    run(main())


def test_event_that_comes_later_is_no_miss() -> None:
    async def main() -> None:
        missed = MissedEvents(60)
        missed.on_listed(CREDIT, version(6))
        missed.on_event(CREDIT, version(5))
        missed.on_event(CREDIT, version(6))
        await asyncio.sleep(100)
        assert not missed.are_overdue()

    run(main())


def test_listing_that_is_older_than_the_last_event_is_no_miss() -> None:
    async def main() -> None:
        missed = MissedEvents(60)
        missed.on_event(CREDIT, version(9))
        missed.on_listed(CREDIT, version(6))
        await asyncio.sleep(100)
        assert not missed.are_overdue()

    run(main())


def test_nothing_is_expected_of_an_object_that_is_gone() -> None:
    async def main() -> None:
        missed = MissedEvents(60)
        missed.on_listed(CREDIT, version(6))
        missed.forget(CREDIT)
        await asyncio.sleep(100)
        assert not missed.are_overdue()

    run(main())


def test_version_that_is_no_number_proves_nothing() -> None:
    async def main() -> None:
        missed = MissedEvents(60)
        missed.on_listed(CREDIT, version("v1"))
        await asyncio.sleep(100)
        assert not missed.are_overdue()

    run(main())
