"""A complete retraining, from its trigger to the end of the probation, killed at every write of the operator.

Killed before a write is sent, or after it was committed and before its answer is read. What a kill after the
answer does is what the kill before the next write does: nothing but writes outlives the process.
"""

import asyncio
import math
from datetime import timedelta
from typing import Any

import pytest

from holdfast.audit import record_of, verify_chain
from holdfast_operator.cluster.exposition import ServerCounters
from holdfast_operator.cluster.kinds import JOB, MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN
from tests.simulated_node import CANDIDATE
from tests.unit.operator.end_state import end_state
from tests.unit.operator.handlers.test_crashes import resource
from tests.unit.operator.loop import Loop

pytestmark = pytest.mark.integration  # a minute of hundreds of lives, all in memory

INTERVAL, PROBATION = 5, 60
MODEL = resource(
    MODEL_DEPLOYMENT,
    "credit",
    model={"uri": "s3://models/credit/1"},
    server={"replicas": 2},
    rollout={
        "strategy": "Canary",
        "shadow": {},
        "canary": {"steps": [30, 60]},
        "analysis": {"intervalSeconds": INTERVAL, "minSamples": 100, "maxIntervals": 50},
        "probation": {"seconds": PROBATION},
    },
)
POLICY = resource(
    RETRAIN_POLICY,
    "nightly",
    modelDeploymentRef={"name": "credit"},
    triggers={"schedule": {"cron": "0 1 * * *"}},
    trainer={"image": "trainer:1"},
    gate={"checks": [{"metric": "mae", "maxRegression": "0"}]},
    approval={"mode": "Manual"},
    output={"uri": "s3://models/credit"},
)
MOST_LOOKS = 60


def answered(revision: str, requests: int) -> ServerCounters:
    """Return what a server that was always there has counted after so many good answers."""
    counted: dict[tuple[str, ...], float] = {
        ("requests", "200"): requests,
        ("latency", "0.1"): requests,
        ("latency", str(math.inf)): requests,
    }
    return ServerCounters(0.0, {}, steps={revision: counted})


class Life(Loop):
    """A loop whose servers answer requests all the time, and count them."""

    requests = 0

    def serve_requests(self) -> None:
        """Let every server answer some requests, and the operator scrape them."""
        self.requests += 300
        (model,) = self.cluster.of_kind(MODEL_DEPLOYMENT)
        for role in ("stableRevision", "candidateRevision"):
            revision = model["status"].get(role, {}).get("name")
            if revision is not None:
                counters = answered(revision, self.requests)
                self.drift.steps.record("team", "credit", f"pod of {revision}", counters)

    async def pass_time(self, seconds: float) -> None:
        """Let requests come, time pass and everything settle."""
        self.serve_requests()
        self.time += timedelta(seconds=seconds)
        self.serve_requests()
        await self.settle()

    def only(self, kind: Any) -> Any:
        """Return the only object of a kind."""
        (found,) = self.cluster.of_kind(kind)
        return found


async def live_through(life: Life) -> None:
    """Serve a model; at one o'clock retrain it, have a person agree, and roll the candidate out."""
    life.cluster.put(MODEL)
    await life.settle()
    life.cluster.put(POLICY)
    await life.settle()
    life.time = life.time.replace(hour=1, minute=0, second=1)
    await life.settle()
    approve(life)
    await life.settle()
    for _ in range(MOST_LOOKS):
        if life.only(MODEL_DEPLOYMENT)["status"]["stableRevision"]["digest"] == CANDIDATE:
            break
        await life.pass_time(INTERVAL)
    await life.pass_time(PROBATION)
    await life.pass_time(PROBATION)


def approve(life: Life) -> None:
    """Answer the run as a person does who is asked."""
    run = life.only(RETRAIN_RUN)
    assert run["status"]["approval"]
    answer = {"decision": "Approved", "approver": "ana"}
    name = (RETRAIN_RUN.api_version, RETRAIN_RUN.kind, "team", run["metadata"]["name"])
    life.cluster.edit(name, lambda live: live["spec"].update(approval=answer))


def lived(write: int = 0, committed: bool = False) -> Life:
    life = Life()
    life.kill_at(write, committed)
    asyncio.run(live_through(life))
    return life


def outcome(life: Life) -> Any:
    """Return the end without what a step has counted: after a restart it begins anew."""
    found = end_state(life)
    stable = found["ModelDeployment credit"]["status"]["stableRevision"]
    stable["checks"] = [(each["metric"], each["outcome"]) for each in stable["checks"]]
    return found


@pytest.fixture(scope="module")
def undisturbed() -> Life:
    return lived()


def test_life_without_a_crash_promotes_the_candidate_that_a_person_has_approved(undisturbed: Life) -> None:
    status = undisturbed.only(MODEL_DEPLOYMENT)["status"]
    assert status["stableRevision"]["digest"] == CANDIDATE
    assert "probation" not in status
    run = undisturbed.only(RETRAIN_RUN)
    assert run["spec"]["trigger"]["type"] == "Schedule"
    conditions = {each["type"]: each["status"] for each in run["status"]["conditions"]}
    assert (conditions["Evaluated"], conditions["Approved"], conditions["Promoted"]) == ("True",) * 3
    record = record_of(run, "team/nightly")
    assert record is not None
    assert verify_chain([record], record.link) == []


@pytest.mark.parametrize("committed", [False, True], ids=["before-it-is-sent", "before-its-answer-is-read"])
def test_killed_at_any_write_of_a_complete_retraining_it_ends_where_it_would_have_ended(
    undisturbed: Life, committed: bool
) -> None:
    expected = outcome(undisturbed)
    for write in range(1, undisturbed.writes + 1):
        life = lived(write, committed)
        assert outcome(life) == expected, f"killed at write {write}"
        made = [name for verb, kind, name in life.cluster.writes if (verb, kind) == ("create", JOB.kind)]
        assert len(made) == len(set(made)), f"a Job was made twice after a kill at write {write}"
