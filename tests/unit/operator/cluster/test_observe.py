"""Observations hold all that bears on an object, and nothing of its neighbours."""

from typing import Any

import pytest

from holdfast import labels
from holdfast_operator.cluster.abilities import Abilities
from holdfast_operator.cluster.api import NotFoundError, object_name
from holdfast_operator.cluster.drift_watch import DriftWatch
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import (
    ENDPOINT_SLICE,
    HTTP_ROUTE,
    JOB,
    MODEL_DEPLOYMENT,
    POD,
    RETRAIN_POLICY,
    RETRAIN_RUN,
    SERVICE,
    ResourceKind,
)
from holdfast_operator.cluster.observe import Observer
from holdfast_operator.core.observation import GatewayApi
from holdfast_operator.core.reasons import WindowProblem
from holdfast_operator.manifests.metadata import ImageSettings, Manifest
from tests.fakes import FakeCluster

CREDIT = Key(MODEL_DEPLOYMENT, "team", "credit")
NIGHTLY = Key(RETRAIN_POLICY, "team", "nightly")


def resource(kind: ResourceKind, name: str, namespace: str = "team", **fields: Any) -> dict[str, Any]:
    metadata = {"namespace": namespace, "name": name, **fields.pop("metadata", {})}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **fields}


def policy(name: str, model: str, **spec: Any) -> dict[str, Any]:
    required = {"trainer": {"image": "trainer:1"}, "output": {"uri": "s3://models/credit"}}
    return resource(RETRAIN_POLICY, name, spec={"modelDeploymentRef": {"name": model}, **required, **spec})


def run_of(name: str, of: str) -> dict[str, Any]:
    return resource(RETRAIN_RUN, name, spec={"policyRef": {"name": of}})


class World:
    """A namespace with two models, their policies and runs."""

    def __init__(self) -> None:
        self.cluster = FakeCluster()
        for name in ("credit", "fraud"):
            spec = {"model": {"uri": f"s3://models/{name}"}}
            self.cluster.put(resource(MODEL_DEPLOYMENT, name, spec=spec))
        drift = {"drift": {"windowSeconds": 480}}
        for each in (policy("nightly", "credit", triggers=drift), policy("other", "fraud")):
            self.cluster.put(each)
        for each in (run_of("mine", "nightly"), run_of("theirs", "other"), run_of("lost", "nothing")):
            self.cluster.put(each)
        self.drift = DriftWatch(15)
        self.observer = Observer(self.cluster, self.drift, ImageSettings("server:1", "evaluator:1"))

    def child(self, kind: ResourceKind, name: str, owner: str = "credit", **marks: str) -> Manifest:
        (owner_live,) = [
            each for each in self.cluster.of_kind(MODEL_DEPLOYMENT) if each["metadata"]["name"] == owner
        ]
        reference = {"uid": owner_live["metadata"]["uid"], "controller": True}
        metadata = {"labels": marks, "ownerReferences": [reference]}
        return self.cluster.put(resource(kind, name, metadata=metadata))


@pytest.fixture
def world() -> World:
    return World()


async def test_model_is_seen_with_its_children_pods_and_runs(world: World) -> None:
    mark = {labels.MODEL_DEPLOYMENT: "credit"}
    world.child(SERVICE, "credit", **mark)
    world.child(JOB, "not-ours", owner="fraud", **mark)
    world.cluster.put(resource(POD, "a", metadata={"labels": {**mark, labels.COMPONENT: "server"}}))
    world.cluster.put(resource(POD, "b", metadata={"labels": {**mark, labels.COMPONENT: "training"}}))
    observed = await world.observer.observe_model_deployment(CREDIT)
    assert observed is not None
    observation = observed.observation
    assert [child["kind"] for child in observation.children] == ["Service"]
    assert [pod["metadata"]["name"] for pod in observation.pods] == ["a"]
    assert [run.metadata.name for run in observation.runs] == ["mine"]


async def test_absent_objects_are_none(world: World) -> None:
    nothing = "nothing"
    assert await world.observer.observe_model_deployment(Key(MODEL_DEPLOYMENT, "team", nothing)) is None
    assert await world.observer.observe_retrain_policy(Key(RETRAIN_POLICY, "team", nothing)) is None
    assert await world.observer.observe_retrain_run(Key(RETRAIN_RUN, "team", nothing)) is None


async def test_pods_are_read_after_their_jobs(world: World) -> None:
    read: list[str] = []
    listing = world.cluster.list

    async def recording(kind: ResourceKind, *selection: Any, **selectors: Any) -> Any:
        read.append(kind.kind)
        return await listing(kind, *selection, **selectors)

    world.cluster.list = recording  # type: ignore[method-assign]  # to see the order of reads
    await world.observer.observe_model_deployment(CREDIT)
    assert read[-1] == "Pod"


async def test_names_that_others_hold_are_foreign_and_relabelled_children_are_ours(world: World) -> None:
    theirs = world.cluster.put(resource(SERVICE, "credit"))
    relabelled = world.child(JOB, "credit-inspect")
    observed = await world.observer.observe_model_deployment(CREDIT)
    assert observed is not None
    assert observed.observation.children == ()
    wanted = [resource(SERVICE, "credit"), resource(JOB, "credit-inspect"), resource(JOB, "not-there")]
    complete = await world.observer.look_for_foreign(observed, wanted)
    assert complete is not None
    assert [object_name(each) for each in complete.observation.foreign] == [object_name(theirs)]
    assert [object_name(each) for each in complete.observation.children] == [object_name(relabelled)]
    assert await world.observer.look_for_foreign(complete, wanted) is None


async def test_policy_is_seen_with_its_model_and_all_runs_of_that_model(world: World) -> None:
    world.cluster.put(policy("second", "credit"))
    world.cluster.put(run_of("second-run", "second"))
    observed = await world.observer.observe_retrain_policy(NIGHTLY)
    assert observed is not None
    assert observed.observation.model_deployment is not None
    assert {run.metadata.name for run in observed.observation.runs} == {"mine", "second-run"}
    assert observed.observation.drift is None
    assert world.drift.model_deployments() == {("team", "credit")}


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"suspend": True}, id="suspended"),
        pytest.param({"triggers": {}}, id="no drift trigger"),
        pytest.param({"modelDeploymentRef": {"name": "nothing"}}, id="no model"),
    ],
)
async def test_servers_are_no_longer_watched_when_the_policy_does_not_ask(
    world: World, change: dict[str, Any]
) -> None:
    await world.observer.observe_retrain_policy(NIGHTLY)
    world.cluster.edit(
        (RETRAIN_POLICY.api_version, RETRAIN_POLICY.kind, "team", "nightly"),
        lambda live: live["spec"].update(change),
    )
    await world.observer.observe_retrain_policy(NIGHTLY)
    assert world.drift.model_deployments() == set()


async def test_deleted_policy_is_no_longer_watched(world: World) -> None:
    await world.observer.observe_retrain_policy(NIGHTLY)
    name = (RETRAIN_POLICY.api_version, RETRAIN_POLICY.kind, "team", "nightly")
    world.cluster.remove(world.cluster.objects[name])
    await world.observer.observe_retrain_policy(NIGHTLY)
    assert world.drift.model_deployments() == set()


async def test_model_that_does_not_count_is_a_problem(world: World) -> None:
    world.cluster.edit(
        (MODEL_DEPLOYMENT.api_version, MODEL_DEPLOYMENT.kind, "team", "credit"),
        lambda live: live["spec"].update(server={"featureMonitoring": "Disabled"}),
    )
    observed = await world.observer.observe_retrain_policy(NIGHTLY)
    assert observed is not None
    assert observed.observation.drift is not None
    assert observed.observation.drift.problem is WindowProblem.MONITORING_OFF
    assert world.drift.model_deployments() == set()


async def test_run_is_seen_with_its_policy_model_job_and_the_other_runs(world: World) -> None:
    world.cluster.put(run_of("sibling", "nightly"))
    job = world.cluster.put(resource(JOB, "mine"))
    marks = {"labels": {labels.RUN: "mine"}}
    owned = marks | {"ownerReferences": [{"uid": job["metadata"]["uid"], "controller": True}]}
    world.cluster.put(resource(POD, "mine-0", metadata=owned))
    world.cluster.put(resource(POD, "of-an-engine", metadata=marks))
    observed = await world.observer.observe_retrain_run(Key(RETRAIN_RUN, "team", "mine"))
    assert observed is not None
    observation = observed.observation
    assert observation.policy is not None
    assert observation.model_deployment is not None
    assert [run.metadata.name for run in observation.other_runs] == ["sibling"]
    assert observation.job is not None
    assert [pod["metadata"]["name"] for pod in observation.pods] == ["mine-0"]


async def test_run_of_a_missing_policy_is_seen_without_a_model(world: World) -> None:
    observed = await world.observer.observe_retrain_run(Key(RETRAIN_RUN, "team", "lost"))
    assert observed is not None
    observation = observed.observation
    assert (observation.policy, observation.model_deployment, observation.other_runs) == (None, None, ())


async def test_run_of_a_deleted_policy_still_belongs_to_its_model_by_label(world: World) -> None:
    world.cluster.edit(
        (RETRAIN_RUN.api_version, RETRAIN_RUN.kind, "team", "lost"),
        lambda live: live["metadata"].update(labels={labels.MODEL_DEPLOYMENT: "credit"}),
    )
    observed = await world.observer.observe_model_deployment(CREDIT)
    assert observed is not None
    assert {run.metadata.name for run in observed.observation.runs} == {"mine", "lost"}


async def test_neighbour_of_an_older_schema_is_left_out(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.cluster.put(resource(RETRAIN_RUN, "old", spec={"policy": "nightly"}))
    observed = await world.observer.observe_model_deployment(CREDIT)
    assert observed is not None
    assert [run.metadata.name for run in observed.observation.runs] == ["mine"]
    assert "old" in caplog.text


@pytest.mark.parametrize(
    ("allowed", "installed", "state", "kinds"),
    [
        pytest.param(False, True, GatewayApi.OFF, ["Service"], id="not-allowed"),
        pytest.param(True, False, GatewayApi.MISSING, ["Service"], id="not-installed"),
        pytest.param(True, True, GatewayApi.SERVED, ["Service", "HTTPRoute"], id="installed"),
    ],
)
async def test_routes_are_read_where_that_is_allowed_and_the_kind_exists(
    world: World, allowed: bool, installed: bool, state: GatewayApi, kinds: list[str]
) -> None:
    mark = {labels.MODEL_DEPLOYMENT: "credit"}
    world.child(SERVICE, "credit", **mark)
    world.child(HTTP_ROUTE, "credit", **mark)
    listing = world.cluster.list

    async def without_the_kind(
        kind: ResourceKind, namespace: str | None = None, label_selector: str = "", field_selector: str = ""
    ) -> Any:
        if kind is HTTP_ROUTE and not installed:
            raise NotFoundError(404, "NotFound", "the server could not find the requested resource")
        return await listing(kind, namespace, label_selector, field_selector)

    world.cluster.list = without_the_kind  # type: ignore[method-assign]  # as a cluster without the CRD
    observer = Observer(
        world.cluster,
        world.drift,
        ImageSettings("server:1", "evaluator:1"),
        abilities=Abilities(gateway_api=allowed),
    )
    observed = await observer.observe_model_deployment(CREDIT)
    assert observed is not None
    assert observed.observation.gateway_api is state
    assert observed.observation.endpoint_slices == (), "the model asks for no route"
    assert [child["kind"] for child in observed.observation.children] == kinds


async def test_endpoints_are_read_for_a_model_with_a_route(world: World) -> None:
    gateway = {"parentRefs": [{"name": "public"}]}
    world.cluster.edit(
        (MODEL_DEPLOYMENT.api_version, MODEL_DEPLOYMENT.kind, "team", "credit"),
        lambda live: live["spec"].update(rollout={"traffic": {"gateway": gateway}}),
    )
    mark = {"labels": {labels.MODEL_DEPLOYMENT: "credit"}}
    world.cluster.put(resource(ENDPOINT_SLICE, "credit-1", metadata=mark))
    world.cluster.put(resource(ENDPOINT_SLICE, "other-1"))
    images = ImageSettings("server:1", "evaluator:1")
    observer = Observer(world.cluster, world.drift, images, abilities=Abilities(gateway_api=True))
    observed = await observer.observe_model_deployment(CREDIT)
    assert observed is not None
    found = [each["metadata"]["name"] for each in observed.observation.endpoint_slices]
    assert found == ["credit-1"]
