"""A signal that stays out of bounds starts one run, wherever the operator is killed and counts anew."""

import asyncio

import pytest

from holdfast_operator.api.outside_triggers import SignalTrigger
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY, RETRAIN_RUN
from holdfast_operator.core.signal_answer import read_answer
from tests.unit.operator.handlers.test_crashes import MODEL, POLICY
from tests.unit.operator.loop import Loop

SIGNAL = {"url": "http://tool.team.svc/", "path": "share", "above": "0.5", "consecutive": 2}
WATCHING = {
    **POLICY,
    "spec": {**POLICY["spec"], "triggers": {"signal": SIGNAL}, "limits": {"cooldownSeconds": 0}},
}
ANSWERS = 4


async def live_through(loop: Loop) -> None:
    loop.cluster.put(MODEL)
    loop.cluster.put(WATCHING)
    await loop.settle()
    for _ in range(ANSWERS):
        answer = read_answer(SignalTrigger.model_validate(SIGNAL), b'{"share": 0.7}', loop.now())
        loop.signals.record(Key(RETRAIN_POLICY, "team", "nightly"), answer)
        await loop.settle()


def lived(write: int = 0, committed: bool = False) -> Loop:
    loop = Loop()
    loop.kill_at(write, committed)
    asyncio.run(live_through(loop))
    return loop


@pytest.mark.parametrize("committed", [False, True])
def test_killed_at_any_write_the_signal_starts_one_run(*, committed: bool) -> None:
    for write in range(lived().writes + 1):
        loop = lived(write, committed)
        created = [each for each in loop.cluster.writes if each[:2] == ("create", "RetrainRun")]
        assert len(created) == 1, f"killed at write {write}"
        (run,) = loop.cluster.of_kind(RETRAIN_RUN)
        assert run["metadata"]["name"].startswith("nightly-signal-")
        assert run["spec"]["trigger"]["evidence"]["value"] == "0.7"
