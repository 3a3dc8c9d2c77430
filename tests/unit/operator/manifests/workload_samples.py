"""Policies whose training is the workload of another engine, with as many fields as possible."""

from collections.abc import Mapping
from typing import Any

from holdfast import labels
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.manifests.evaluation_job import render_evaluation_job
from holdfast_operator.manifests.metadata import ImageSettings, Manifest
from holdfast_operator.manifests.training_containers import ChampionSource, TrainingParts
from holdfast_operator.manifests.workload import render_workload


def workload_policy(template: Mapping[str, Any], **fields: Any) -> RetrainPolicy:
    """Return a policy whose workload is made from the template."""
    workload = {"template": template, "handover": {"uri": "pvc://training/runs"}, **fields}
    return RetrainPolicy.model_validate(
        {
            "metadata": {"name": "nightly", "namespace": "bank", "uid": "uid-of-nightly"},
            "spec": {
                "modelDeploymentRef": {"name": "credit"},
                "workload": workload,
                "gate": {"checks": [{"metric": "auc", "maxRegression": "0"}]},
                "limits": {"activeDeadlineSeconds": 600, "backoffLimit": 1},
                "output": {"uri": "s3://models/credit", "credentialsSecretName": "publish"},
            },
        }
    )


CONTAINER = {"name": "pytorch", "image": "trainer:1", "args": ["--epochs", "3"]}
PYTORCH_POLICY = workload_policy(
    {
        "apiVersion": "kubeflow.org/v1",
        "kind": "PyTorchJob",
        "metadata": {"labels": {"team": "risk", labels.RUN: "mine"}, "annotations": {"note": "nightly"}},
        "spec": {
            "runPolicy": {"cleanPodPolicy": "None"},
            "pytorchReplicaSpecs": {
                "Master": {"replicas": 1, "template": {"spec": {"containers": [CONTAINER]}}},
                "Worker": {
                    "replicas": 2,
                    "template": {
                        "spec": {
                            "securityContext": {"runAsUser": 1000},
                            "initContainers": [{"name": "wait", "image": "busybox:1"}],
                            "containers": [
                                {
                                    **CONTAINER,
                                    "env": [
                                        {"name": "LEVEL", "value": "2"},
                                        {"name": "HOLDFAST_RUN", "value": "mine"},
                                    ],
                                    "securityContext": {"readOnlyRootFilesystem": True},
                                    "volumeMounts": [{"name": "cache", "mountPath": "/cache"}],
                                }
                            ],
                            "volumes": [{"name": "cache", "emptyDir": {}}],
                        }
                    },
                },
            },
        },
    },
    dataUri="s3://data/credit",
    queueName="risk",
)
WORKFLOW_POLICY = workload_policy(
    {
        "apiVersion": "argoproj.io/v1alpha1",
        "kind": "Workflow",
        "spec": {
            "entrypoint": "train",
            "templates": [
                {"name": "train", "container": {"image": "trainer:1"}},
                {"name": "report", "script": {"image": "python:3", "source": "print(1)"}},
                {"name": "both", "steps": [[{"name": "a", "template": "train"}]]},
            ],
        },
    },
    serviceAccountName="argo",
)
TRAIN_JOB_POLICY = workload_policy(
    {
        "apiVersion": "trainer.kubeflow.org/v1alpha1",
        "kind": "TrainJob",
        "spec": {"runtimeRef": {"name": "torch-distributed"}, "trainer": {"numNodes": 2}},
    },
    handover={"uri": "s3://handover/credit/", "credentialsSecretName": "handover"},
    nodeSelector={"pool": "evaluation"},
)


def workload_children(
    run: RetrainRun, champion: ChampionSource, settings: ImageSettings
) -> dict[str, Manifest]:
    """Return the workloads and evaluation Jobs by the name of their golden file."""
    made = {}
    for name, policy in {
        "pytorch_job": PYTORCH_POLICY,
        "workflow": WORKFLOW_POLICY,
        "train_job": TRAIN_JOB_POLICY,
    }.items():
        workload = policy.spec.workload
        assert workload is not None
        known = champion if name == "pytorch_job" else None
        parts = TrainingParts(run, policy, known)
        made[name] = render_workload(parts, workload)
        made[f"evaluation_job_of_{name}"] = render_evaluation_job(parts, workload, settings)
    return made
