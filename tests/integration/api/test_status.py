"""Whatever the operator writes to a status is stored as written, and scaling goes through the subresource."""

import json
from typing import Any

import pytest

from holdfast_operator.api.resource import ApiModel
from tests.integration.api.kubectl import Kubectl
from tests.unit.api.objects import resource
from tests.unit.api.statuses import STATUSES

pytestmark = pytest.mark.integration


def write_status(kubectl: Kubectl, kind: str, status: dict[str, Any]) -> None:
    live = kubectl.read(kind, "bikes")
    kubectl.ok("replace", "--subresource=status", "--filename=-", given={**live, "status": status})


@pytest.mark.parametrize("status", STATUSES)
def test_status_is_stored_as_written(kubectl: Kubectl, status: ApiModel) -> None:
    kind = type(status).__name__.removesuffix("Status")
    kubectl.apply(resource(kind))
    written = status.model_dump(mode="json", by_alias=True, exclude_none=True)
    write_status(kubectl, kind, written)
    assert kubectl.read(kind, "bikes")["status"] == written


def test_status_cannot_be_written_with_the_spec(kubectl: Kubectl) -> None:
    made = {**resource("ModelDeployment"), "status": {"observedGeneration": 7}}
    live = json.loads(kubectl.ok("create", "--output=json", "--filename=-", given=made))
    assert live["status"] == {"observedGeneration": -1}


def test_status_does_not_raise_the_generation(kubectl: Kubectl) -> None:
    kubectl.apply(resource("ModelDeployment"))
    write_status(kubectl, "ModelDeployment", {"observedGeneration": 1, "replicas": 2})
    assert kubectl.read("mdep", "bikes")["metadata"]["generation"] == 1


def test_scale_subresource_reads_status_and_writes_replicas(kubectl: Kubectl) -> None:
    kubectl.apply(resource("ModelDeployment"))
    status = {"observedGeneration": 1, "replicas": 1, "selector": "holdfast.dev/model-deployment=bikes"}
    write_status(kubectl, "ModelDeployment", status)
    kubectl.ok("scale", "--replicas=4", "mdep/bikes")
    path = f"/apis/holdfast.dev/v1alpha1/namespaces/{kubectl.namespace}/modeldeployments/bikes/scale"
    scale = json.loads(kubectl.ok("get", f"--raw={path}"))
    assert scale["spec"] == {"replicas": 4}
    assert scale["status"] == {"replicas": 1, "selector": "holdfast.dev/model-deployment=bikes"}
    assert kubectl.read("mdep", "bikes")["spec"]["server"]["replicas"] == 4


def test_scaling_beyond_the_bound_is_refused(kubectl: Kubectl) -> None:
    kubectl.apply(resource("ModelDeployment"))
    assert "spec.server.replicas" in kubectl.refused("scale", "--replicas=1001", "mdep/bikes")


def test_columns_show_what_the_status_says(kubectl: Kubectl) -> None:
    (full,) = [param.values[0] for param in STATUSES if param.id == "ModelDeployment-full"]
    assert isinstance(full, ApiModel)
    kubectl.apply(resource("ModelDeployment"))
    write_status(kubectl, "ModelDeployment", full.model_dump(mode="json", by_alias=True, exclude_none=True))
    row = kubectl.ok("get", "mdep", "--no-headers").split()
    assert row[:6] == ["bikes", "True", "Serving", "bikes-0a1b2c3d4e", "2", "Serving"]
