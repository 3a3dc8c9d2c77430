"""Policies whose training is the workload of another engine, their runs, and live workloads."""

from collections.abc import Mapping
from typing import Any

from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.core.observation import RetrainRunObservation
from tests.unit.operator.core.builders import condition, metadata, retrain_policy, time_at
from tests.unit.operator.core.run_observations import CHAMPION, GATE, observe_run

ENGINE = "pytorchjobs.kubeflow.org"
TEMPLATE: Mapping[str, Any] = {
    "apiVersion": "kubeflow.org/v1",
    "kind": "PyTorchJob",
    "spec": {
        "pytorchReplicaSpecs": {
            "Master": {
                "replicas": 1,
                "template": {"spec": {"containers": [{"name": "pytorch", "image": "trainer:1"}]}},
            }
        }
    },
}
WORKLOAD: Mapping[str, Any] = {"template": TEMPLATE, "handover": {"uri": "pvc://training/runs"}}
REFERENCE = {"apiVersion": "kubeflow.org/v1", "kind": "PyTorchJob", "name": "again"}
ANNOUNCED: dict[str, Any] = {
    "modelDeployment": "credit",
    "job": "again-evaluate",
    "workload": REFERENCE,
    "startTime": time_at(10),
    "champion": CHAMPION,
    "conditions": [condition("Trained", "Unknown", "Starting")],
}
TRAINING = ANNOUNCED | {"conditions": [condition("Trained", "Unknown", "Training")]}
HAS_TRAINED = ANNOUNCED | {"conditions": [condition("Trained", "True", "Trained")]}
EVALUATING = ANNOUNCED | {
    "conditions": [condition("Trained", "True", "Trained"), condition("Evaluated", "Unknown", "Evaluating")]
}


def workload_policy(**fields: Any) -> RetrainPolicy:
    """Return a policy whose workload has these fields as well."""
    limits = fields.pop("limits", {})
    spec = {"trainer": None, "workload": {**WORKLOAD, **fields}, "limits": limits}
    return retrain_policy({**GATE, **spec})


def live_workload(status: Mapping[str, Any] | None = None, **fields: Any) -> dict[str, Any]:
    """Return the run's PyTorchJob as the cluster shows it."""
    references = [{"kind": "RetrainRun", "name": "again", "uid": "uid-of-again", "controller": True}]
    return {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "metadata": metadata("again", uid="uid-of-workload", ownerReferences=references),
        "spec": {},
        "status": dict(status or {}),
        **fields,
    }


def observe_workload_run(status: Mapping[str, Any] = TRAINING, **fields: Any) -> RetrainRunObservation:
    """Return an observation of a run of that policy, with the engine enabled."""
    return observe_run(status, **{"policy": workload_policy(), "engines": (ENGINE,), **fields})
