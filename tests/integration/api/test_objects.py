"""Good objects come back as they were sent; bad ones are refused with the field and the remedy."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from holdfast.custom_resource_schema import schemas, with_defaults
from tests.integration.api.kubectl import Kubectl
from tests.unit.api.bad_gate import BAD_GATES
from tests.unit.api.bad_objects import BAD_OBJECTS, BadObject
from tests.unit.api.bad_performance import BAD_PERFORMANCE
from tests.unit.api.bad_rollouts import BAD_ROLLOUTS
from tests.unit.api.bad_traffic import BAD_TRAFFIC
from tests.unit.api.bad_triggers import BAD_TRIGGERS
from tests.unit.api.bad_workload import BAD_WORKLOADS
from tests.unit.api.objects import Resource, resource

pytestmark = pytest.mark.integration
SAMPLES = [
    pytest.param(document, id=f"{path.stem}-{index}")
    for path in sorted((Path(__file__).parents[3] / "docs/examples").glob("*.yaml"))
    for index, document in enumerate(yaml.safe_load_all(path.read_text()))
]


def schema_of(made: Resource) -> dict[str, Any]:
    return schemas()[made["apiVersion"], made["kind"]]


@pytest.mark.parametrize("sample", SAMPLES)
def test_sample_is_read_back_unchanged_with_the_defaults(kubectl: Kubectl, sample: Resource) -> None:
    if "generateName" in sample["metadata"]:
        live = json.loads(kubectl.ok("create", "--output=json", "--filename=-", given=sample))
    else:
        kubectl.apply(sample)
        live = kubectl.read(sample["kind"], sample["metadata"]["name"])
    assert live["spec"] == with_defaults(sample["spec"], schema_of(sample)["properties"]["spec"])


@pytest.mark.parametrize("sample", SAMPLES)
def test_sample_applied_again_changes_nothing(kubectl: Kubectl, sample: Resource) -> None:
    named = {**sample, "metadata": {"name": sample["metadata"].get("name", "bikes")}}
    # The first one after creation stores the default of status, which so far is only shown.
    _, stored, again = [kubectl.apply(named)["metadata"]["resourceVersion"] for _ in range(3)]
    assert again == stored


@pytest.mark.parametrize(
    "bad",
    [*BAD_OBJECTS, *BAD_GATES, *BAD_PERFORMANCE, *BAD_ROLLOUTS, *BAD_TRAFFIC, *BAD_TRIGGERS, *BAD_WORKLOADS],
)
def test_bad_object_is_refused_with_field_and_remedy(served: Kubectl, bad: BadObject) -> None:
    # Raw, because kubectl leaves out what is null and complains itself about unknown fields.
    path = f"/apis/holdfast.dev/v1alpha1/namespaces/default/{bad.kind.lower()}s"
    raw = f"{path.replace('policys', 'policies')}?dryRun=All&fieldValidation=Strict"
    complaint = served.refused("create", f"--raw={raw}", "--filename=-", given=bad.resource())
    lines = [line for line in complaint.splitlines() if bad.names in line]
    assert any(bad.says in line for line in lines), complaint


@pytest.mark.parametrize("kind", ["ModelDeployment", "RetrainPolicy", "RetrainRun"])
def test_unseen_object_says_so(kubectl: Kubectl, kind: str) -> None:
    assert kubectl.apply(resource(kind))["status"] == {"observedGeneration": -1}


def test_defaults_of_the_least_model_deployment_are_visible(kubectl: Kubectl) -> None:
    assert kubectl.apply(resource("ModelDeployment"))["spec"] == {
        "model": {"uri": "s3://models/bikes/1"},
        "server": {
            "replicas": 1,
            "resources": {
                "requests": {"cpu": "100m", "memory": "256Mi"},
                "limits": {"cpu": "1", "memory": "1Gi"},
            },
            "workers": 1,
            "executionProviders": ["CPU"],
            "grpc": "Enabled",
            "batching": {"mode": "Auto", "maxRows": 256, "maxDelayMilliseconds": 0},
            "limits": {
                "maxBodyBytes": 16777216,
                "maxConnections": 4096,
                "maxInFlight": 512,
                "headerTimeoutSeconds": 10,
                "bodyTimeoutSeconds": 30,
                "requestTimeoutSeconds": 60,
            },
            "featureMonitoring": "Enabled",
            "feedback": {"mode": "Enabled", "maxAgeDays": 30},
        },
        "rollout": {
            "strategy": "RollingUpdate",
            "promotion": "Automatic",
            "progressDeadlineSeconds": 600,
        },
        "revisionHistoryLimit": 5,
        "suspend": False,
    }


def test_null_takes_the_default_where_there_is_one(kubectl: Kubectl) -> None:
    made = resource("ModelDeployment", {"spec.server": None})
    live = json.loads(kubectl.ok("create", "--output=json", "--filename=-", given=made))
    assert live["spec"]["server"]["replicas"] == 1


def test_null_without_a_default_is_refused_when_applied(served: Kubectl) -> None:
    made = resource("ModelDeployment", {"spec.server.threads": None})
    complaint = served.refused("apply", "--server-side", "--dry-run=server", "--filename=-", given=made)
    assert "spec.server.threads" in complaint


def test_spec_of_a_run_is_immutable(kubectl: Kubectl) -> None:
    kubectl.apply(resource("RetrainRun"))
    complaint = kubectl.refused(
        "patch", "rtr", "bikes", "--type=merge", "--patch", '{"spec":{"policyRef":{"name":"other"}}}'
    )
    assert "spec: Invalid value" in complaint
    assert "make another RetrainRun" in complaint


def test_run_that_has_ended_takes_no_approval(kubectl: Kubectl) -> None:
    kubectl.apply(resource("RetrainRun"))
    answer = '{"spec":{"approval":{"decision":"Approved","approver":"ana"}}}'
    ended = '{"status":{"completionTime":"2026-11-02T09:00:00Z"}}'
    kubectl.ok("patch", "rtr", "bikes", "--type=merge", "--subresource=status", "--patch", ended)
    complaint = kubectl.refused("patch", "rtr", "bikes", "--type=merge", "--patch", answer)
    assert "spec.approval: Invalid value" in complaint
    assert "the run has ended and is on record" in complaint


def test_policy_stays_with_its_model_deployment(kubectl: Kubectl) -> None:
    kubectl.apply(resource("RetrainPolicy"))
    other = '{"spec":{"suspend":true,"modelDeploymentRef":{"name":"other"}}}'
    complaint = kubectl.refused("patch", "rtp", "bikes", "--type=merge", "--patch", other)
    assert "spec.modelDeploymentRef: Invalid value" in complaint
    kubectl.ok("patch", "rtp", "bikes", "--type=merge", "--patch", '{"spec":{"suspend":true}}')
