"""The FakeCluster behaves as the real API server does in tests/integration/operator."""

from typing import Any

import pytest

from holdfast_operator.cluster.api import (
    AlreadyExistsError,
    ConflictError,
    NotFoundError,
    ObjectReference,
    reference_to,
)
from holdfast_operator.cluster.kinds import DEPLOYMENT, JOB, MODEL_DEPLOYMENT, SERVICE, ResourceKind
from tests.fakes import FakeCluster, selects


def resource(kind: ResourceKind, name: str = "credit", **fields: Any) -> dict[str, Any]:
    metadata = {"namespace": "team", "name": name, **fields.pop("metadata", {})}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **fields}


def deployment(*containers: dict[str, Any], **spec: Any) -> dict[str, Any]:
    template = {"spec": {"containers": list(containers)}}
    return resource(DEPLOYMENT, spec={"template": template, **spec})


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


async def test_applying_the_same_again_changes_nothing(cluster: FakeCluster) -> None:
    first = await cluster.apply(deployment({"name": "server", "image": "server:1"}, replicas=1))
    second = await cluster.apply(deployment({"name": "server", "image": "server:1"}, replicas=1))
    assert first == second
    assert len(cluster.writes) == 1


async def test_apply_keeps_what_others_own_and_drops_what_it_no_longer_names(cluster: FakeCluster) -> None:
    server = {"name": "server", "image": "server:1", "env": [{"name": "A", "value": "1"}]}
    await cluster.apply(deployment(server, replicas=1))
    injected = deployment({"name": "server", "tty": True}, {"name": "sidecar"}, paused=True)
    cluster.apply_as("injector", injected)
    live = await cluster.apply(deployment({"name": "server", "image": "server:2", "env": []}))
    assert live["spec"]["template"]["spec"]["containers"] == [
        {"name": "server", "image": "server:2", "env": [], "tty": True},
        {"name": "sidecar"},
    ]
    assert live["spec"]["paused"] is True
    assert "replicas" not in live["spec"]


async def test_list_item_that_is_no_longer_applied_goes(cluster: FakeCluster) -> None:
    await cluster.apply(deployment({"name": "server"}, {"name": "helper"}))
    live = await cluster.apply(deployment({"name": "server"}))
    assert live["spec"]["template"]["spec"]["containers"] == [{"name": "server"}]


async def test_generation_counts_spec_changes_only(cluster: FakeCluster) -> None:
    live = await cluster.create(resource(MODEL_DEPLOYMENT, spec={"suspend": False}))
    live = await cluster.apply_status(live, {"observedGeneration": 1})
    assert live["metadata"]["generation"] == 1
    name = (live["apiVersion"], live["kind"], "team", "credit")
    live = cluster.edit(name, lambda each: each["spec"].update(suspend=True))
    assert live["metadata"]["generation"] == 2


async def test_outdated_writes_conflict(cluster: FakeCluster) -> None:
    read = await cluster.create(resource(MODEL_DEPLOYMENT, spec={}))
    await cluster.apply_status(read, {"observedGeneration": 1})
    with pytest.raises(ConflictError):
        await cluster.apply_status(read, {"observedGeneration": 2})
    with pytest.raises(ConflictError):
        await cluster.replace({**read, "spec": {"suspend": True}})
    with pytest.raises(AlreadyExistsError):
        await cluster.create(resource(MODEL_DEPLOYMENT))
    with pytest.raises(NotFoundError):
        await cluster.replace(resource(MODEL_DEPLOYMENT, "nothing"))


async def test_replacement_leaves_the_status_alone(cluster: FakeCluster) -> None:
    live = await cluster.create(resource(MODEL_DEPLOYMENT, spec={}))
    live = await cluster.apply_status(live, {"observedGeneration": 1})
    live = await cluster.replace({**live, "spec": {"suspend": True}, "status": {}})
    assert (live["spec"], live["status"]) == ({"suspend": True}, {"observedGeneration": 1})


async def test_deletion_takes_what_is_owned(cluster: FakeCluster) -> None:
    owner = await cluster.create(resource(MODEL_DEPLOYMENT))
    child = await cluster.create(
        resource(JOB, metadata={"ownerReferences": [{"uid": owner["metadata"]["uid"]}]})
    )
    await cluster.create(resource(SERVICE, metadata={"ownerReferences": [{"uid": child["metadata"]["uid"]}]}))
    with pytest.raises(ConflictError):
        await cluster.delete(ObjectReference(MODEL_DEPLOYMENT, "team", "credit", "another uid"))
    await cluster.delete(reference_to(owner))
    await cluster.delete(reference_to(owner))
    assert cluster.objects == {}


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        pytest.param("", True, id="nothing asked"),
        pytest.param("app=credit", True, id="equal"),
        pytest.param("app=fraud", False, id="other"),
        pytest.param("tier=web", False, id="absent"),
        pytest.param("app=credit,part in (a,b)", True, id="one of a set"),
        pytest.param("part in (c,d),app=credit", False, id="none of a set"),
    ],
)
def test_labels_select(selector: str, selected: bool) -> None:
    assert selects(selector, {"metadata": {"labels": {"app": "credit", "part": "a"}}}) is selected
