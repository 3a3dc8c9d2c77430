"""The work queue behaves as client-go's."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from holdfast_operator.handlers.work_queue import Backoff, WorkQueue
from tests.unit.operator.virtual_time import now, run


async def take(queue: WorkQueue[str]) -> str:
    key = await queue.get()
    assert key is not None
    return key


def test_key_added_many_times_is_processed_once() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue()
        for _ in range(500):
            queue.add("a")
        queue.add("b")
        assert len(queue) == 2
        assert [await take(queue), await take(queue)] == ["a", "b"]

    run(main())


def test_key_added_while_processed_waits_for_its_worker() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("a")
        await take(queue)
        queue.add("a")
        queue.add("a")
        assert len(queue) == 0
        queue.done("a")
        assert len(queue) == 1
        assert await take(queue) == "a"
        queue.done("a")
        assert len(queue) == 0
        assert queue.processing == 0

    run(main())


def test_no_key_is_with_two_workers_and_none_is_lost() -> None:
    async def main() -> None:
        queue: WorkQueue[int] = WorkQueue()
        busy: set[int] = set()
        seen: list[int] = []

        async def work() -> None:
            while (key := await queue.get()) is not None:
                assert key not in busy
                busy.add(key)
                await asyncio.sleep(key)
                busy.remove(key)
                seen.append(key)
                queue.done(key)

        workers = [asyncio.create_task(work()) for _ in range(3)]
        for delay in (0.0, 0.5, 0.5, 3.0):
            await asyncio.sleep(delay)
            for key in (1, 2, 3, 1):
                queue.add(key)
        await asyncio.sleep(60)
        queue.shut_down()
        await asyncio.gather(*workers)
        assert {1, 2, 3} == set(seen)
        assert len(seen) <= 3 * 4

    run(main())


def test_earliest_of_several_times_counts() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add_after("a", 30)
        queue.add_after("a", 10)
        queue.add_after("a", 20)
        assert await take(queue) == "a"
        assert now() == pytest.approx(10)
        queue.done("a")
        await asyncio.sleep(60)
        assert len(queue) == 0

    run(main())


def test_failures_in_a_row_wait_longer_and_success_starts_anew() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue(Backoff(first_seconds=1, cap_seconds=10, jitter=0))
        assert [queue.add_after_failure("a") for _ in range(6)] == [1, 2, 4, 8, 10, 10]
        assert queue.add_after_failure("b") == 1
        queue.forget("a")
        assert queue.add_after_failure("a") == 1

    run(main())


def test_shutdown_ends_workers_and_forgets_what_waits() -> None:
    async def main() -> None:
        queue: WorkQueue[str] = WorkQueue()
        queue.add("taken")
        assert await take(queue) == "taken"
        waiting = asyncio.create_task(queue.get())
        await asyncio.sleep(0)
        queue.add_after("later", 5)
        queue.shut_down()
        assert await waiting is None
        queue.add("new")
        queue.add_after("new", 1)
        queue.done("taken")
        await asyncio.sleep(60)
        assert await queue.get() is None
        assert len(queue) == 0

    run(main())


@given(failures=st.integers(1, 10_000))
def test_backoff_is_between_its_bounds(failures: int) -> None:
    backoff = Backoff()
    pause = backoff.pause_seconds(failures)
    assert backoff.first_seconds * 0.8 <= pause <= backoff.cap_seconds * 1.2
