"""Wherever the operator is killed, it ends where it would have ended, and does nothing twice."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from holdfast.audit import record_of, verify_chain
from holdfast_operator.cluster.kinds import (
    DEPLOYMENT,
    JOB,
    MODEL_DEPLOYMENT,
    RETRAIN_POLICY,
    RETRAIN_RUN,
    ResourceKind,
)
from tests.simulated_node import CANDIDATE
from tests.unit.operator.end_state import end_state
from tests.unit.operator.loop import Loop


def resource(kind: ResourceKind, name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"namespace": "team", "name": name}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}


MODEL = resource(MODEL_DEPLOYMENT, "credit", model={"uri": "s3://models/credit/1"})
POLICY = resource(
    RETRAIN_POLICY,
    "nightly",
    modelDeploymentRef={"name": "credit"},
    trainer={"image": "trainer:1"},
    gate={"checks": [{"metric": "mae", "maxRegression": "0"}]},
    output={"uri": "s3://models/credit"},
    limits={"cooldownSeconds": 0},
)
RUN = resource(RETRAIN_RUN, "by-hand", policyRef={"name": "nightly"})


async def live_through(loop: Loop) -> None:
    """Serve a model, retrain it, change how it is served."""
    loop.cluster.put(MODEL)
    await loop.settle()
    loop.cluster.put(POLICY)
    loop.cluster.put(RUN)
    await loop.settle()
    name = (MODEL_DEPLOYMENT.api_version, MODEL_DEPLOYMENT.kind, "team", "credit")
    loop.cluster.edit(name, lambda live: live["spec"].update(server={"replicas": 2, "threads": 2}))
    await loop.settle()


def lived(write: int = 0, committed: bool = False) -> Loop:
    loop = Loop()
    loop.kill_at(write, committed)
    asyncio.run(live_through(loop))
    return loop


@pytest.fixture(scope="module")
def undisturbed() -> Loop:
    return lived()


def test_life_without_a_crash_ends_as_it_should(undisturbed: Loop) -> None:
    (model,) = undisturbed.cluster.of_kind(MODEL_DEPLOYMENT)
    conditions = {each["type"]: each["status"] for each in model["status"]["conditions"]}
    assert (conditions["Ready"], conditions["Promoted"]) == ("True", "True")
    assert model["status"]["stableRevision"]["digest"] == CANDIDATE
    (run,) = undisturbed.cluster.of_kind(RETRAIN_RUN)
    conditions = {each["type"]: each["status"] for each in run["status"]["conditions"]}
    assert (conditions["Trained"], conditions["Evaluated"], conditions["Promoted"]) == ("True",) * 3
    record = record_of(run, "team/nightly")
    assert record is not None
    assert verify_chain([record], record.link) == []
    (deployment,) = undisturbed.cluster.of_kind(DEPLOYMENT)
    assert deployment["spec"]["replicas"] == 2


def test_killed_at_any_write_it_ends_where_it_would_have_ended(undisturbed: Loop) -> None:
    expected = end_state(undisturbed)
    for write in range(1, undisturbed.writes + 1):
        for committed in (False, True):
            loop = lived(write, committed)
            assert end_state(loop) == expected, f"killed at write {write}, committed: {committed}"
            made = [name for verb, kind, name in loop.cluster.writes if (verb, kind) == ("create", JOB.kind)]
            assert len(made) == len(set(made)), f"a Job was made twice after a kill at write {write}"


def test_settled_life_writes_nothing_however_long_it_lasts(undisturbed: Loop) -> None:
    before = undisturbed.writes
    for _ in range(9):
        asyncio.run(undisturbed.settle())
        undisturbed.time += timedelta(hours=8)
    assert undisturbed.writes == before


def test_restart_of_a_settled_life_changes_nothing(undisturbed: Loop) -> None:
    before = len(undisturbed.cluster.writes)
    undisturbed.start()
    asyncio.run(undisturbed.settle())
    assert undisturbed.cluster.writes[before:] == []
