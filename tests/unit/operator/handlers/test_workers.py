"""Workers survive whatever one object does."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from holdfast_operator.cluster.api import ApiError, ConflictError
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT
from holdfast_operator.handlers.work_queue import Backoff, WorkQueue
from holdfast_operator.handlers.workers import Workers
from holdfast_operator.metrics import REGISTRY
from tests.unit.operator.virtual_time import now, run

GOOD = Key(MODEL_DEPLOYMENT, "default", "good")
BAD = Key(MODEL_DEPLOYMENT, "default", "bad")


def work(reconcile: Callable[[Key], Awaitable[float | None]], *keys: Key, seconds: float) -> None:
    async def main() -> None:
        queue: WorkQueue[Key] = WorkQueue(Backoff(first_seconds=1, cap_seconds=300, jitter=0))
        running = asyncio.create_task(Workers(queue, reconcile, 2).run())
        for key in keys:
            queue.add(key)
        await asyncio.sleep(seconds)
        queue.shut_down()
        await running

    run(main())


def errors(reason: str) -> float:
    labels = {"kind": "ModelDeployment", "reason": reason}
    return REGISTRY.get_sample_value("holdfast_operator_reconcile_errors_total", labels) or 0


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        pytest.param(ValueError("of ours"), "ValueError", id="a fault of ours"),
        pytest.param(ApiError(403, "Forbidden", "no"), "Forbidden", id="refused"),
        pytest.param(ConflictError(409, "Conflict", "changed"), "Conflict", id="changed meanwhile"),
    ],
)
def test_failing_object_is_tried_again_ever_later_and_stops_no_other(error: Exception, reason: str) -> None:
    times: dict[Key, list[float]] = {GOOD: [], BAD: []}

    async def reconcile(key: Key) -> float | None:
        times[key].append(now())
        if key == BAD:
            raise error
        return None

    before = errors(reason)
    work(reconcile, BAD, GOOD, seconds=8)
    assert times == {GOOD: [0], BAD: [0, 1, 3, 7]}
    assert errors(reason) - before == 4


def test_object_is_looked_at_again_when_it_asked_for() -> None:
    times: list[float] = []

    async def reconcile(_: Key) -> float | None:
        times.append(now())
        return 10

    work(reconcile, GOOD, seconds=35)
    assert times == [0, 10, 20, 30]


def test_success_ends_the_back_off() -> None:
    times: list[float] = []

    async def reconcile(_: Key) -> float | None:
        times.append(now())
        if len(times) in (1, 2, 4):
            raise ValueError("not yet")
        return 100.0 if len(times) == 3 else None

    work(reconcile, GOOD, seconds=200)
    assert times == [0, 1, 3, 103, 104]
