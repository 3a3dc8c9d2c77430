"""Whatever a trigger has seen starts one run, wherever the operator is killed and however many lead."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from holdfast_operator.cluster.api import ConflictError
from holdfast_operator.cluster.enact import Enactor
from holdfast_operator.cluster.event_recorder import EventRecorder
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import RETRAIN_POLICY, RETRAIN_RUN
from holdfast_operator.cluster.observe import Observer
from holdfast_operator.core.decision import Decision
from holdfast_operator.core.retrain_policy import decide_retrain_policy
from holdfast_operator.manifests.metadata import ImageSettings, Manifest
from tests.unit.operator.end_state import end_state
from tests.unit.operator.handlers.test_crashes import MODEL, POLICY
from tests.unit.operator.loop import Loop

NAME = (RETRAIN_POLICY.api_version, RETRAIN_POLICY.kind, "team", "nightly")
WATCHING = {
    **POLICY,
    "spec": {**POLICY["spec"], "triggers": {"code": {}, "data": {"uri": "s3://data/credit"}}},
}


async def live_through(loop: Loop) -> None:
    """Serve a model, see data and trainer for the first time, then change the trainer."""
    loop.cluster.put(MODEL)
    await loop.settle()
    loop.cluster.put(WATCHING)
    await loop.settle()
    loop.cluster.edit(NAME, lambda live: live["spec"].update(trainer={"image": "trainer:2"}))
    await loop.settle()


def lived(write: int = 0, committed: bool = False) -> Loop:
    loop = Loop()
    loop.kill_at(write, committed)
    asyncio.run(live_through(loop))
    return loop


def runs_of(loop: Loop) -> list[str]:
    return [each["metadata"]["name"] for each in loop.cluster.of_kind(RETRAIN_RUN)]


def kinds(state: Any) -> list[str]:
    """Return the kinds of all that exists: names of looks and runs contain the time."""
    return sorted(name.split()[0] for name in state)


def test_killed_at_any_write_the_same_single_run_is_made() -> None:
    undisturbed = lived()
    expected = end_state(undisturbed)
    assert expected["RetrainPolicy nightly"]["status"]["data"]["digest"].startswith("sha256:")
    for write in range(1, undisturbed.writes + 1):
        for committed in (False, True):
            loop = lived(write, committed)
            (made,) = runs_of(loop)
            assert made.startswith("nightly-code-"), f"killed at write {write}, committed: {committed}"
            created = [each for each in loop.cluster.writes if each[:2] == ("create", "RetrainRun")]
            assert len(created) == 1
            assert kinds(end_state(loop)) == kinds(expected)


@pytest.mark.parametrize("first", [0, 1])
async def test_two_leaders_who_see_the_same_start_one_run(first: int) -> None:
    loop = Loop()
    await live_until_the_change(loop)
    leaders = [Leader(loop), Leader(loop)]
    order = [leaders[first], leaders[1 - first]]
    for _ in range(4):
        for leader in order:
            await leader.look()
        loop.time += timedelta(seconds=1)
        for leader in order:
            await leader.act()
    assert len(runs_of(loop)) == 1
    created = [each for each in loop.cluster.writes if each[:2] == ("create", "RetrainRun")]
    assert len(created) == 1


async def live_until_the_change(loop: Loop) -> None:
    loop.cluster.put(MODEL)
    loop.cluster.put(WATCHING)
    await loop.settle()
    loop.cluster.edit(NAME, lambda live: live["spec"].update(trainer={"image": "trainer:2"}))


class Leader:
    """An operator that believes it leads; it looks, and acts later on what it saw then."""

    def __init__(self, loop: Loop) -> None:
        self._observer = Observer(
            loop.cluster, loop.drift, ImageSettings("server:1", "evaluator:1"), loop.now
        )
        self._enactor = Enactor(loop.cluster, EventRecorder(loop.cluster, "leader", loop.now))
        self._seen: tuple[Manifest, Decision] | None = None

    async def look(self) -> None:
        observed = await self._observer.observe_retrain_policy(Key(RETRAIN_POLICY, "team", "nightly"))
        assert observed is not None
        self._seen = observed.live, decide_retrain_policy(observed.observation)

    async def act(self) -> Any:
        assert self._seen is not None
        live, decision = self._seen
        try:
            await self._enactor.enact(live, (), decision)
        except ConflictError:
            return  # The other was faster; what it wrote is seen at the next look.
