"""Where known engines say that a workload has succeeded or failed, and how unknown ones are read."""

from typing import Any

import pytest

from holdfast_operator.api.workload import KNOWN_ENGINES, Workload
from holdfast_operator.core.engines import READINGS
from holdfast_operator.core.workload import assess_workload


def workload(api_version: str, kind: str, **fields: Any) -> Workload:
    template = {"apiVersion": api_version, "kind": kind, "spec": {}}
    return Workload.model_validate({"template": template, "handover": {"uri": "s3://b/c"}, **fields})


def conditions(**statuses: str) -> dict[str, Any]:
    return {
        "conditions": [
            {"type": type_, "status": status, "message": f"about {type_}"}
            for type_, status in statuses.items()
        ]
    }


TRAIN_JOB = ("trainer.kubeflow.org/v1alpha1", "TrainJob")
PYTORCH_JOB = ("kubeflow.org/v1", "PyTorchJob")
JOB_SET = ("jobset.x-k8s.io/v1alpha2", "JobSet")
RAY_JOB = ("ray.io/v1", "RayJob")
WORKFLOW = ("argoproj.io/v1alpha1", "Workflow")


@pytest.mark.parametrize(
    ("engine", "status", "state", "message"),
    [
        (TRAIN_JOB, {}, "Running", ""),
        (TRAIN_JOB, conditions(Suspended="True"), "Running", ""),
        (TRAIN_JOB, conditions(Complete="True"), "Succeeded", ""),
        (TRAIN_JOB, conditions(Failed="True"), "Failed", "about Failed"),
        (PYTORCH_JOB, conditions(Created="True", Running="True"), "Running", ""),
        (PYTORCH_JOB, conditions(Running="False", Succeeded="True"), "Succeeded", ""),
        (PYTORCH_JOB, conditions(Running="False", Failed="True"), "Failed", "about Failed"),
        (JOB_SET, conditions(Completed="True"), "Succeeded", ""),
        (JOB_SET, conditions(Completed="False", Failed="True"), "Failed", "about Failed"),
        (RAY_JOB, {"jobDeploymentStatus": "Running", "jobStatus": "RUNNING"}, "Running", ""),
        (RAY_JOB, {"jobDeploymentStatus": "Retrying", "jobStatus": "FAILED"}, "Running", ""),
        (RAY_JOB, {"jobDeploymentStatus": "Suspended"}, "Queued", ""),
        (RAY_JOB, {"jobDeploymentStatus": "Complete", "jobStatus": "SUCCEEDED"}, "Succeeded", ""),
        (
            RAY_JOB,
            {"jobDeploymentStatus": "Complete", "jobStatus": "STOPPED", "message": "stopped"},
            "Failed",
            "stopped",
        ),
        (RAY_JOB, {"jobDeploymentStatus": "Failed", "reason": "AppFailed"}, "Failed", "AppFailed"),
        (RAY_JOB, {"jobDeploymentStatus": "ValidationFailed"}, "Failed", ""),
        (WORKFLOW, {"phase": "Running"}, "Running", ""),
        (WORKFLOW, {"phase": "Succeeded"}, "Succeeded", ""),
        (WORKFLOW, {"phase": "Failed", "message": "child failed"}, "Failed", "child failed"),
        (WORKFLOW, {"phase": "Error", "message": "no such template"}, "Failed", "no such template"),
    ],
)
def test_known_engine_is_read(
    engine: tuple[str, str], status: dict[str, Any], state: str, message: str
) -> None:
    progress = assess_workload(workload(*engine), {"spec": {}, "status": status})
    assert (progress.state, progress.message) == (state, message)


def test_every_engine_that_the_api_knows_can_be_read() -> None:
    assert set(READINGS) == set(KNOWN_ENGINES)


@pytest.mark.parametrize(
    ("status", "state", "message"),
    [
        ({}, "Running", ""),
        ({"applicationState": {"state": "COMPLETED"}}, "Succeeded", ""),
        ({"applicationState": {"state": "FAILED", "errorMessage": "no"}}, "Failed", "no"),
    ],
)
def test_unknown_engine_is_read_by_expressions(status: dict[str, Any], state: str, message: str) -> None:
    spark = workload(
        "sparkoperator.k8s.example/v1beta2",
        "SparkApplication",
        successExpression="status.applicationState.state == 'COMPLETED'",
        failureExpression="status.applicationState.state == 'FAILED'",
        messageExpression="status.applicationState.errorMessage",
    )
    progress = assess_workload(spark, {"status": status})
    assert (progress.state, progress.message) == (state, message)


def test_expressions_of_the_policy_win_over_what_is_known() -> None:
    own = workload(*PYTORCH_JOB, successExpression="status.conditions[0].type == 'Running'")
    assert assess_workload(own, {"status": conditions(Running="True")}).state == "Succeeded"


def test_engine_that_nothing_is_known_of_never_ends() -> None:
    unknown = workload("example.com/v1", "Thing")
    assert assess_workload(unknown, {"status": {"phase": "Succeeded"}}).state == "Running"


def test_message_is_cut() -> None:
    status = {"phase": "Failed", "message": "x" * 5000}
    assert len(assess_workload(workload(*WORKFLOW), {"status": status}).message) == 1024
