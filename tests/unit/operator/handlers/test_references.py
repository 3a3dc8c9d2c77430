"""A change reaches everything whose observation includes the changed object."""

from typing import Any

import pytest

from holdfast import labels
from holdfast_operator.cluster.key import Key
from holdfast_operator.cluster.kinds import MODEL_DEPLOYMENT, RETRAIN_POLICY, RETRAIN_RUN, ResourceKind
from holdfast_operator.handlers.events import owners_of
from holdfast_operator.handlers.references import References


def resource(kind: ResourceKind, name: str, **spec: Any) -> dict[str, Any]:
    metadata = {"namespace": "team", "name": name}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}


def policy(name: str, model: str) -> dict[str, Any]:
    return resource(RETRAIN_POLICY, name, modelDeploymentRef={"name": model})


def run_of(name: str, of: str, ready: str = "Unknown") -> dict[str, Any]:
    record = {"record": {"sequence": 1}} if ready == "True" else {}
    status = {"conditions": [{"type": "Ready", "status": ready}], **record}
    return {**resource(RETRAIN_RUN, name, policyRef={"name": of}), "status": status}


CREDIT = Key(MODEL_DEPLOYMENT, "team", "credit")
NIGHTLY, DRIFT, OTHER = (Key(RETRAIN_POLICY, "team", name) for name in ("nightly", "drift", "other"))
ACTIVE, ANSWERED, ELSEWHERE = (Key(RETRAIN_RUN, "team", name) for name in ("active", "answered", "elsewhere"))


@pytest.fixture
def references() -> References:
    known = References()
    for each in (
        resource(MODEL_DEPLOYMENT, "credit"),
        resource(MODEL_DEPLOYMENT, "fraud"),
        policy("nightly", "credit"),
        policy("drift", "credit"),
        policy("other", "fraud"),
        run_of("active", "nightly"),
        run_of("answered", "drift", "True"),
        run_of("elsewhere", "other"),
    ):
        known.learn(each)
    return known


@pytest.mark.parametrize(
    ("changed", "affected"),
    [
        pytest.param(CREDIT, {CREDIT, NIGHTLY, DRIFT, ACTIVE}, id="model"),
        pytest.param(NIGHTLY, {CREDIT, NIGHTLY, DRIFT, ACTIVE}, id="policy"),
        pytest.param(ACTIVE, {CREDIT, NIGHTLY, DRIFT, ACTIVE}, id="run"),
        pytest.param(ANSWERED, {CREDIT, NIGHTLY, DRIFT, ACTIVE, ANSWERED}, id="run with its answer"),
        pytest.param(
            Key(MODEL_DEPLOYMENT, "elsewhere", "credit"),
            {Key(MODEL_DEPLOYMENT, "elsewhere", "credit")},
            id="same name in another namespace",
        ),
        pytest.param(
            Key(RETRAIN_RUN, "team", "unknown"), {Key(RETRAIN_RUN, "team", "unknown")}, id="unknown run"
        ),
    ],
)
def test_change_reaches_all_about_the_same_model(
    references: References, changed: Key, affected: set[Key]
) -> None:
    assert references.affected_by(changed) == affected


def test_policy_that_now_names_another_model_affects_that_one(references: References) -> None:
    references.learn(policy("nightly", "fraud"))
    fraud = Key(MODEL_DEPLOYMENT, "team", "fraud")
    assert references.affected_by(ACTIVE) == {ACTIVE, NIGHTLY, OTHER, ELSEWHERE, fraud}


def test_object_that_is_gone_refers_to_nothing(references: References) -> None:
    references.forget(NIGHTLY)
    assert references.affected_by(CREDIT) == {CREDIT, DRIFT}
    assert NIGHTLY not in references.known


def test_child_leads_to_its_model_and_run() -> None:
    marks = {labels.MODEL_DEPLOYMENT: "credit", labels.RUN: "active"}
    assert owners_of({"metadata": {"namespace": "team", "labels": marks}}) == {CREDIT, ACTIVE}


def test_look_at_data_leads_to_its_policy_and_training_does_not() -> None:
    marks = {labels.POLICY: "nightly", labels.COMPONENT: "look"}
    assert owners_of({"metadata": {"namespace": "team", "labels": marks}}) == {NIGHTLY}
    marks = {labels.POLICY: "nightly", labels.COMPONENT: "training"}
    assert owners_of({"metadata": {"namespace": "team", "labels": marks}}) == set()


def test_child_without_our_labels_leads_nowhere() -> None:
    assert owners_of({"metadata": {"namespace": "team"}}) == set()
