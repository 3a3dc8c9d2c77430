"""A ModelDeployment on a real node: served, rolled, repaired, scaled, rolled back, deleted."""

import json

import numpy as np
import pytest

from tests.e2e.environment import Workspace
from tests.e2e.kubectl import condition, has_reason, is_true
from tests.e2e.load import SteadyLoad, requests_of
from tests.e2e.models import FEATURES, Model, gradient_boosting, linear
from tests.e2e.resources import model_deployment

pytestmark = pytest.mark.e2e

ROWS = np.linspace(-0.1, 0.1, 4 * FEATURES, dtype=np.float32).reshape(4, FEATURES)
REQUEST = {
    "inputs": [{"name": "x", "datatype": "FP32", "shape": [4, FEATURES], "data": ROWS.ravel().tolist()}]
}


def serve(workspace: Workspace, name: str, model: Model, *, replicas: int = 1) -> str:
    """Publish the model, deploy it, wait until it is Ready and return its revision."""
    uri = workspace.publish(model)
    workspace.kubectl.apply(model_deployment(name, uri, replicas=replicas))
    return promoted(workspace, name)


def promoted(workspace: Workspace, name: str, seconds: float = 180) -> str:
    """Wait until what should serve is what serves, and return its revision."""
    found = workspace.kubectl.wait(
        "mdep", name, lambda item: is_true("Ready")(item) and is_true("Promoted")(item), seconds
    )
    return str(found["status"]["stableRevision"]["name"])


def test_applied_model_is_ready_and_answers_as_onnx_runtime_does(workspace: Workspace) -> None:
    model = gradient_boosting(seed=1)
    serve(workspace, "diabetes", model)
    np.testing.assert_allclose(workspace.infer("diabetes", ROWS), model.predict(ROWS), rtol=1e-5)
    found = workspace.kubectl.get("mdep", "diabetes") or {}
    assert found["status"]["stableRevision"]["digest"] == model.digest
    assert found["status"]["url"] == f"http://diabetes.{workspace.namespace}.svc"


@pytest.mark.parametrize("scheme", ["s3", "https", "pvc", "configmap"])
def test_model_is_fetched_from_each_kind_of_source(workspace: Workspace, scheme: str) -> None:
    model = linear(seed=2)
    uri, secret = workspace.place(model, scheme)
    workspace.kubectl.apply(model_deployment("diabetes", uri, secret=secret, digest=model.digest))
    promoted(workspace, "diabetes")
    np.testing.assert_allclose(workspace.infer("diabetes", ROWS), model.predict(ROWS), rtol=1e-4)


def test_rollouts_under_load_fail_no_request(workspace: Workspace) -> None:
    first = serve(workspace, "diabetes", gradient_boosting(seed=1), replicas=2)
    with workspace.service("diabetes") as url, SteadyLoad(url, "diabetes", requests_of(ROWS)) as load:
        uri = workspace.publish(gradient_boosting(seed=3))
        workspace.kubectl.patch("mdep", "diabetes", {"spec": {"model": {"uri": uri}}})
        second = promoted(workspace, "diabetes")
        workspace.kubectl.patch("mdep", "diabetes", {"spec": {"server": {"threads": 1}}})
        third = promoted(workspace, "diabetes")
        workspace.kubectl.wait_gone("pods", f"holdfast.dev/revision={second}")
    assert load.failures == []
    assert len({first, second, third}) == 3
    assert set(load.answers) == {first, second, third}


def test_same_bytes_at_another_place_roll_nothing(workspace: Workspace) -> None:
    model = linear(seed=4)
    revision = serve(workspace, "diabetes", model)
    pods = {pod["metadata"]["uid"] for pod in workspace.pods(revision)}
    workspace.kubectl.patch("mdep", "diabetes", {"spec": {"model": {"uri": workspace.publish(model)}}})
    assert promoted(workspace, "diabetes") == revision
    assert {pod["metadata"]["uid"] for pod in workspace.pods(revision)} == pods


BAD_MODELS = [
    pytest.param("missing", "ModelNotFound", id="missing"),
    pytest.param("wrong-digest", "DigestMismatch", id="wrong-digest"),
    pytest.param("not-onnx", "NotONNX", id="not-onnx"),
    pytest.param("external-data", "ExternalData", id="external-data"),
    pytest.param("tampered", "DigestMismatch", id="tampered"),
    pytest.param("too-large", "PackageTooLarge", id="too-large"),
    pytest.param("unreadable-store", "StoreUnreadable", id="unreadable-store"),
]


def test_bad_models_stall_with_their_reason_and_the_served_one_stays(workspace: Workspace) -> None:
    revision = serve(workspace, "diabetes", linear(seed=5))
    for parameters in BAD_MODELS:
        fault, reason = (str(value) for value in parameters.values)
        spec = workspace.bad_model(fault)
        workspace.kubectl.patch("mdep", "diabetes", {"spec": {"model": spec}})
        found = workspace.kubectl.wait("mdep", "diabetes", has_reason("Stalled", reason), 150)
        assert condition(found, "Stalled")["message"], fault
        assert condition(found, "Ready")["status"] == "True", fault
        assert found["status"]["stableRevision"]["name"] == revision, fault
        assert workspace.infer("diabetes", ROWS).shape[0] == len(ROWS)


def test_first_model_that_is_bad_is_stalled_and_not_ready(workspace: Workspace) -> None:
    model = workspace.bad_model("not-onnx")
    workspace.kubectl.apply(model_deployment("diabetes", str(model["uri"])))
    found = workspace.kubectl.wait("mdep", "diabetes", has_reason("Stalled", "NotONNX"))
    assert condition(found, "Ready")["status"] == "False"
    assert condition(found, "Reconciling")["status"] == "False"


def test_scale_subresource_adds_and_removes_pods_of_the_same_revision(workspace: Workspace) -> None:
    revision = serve(workspace, "diabetes", linear(seed=6))
    workspace.kubectl.run("scale", "mdep/diabetes", "--replicas=3")
    workspace.kubectl.wait("mdep", "diabetes", lambda item: item["status"].get("readyReplicas") == 3)
    assert len(workspace.pods(revision)) == 3
    workspace.kubectl.run("scale", "mdep/diabetes", "--replicas=1")
    workspace.kubectl.wait("mdep", "diabetes", lambda item: item["status"].get("replicas") == 1)


def test_suspended_deployment_takes_no_new_model_until_resumed(workspace: Workspace) -> None:
    revision = serve(workspace, "diabetes", linear(seed=7))
    uri = workspace.publish(linear(seed=8))
    workspace.kubectl.patch("mdep", "diabetes", {"spec": {"suspend": True, "model": {"uri": uri}}})
    found = workspace.kubectl.wait(
        "mdep",
        "diabetes",
        lambda item: item["status"]["observedGeneration"] == item["metadata"]["generation"],
    )
    assert found["status"]["stableRevision"]["name"] == revision
    assert workspace.kubectl.items("jobs", "holdfast.dev/model-deployment=diabetes") == []
    workspace.kubectl.patch("mdep", "diabetes", {"spec": {"suspend": False}})
    workspace.kubectl.wait(
        "mdep", "diabetes", lambda item: item["status"]["stableRevision"]["name"] != revision
    )


def test_deleted_and_edited_children_are_repaired(workspace: Workspace) -> None:
    revision = serve(workspace, "diabetes", linear(seed=9))
    workspace.kubectl.delete("service", "diabetes")
    workspace.kubectl.wait("service", "diabetes", lambda item: bool(item["spec"]["clusterIP"]))
    workspace.kubectl.run("scale", f"deployment/{revision}", "--replicas=3")
    workspace.kubectl.wait("deployment", revision, lambda item: item["spec"]["replicas"] == 1)
    container = {"name": "server", "image": "holdfast.test/other:1"}
    edit = {"spec": {"template": {"spec": {"containers": [container]}}}}
    workspace.kubectl.run("patch", "deployment", revision, "--type=strategic", "-p", json.dumps(edit))
    workspace.kubectl.wait(
        "deployment",
        revision,
        lambda item: item["spec"]["template"]["spec"]["containers"][0]["image"] != "holdfast.test/other:1",
    )
    promoted(workspace, "diabetes")


def test_rollback_serves_the_earlier_revision_until_it_is_cleared(workspace: Workspace) -> None:
    first = serve(workspace, "diabetes", linear(seed=10))
    uri = workspace.publish(linear(seed=11))
    workspace.kubectl.patch("mdep", "diabetes", {"spec": {"model": {"uri": uri}}})
    workspace.kubectl.wait("mdep", "diabetes", lambda item: item["status"]["stableRevision"]["name"] != first)
    second = promoted(workspace, "diabetes")
    workspace.holdfast("rollback", "diabetes")
    workspace.kubectl.wait(
        "mdep", "diabetes", lambda item: item["status"]["stableRevision"]["name"] == first, 180
    )
    workspace.holdfast("rollback", "diabetes", "--clear")
    workspace.kubectl.wait(
        "mdep", "diabetes", lambda item: item["status"]["stableRevision"]["name"] == second, 180
    )


def test_deleting_the_deployment_removes_every_child(workspace: Workspace) -> None:
    serve(workspace, "diabetes", linear(seed=12))
    workspace.kubectl.delete("mdep", "diabetes")
    kinds = "deployments,services,serviceaccounts,poddisruptionbudgets,networkpolicies,jobs,pods"
    workspace.kubectl.wait_gone(kinds, "app.kubernetes.io/managed-by=holdfast")
