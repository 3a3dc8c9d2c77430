"""An answered alert starts one run, wherever operators are killed and however many receive it."""

import asyncio
from typing import Any

import pytest

from holdfast_operator.cluster.alert_notification import read_notification
from holdfast_operator.cluster.alert_recorder import AlertRecorder
from holdfast_operator.cluster.api import ApiError
from holdfast_operator.cluster.kinds import RETRAIN_POLICY, RETRAIN_RUN
from tests.unit.operator.cluster.notifications import alert, notification
from tests.unit.operator.handlers.test_crashes import MODEL, POLICY
from tests.unit.operator.loop import KilledError, Loop

NAME = (RETRAIN_POLICY.api_version, RETRAIN_POLICY.kind, "team", "nightly")
WAITING = {
    **POLICY,
    "spec": {
        **POLICY["spec"],
        "triggers": {"alert": {"matchLabels": {"alertname": "ManyErrors"}}},
        "limits": {"cooldownSeconds": 0},
        "historyLimit": 1,
    },
}


class Receiving:
    """A served model whose policy waits for alerts; Alertmanager sends again what was not answered for."""

    def __init__(self) -> None:
        self.loop = Loop()
        self.answered = 0

    async def start(self) -> None:
        self.loop.cluster.put(MODEL)
        self.loop.cluster.put(WAITING)
        await self.loop.settle()

    async def send(self, **labels: str) -> None:
        """Send until it is answered for."""
        for _ in range(5):
            recorder = AlertRecorder(self.loop.cluster, (), lambda _: None, self.loop.now)
            try:
                await recorder.record(read_notification(notification(alert(**labels))))
            except (ApiError, KilledError):
                continue
            self.answered += 1
            return

    def runs_made(self) -> list[str]:
        return [
            name for verb, kind, name in self.loop.cluster.writes if (verb, kind) == ("create", "RetrainRun")
        ]


async def live_through(receiving: Receiving, write: int, *, is_committed: bool) -> None:
    await receiving.start()
    receiving.loop.kill_at(receiving.loop.writes + write, is_committed)
    cluster = receiving.loop.cluster
    cluster.before_write, cluster.after_write = receiving.loop._hook(False), receiving.loop._hook(True)
    await receiving.send()
    cluster.before_write = cluster.after_write = None
    for _ in range(3):
        await receiving.loop.settle()
        await receiving.send()
    await receiving.loop.settle()


@pytest.mark.parametrize("is_committed", [False, True])
def test_killed_at_any_write_the_alert_starts_one_run(*, is_committed: bool) -> None:
    write, total = 0, 1
    while write <= total:
        receiving = Receiving()
        asyncio.run(live_through(receiving, write, is_committed=is_committed))
        (made,) = receiving.runs_made()
        assert made.startswith("nightly-alert-"), f"killed at write {write}"
        assert receiving.answered == 4
        total = max(total, receiving.loop.writes)
        write += 1 if write < 12 else 9


async def test_alert_that_is_repeated_for_weeks_starts_no_second_run() -> None:
    receiving = Receiving()
    await receiving.start()
    await receiving.send()
    await receiving.loop.settle()
    for number in range(3):
        await receiving.send(alertname="ManyErrors", fingerprint=f"{number:016x}")
        await receiving.loop.settle()
        await receiving.send()
        await receiving.loop.settle()
    names = receiving.runs_made()
    assert len(names) == len(set(names)) == 4
    assert len(receiving.loop.cluster.of_kind(RETRAIN_RUN)) < 4, "its run was cleaned up meanwhile"


async def test_receivers_at_the_same_time_record_it_once() -> None:
    receiving = Receiving()
    await receiving.start()
    others = [Receiving() for _ in range(3)]
    for each in others:
        each.loop = receiving.loop
    await asyncio.gather(*(each.send() for each in [receiving, *others]))
    status: dict[str, Any] = receiving.loop.cluster.objects[NAME]["status"]
    assert len(status["alert"]["recent"]) == 1
    await receiving.loop.settle()
    assert len(receiving.runs_made()) == 1
