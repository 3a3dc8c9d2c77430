"""From labels to a better model: the loop that drift cannot see the reason for, in memory."""

from datetime import timedelta
from typing import Any

import pytest

from holdfast_operator.cluster.exposition import ServerCounters
from holdfast_operator.cluster.kinds import CONFIG_MAP, MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN
from tests.simulated_node import CANDIDATE
from tests.unit.operator.cluster.label_scrapes import Pod
from tests.unit.operator.handlers.test_crashes import MODEL, POLICY
from tests.unit.operator.loop import Loop

TRIGGERS = {"performance": {"metric": "accuracy", "maxDrop": "0.02", "minSamples": 200}}
LABEL_POLICY = {**POLICY, "spec": {**POLICY["spec"], "triggers": TRIGGERS}}


class Labels:
    """Labels that come back to the stable revision's only pod."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.pods: dict[str, Pod] = {}

    async def flow(self, wrong: int, rounds: int) -> None:
        """Send 20 labels every 15 s, that many of them unlike the prediction."""
        for _ in range(rounds):
            revision = self.revision()
            pod = self.pods.setdefault(revision, Pod(f"pod of {revision}", self.now(), revision))
            pod.label(20, wrong)
            self.loop.time += timedelta(seconds=15)
            counters = ServerCounters(pod.started, {}, pod.scrape())
            labels = self.loop.drift.labels
            labels.record("team", "credit", pod.process, counters.labels, self.loop.time)
            labels.finish_round({pod.uid}, self.loop.time)
            await self.loop.settle()

    def revision(self) -> str:
        (model,) = self.loop.cluster.of_kind(MODEL_DEPLOYMENT)
        return str(model["status"]["stableRevision"]["name"])

    def now(self) -> float:
        return self.loop.time.timestamp()


async def serving(policy: dict[str, Any] = LABEL_POLICY) -> tuple[Loop, Labels]:
    loop = Loop()
    loop.cluster.put(MODEL)
    loop.cluster.put(policy)
    await loop.settle()
    return loop, Labels(loop)


def status(loop: Loop) -> dict[str, Any]:
    (policy,) = loop.cluster.of_kind(RETRAIN_POLICY)
    return dict(policy["status"])


def degraded(loop: Loop) -> tuple[str, str]:
    (found,) = [each for each in status(loop)["conditions"] if each["type"] == "PerformanceDegraded"]
    return found["status"], found["reason"]


async def test_labels_as_good_as_the_first_ones_start_nothing() -> None:
    loop, labels = await serving()
    await labels.flow(wrong=1, rounds=40)
    assert degraded(loop) == ("False", "WithinTolerance")
    assert status(loop)["performance"]["baseline"] == "0.950"
    assert loop.cluster.of_kind(RETRAIN_RUN) == []


async def test_labels_that_are_worse_lead_to_a_new_stable_revision() -> None:
    loop, labels = await serving()
    await labels.flow(wrong=1, rounds=20)
    champion = labels.revision()
    await labels.flow(wrong=8, rounds=8)
    (run,) = loop.cluster.of_kind(RETRAIN_RUN)
    assert run["metadata"]["name"].startswith("nightly-performance-")
    assert run["spec"]["trigger"]["type"] == "Performance"
    (model,) = loop.cluster.of_kind(MODEL_DEPLOYMENT)
    assert model["status"]["stableRevision"]["digest"] == CANDIDATE
    assert labels.revision() != champion
    await labels.flow(wrong=1, rounds=2)
    assert degraded(loop) == ("Unknown", "NotEnoughLabels"), "the new model has its own labels to come"
    assert status(loop)["performance"]["revision"] == labels.revision()


async def test_operator_that_is_restarted_again_and_again_comes_to_the_same_end() -> None:
    loop, labels = await serving()
    for wrong, rounds in ((1, 20), (8, 8)):
        for _ in range(rounds):
            await labels.flow(wrong=wrong, rounds=1)
            loop.start()
            await loop.settle()
    (run,) = loop.cluster.of_kind(RETRAIN_RUN)
    assert run["metadata"]["name"].startswith("nightly-performance-")
    assert run["spec"]["trigger"]["evidence"]["baseline"] == "0.950"
    (kept,) = loop.cluster.of_kind(CONFIG_MAP)
    (policy,) = loop.cluster.of_kind(RETRAIN_POLICY)
    assert kept["metadata"]["ownerReferences"][0]["uid"] == policy["metadata"]["uid"]


@pytest.mark.parametrize("wrong", [1, 8])
async def test_status_is_not_written_at_every_look(wrong: int) -> None:
    loop, labels = await serving({**LABEL_POLICY, "spec": {**LABEL_POLICY["spec"], "suspend": wrong == 8}})
    await labels.flow(wrong=1, rounds=60)
    writes = len(loop.cluster.writes)
    await labels.flow(wrong=wrong, rounds=30)
    assert len(loop.cluster.writes) - writes <= 12


async def test_feedback_that_is_disabled_is_a_problem() -> None:
    loop = Loop()
    loop.cluster.put({**MODEL, "spec": {**MODEL["spec"], "server": {"feedback": {"mode": "Disabled"}}}})
    loop.cluster.put(LABEL_POLICY)
    await loop.settle()
    healthy = {each["type"]: each["reason"] for each in status(loop)["conditions"]}["TriggersHealthy"]
    assert healthy == "FeedbackOff"
    assert loop.drift.labels.model_deployments() == set()
