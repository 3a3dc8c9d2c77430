"""What was decided becomes true, in order, and what is true already is not written."""

from contextlib import nullcontext
from typing import Any

import pytest

from holdfast_operator.cluster.api import ApiError, ConflictError
from holdfast_operator.cluster.enact import Enactor
from holdfast_operator.cluster.event_recorder import EventRecorder
from holdfast_operator.cluster.kinds import CHILDREN, EVENT, MODEL_DEPLOYMENT, SERVICE
from holdfast_operator.core.decision import Decision, Deletion, Event
from holdfast_operator.manifests.metadata import Manifest
from tests.fakes import FakeCluster

EVENTS = (Event("Normal", "Promoted", "serving credit-1"),)


def manifest(kind: str, name: str, **fields: Any) -> dict[str, Any]:
    api_version = next(each.api_version for each in CHILDREN if each.kind == kind)
    metadata = {"namespace": "team", "name": name}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


SERVICE_80 = manifest("Service", "credit", spec={"ports": [{"port": 80}]})
SERVICE_81 = manifest("Service", "credit", spec={"ports": [{"port": 81}]})
JOB = manifest("Job", "credit-inspect")


class World:
    """A cluster with one ModelDeployment, and the enactor that works on it."""

    def __init__(self) -> None:
        self.cluster = FakeCluster()
        self.enactor = Enactor(self.cluster, EventRecorder(self.cluster, "operator-0"))
        metadata = {"namespace": "team", "name": "credit"}
        kind = MODEL_DEPLOYMENT
        self.cluster.put(
            {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": {}}
        )

    @property
    def resource(self) -> Manifest:
        (live,) = self.cluster.of_kind(MODEL_DEPLOYMENT)
        return live

    async def enact(self, decision: Decision) -> list[str]:
        """Enact and return the verbs of the requests that were sent."""
        sent: list[str] = []
        self.cluster.before_write = lambda verb, each: sent.append(f"{verb} {each['kind']}")
        children = [live for kind in CHILDREN for live in self.cluster.of_kind(kind)]
        await self.enactor.enact(self.resource, children, decision)
        return sent


@pytest.fixture
def world() -> World:
    return World()


async def test_order_is_children_then_status_then_events(world: World) -> None:
    old = world.cluster.put(manifest("Deployment", "old"))
    deletion = Deletion("apps/v1", "Deployment", "team", "old", old["metadata"]["uid"])
    decision = Decision((SERVICE_80,), (JOB,), (deletion,), {"observedGeneration": 1}, EVENTS)
    assert await world.enact(decision) == [
        "apply Service",
        "create Job",
        "delete Deployment",
        "status ModelDeployment",
        "apply Event",
    ]


async def test_enacting_again_sends_nothing(world: World) -> None:
    decision = Decision(desired=(SERVICE_80,), status={"observedGeneration": 1, "url": None})
    await world.enact(decision)
    assert await world.enact(decision) == []


async def test_changed_decision_is_applied(world: World) -> None:
    await world.enact(Decision(desired=(SERVICE_80,)))
    assert await world.enact(Decision(desired=(SERVICE_81,))) == ["apply Service"]
    assert world.cluster.of_kind(SERVICE)[0]["spec"]["ports"][-1] == {"port": 81}


async def test_edit_by_hand_is_undone_and_then_there_is_peace(world: World) -> None:
    await world.enact(Decision(desired=(SERVICE_80,)))
    name = ("v1", "Service", "team", "credit")
    world.cluster.edit(
        name, lambda live: live["spec"].update(ports=[{"port": 80, "name": "mine"}, {"port": 9}])
    )
    assert await world.enact(Decision(desired=(SERVICE_80,))) == ["apply Service"]
    assert await world.enact(Decision(desired=(SERVICE_80,))) == []


async def test_status_of_a_child_is_no_reason_to_apply(world: World) -> None:
    await world.enact(Decision(desired=(SERVICE_80,)))
    (live,) = world.cluster.of_kind(SERVICE)
    await world.cluster.apply_status(live, {"loadBalancer": {}})
    assert await world.enact(Decision(desired=(SERVICE_80,))) == []


async def test_vanished_child_is_made_again(world: World) -> None:
    await world.enact(Decision(desired=(SERVICE_80,)))
    world.cluster.remove(world.cluster.of_kind(SERVICE)[0])
    assert await world.enact(Decision(desired=(SERVICE_80,))) == ["apply Service"]


async def test_child_that_is_ending_is_left_to_end(world: World) -> None:
    ending = {**SERVICE_80["metadata"], "deletionTimestamp": "2026-11-21T00:00:00Z"}
    world.cluster.put({**SERVICE_80, "metadata": ending})
    assert await world.enact(Decision(desired=(SERVICE_81,))) == []


async def test_memory_of_a_gone_resource_is_dropped(world: World) -> None:
    await world.enact(Decision(desired=(SERVICE_80,)))
    world.enactor.forget((MODEL_DEPLOYMENT.api_version, MODEL_DEPLOYMENT.kind, "team", "credit"))
    assert await world.enact(Decision(desired=(SERVICE_80,))) == ["apply Service"]
    assert [each for each in world.cluster.writes if each[0] == "apply"] == [("apply", "Service", "credit")]


async def test_empty_lists_are_not_sent(world: World) -> None:
    account = manifest("ServiceAccount", "credit", imagePullSecrets=[], secrets=[{"a": []}])
    await world.enact(Decision(desired=(account,)))
    live = world.cluster.objects["v1", "ServiceAccount", "team", "credit"]
    assert "imagePullSecrets" not in live
    assert live["secrets"] == [{}]


async def test_what_exists_is_not_created_again(world: World) -> None:
    world.cluster.put(JOB)
    assert await world.enact(Decision(create=(JOB,))) == ["create Job"]


async def test_deletion_is_of_the_object_that_was_seen(world: World) -> None:
    world.cluster.put(JOB)
    with pytest.raises(ConflictError):
        await world.enact(
            Decision(deletions=(Deletion("batch/v1", "Job", "team", "credit-inspect", "other"),))
        )


async def test_status_of_an_outdated_look_is_refused_and_no_event_is_said(world: World) -> None:
    outdated = world.resource
    world.cluster.edit(
        (MODEL_DEPLOYMENT.api_version, MODEL_DEPLOYMENT.kind, "team", "credit"),
        lambda live: live["spec"].update(suspend=True),
    )
    with pytest.raises(ConflictError):
        await world.enactor.enact(outdated, (), Decision(status={"observedGeneration": 1}, events=EVENTS))
    assert world.cluster.of_kind(EVENT) == []


@pytest.mark.parametrize("position", range(5))
@pytest.mark.parametrize(
    "lost_answer", [pytest.param(False, id="refused"), pytest.param(True, id="answer lost")]
)
async def test_failure_at_any_write_is_made_good_by_the_next_look(
    world: World, position: int, lost_answer: bool
) -> None:
    old = world.cluster.put(manifest("Deployment", "old"))
    deletion = Deletion("apps/v1", "Deployment", "team", "old", old["metadata"]["uid"])
    decision = Decision((SERVICE_80,), (JOB,), (deletion,), {"observedGeneration": 1}, EVENTS)
    count = 0

    def fail(verb: str, each: Manifest) -> None:
        nonlocal count
        count += 1
        if count == position + 1:
            raise ApiError(0, "Cut", f"{verb} {each['kind']}")

    hook = "after_write" if lost_answer else "before_write"
    setattr(world.cluster, hook, fail)
    with nullcontext() if position == 4 else pytest.raises(ApiError):
        await world.enactor.enact(world.resource, (), decision)
    setattr(world.cluster, hook, None)
    await world.enact(decision)
    assert {(each["kind"], each["metadata"]["name"]) for each in world.cluster.objects.values()} == {
        ("ModelDeployment", "credit"),
        ("Service", "credit"),
        ("Job", "credit-inspect"),
        *{("Event", each["metadata"]["name"]) for each in world.cluster.of_kind(EVENT)},
    }
    assert world.resource["status"] == {"observedGeneration": 1}
    assert len(world.cluster.of_kind(EVENT)) == 1
