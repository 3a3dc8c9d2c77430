"""The least workload of every known engine, and how its controller says that it has succeeded or failed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

CONTAINER: Final = {"name": "train", "image": "trainer:1"}
POD: Final = {"spec": {"restartPolicy": "Never", "containers": [CONTAINER]}}
TIME: Final = "2026-01-01T00:00:00Z"


@dataclass(frozen=True)
class Engine:
    """A kind of workloads; statuses are what its controller writes at the end."""

    resource: str
    template: Mapping[str, Any]
    succeeded: Mapping[str, Any]
    failed: Mapping[str, Any]


def _condition(type_: str, message: str = "", **fields: str) -> dict[str, Any]:
    times = {"lastTransitionTime": TIME, **fields}
    return {"conditions": [{"type": type_, "status": "True", "reason": type_, "message": message, **times}]}


PYTORCH_JOB = Engine(
    "pytorchjobs.kubeflow.org",
    {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "spec": {
            "pytorchReplicaSpecs": {
                "Master": {
                    "replicas": 1,
                    "restartPolicy": "Never",
                    "template": {"spec": {"containers": [{**CONTAINER, "name": "pytorch"}]}},
                }
            }
        },
    },
    _condition("Succeeded", lastUpdateTime=TIME),
    _condition("Failed", "Master failed with exit code 1", lastUpdateTime=TIME),
)
TRAIN_JOB = Engine(
    "trainjobs.trainer.kubeflow.org",
    {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "spec": {"runtimeRef": {"name": "torch-distributed"}, "trainer": {"image": "trainer:1"}},
    },
    _condition("Complete"),
    _condition("Failed", "jobset failed"),
)
JOB_SET = Engine(
    "jobsets.jobset.x-k8s.io",
    {
        "apiVersion": "jobset.x-k8s.io/v1alpha2",
        "kind": "JobSet",
        "spec": {"replicatedJobs": [{"name": "train", "template": {"spec": {"template": POD}}}]},
    },
    _condition("Completed"),
    _condition("Failed", "jobset failed due to one or more job failures"),
)
RAY_JOB = Engine(
    "rayjobs.ray.io",
    {
        "apiVersion": "ray.io/v1",
        "kind": "RayJob",
        "spec": {
            "entrypoint": "python train.py",
            "rayClusterSpec": {"headGroupSpec": {"rayStartParams": {}, "template": POD}},
        },
    },
    {"jobDeploymentStatus": "Complete", "jobStatus": "SUCCEEDED"},
    {"jobDeploymentStatus": "Failed", "jobStatus": "FAILED", "message": "Job entrypoint failed"},
)
WORKFLOW = Engine(
    "workflows.argoproj.io",
    {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "spec": {
            "entrypoint": "train",
            "templates": [{"name": "train", "container": {"image": "trainer:1"}}],
        },
    },
    {"phase": "Succeeded"},
    {"phase": "Failed", "message": "child 'train' failed"},
)
ENGINES: Final = (PYTORCH_JOB, TRAIN_JOB, JOB_SET, RAY_JOB, WORKFLOW)
