"""Every child that the operator makes, rendered from resources that use as many fields as possible."""

from holdfast_operator.api.autoscaling import Autoscaling
from holdfast_operator.api.gateway import Gateway
from holdfast_operator.api.model_deployment import ModelDeployment, Revision
from holdfast_operator.api.outside_triggers import DataTrigger
from holdfast_operator.api.retrain_policy import RetrainPolicy, RunReference
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.api.rollout import Rollout
from holdfast_operator.manifests.horizontal_pod_autoscaler import render_horizontal_pod_autoscaler
from holdfast_operator.manifests.http_route import Backend, render_http_route
from holdfast_operator.manifests.inspection_job import Inspection, render_inspection_job
from holdfast_operator.manifests.look_job import Look, render_look_job
from holdfast_operator.manifests.metadata import ImageSettings, Manifest
from holdfast_operator.manifests.network_policy import render_network_policy
from holdfast_operator.manifests.pod_disruption_budget import render_pod_disruption_budget
from holdfast_operator.manifests.retrain_run import render_retrain_run
from holdfast_operator.manifests.server_deployment import render_server_deployment
from holdfast_operator.manifests.service import CANDIDATE_SUFFIX, render_revision_service, render_service
from holdfast_operator.manifests.service_account import render_service_account
from holdfast_operator.manifests.training_containers import ChampionSource, TrainingParts
from holdfast_operator.manifests.training_job import render_training_job
from tests.unit.operator.manifests.workload_samples import workload_children

SETTINGS = ImageSettings(
    server_image="registry.example/holdfast-server@sha256:0a1b",
    evaluator_image="registry.example/holdfast-evaluator@sha256:2c3d",
    image_pull_policy="Always",
    pod_image_pull_secrets=("registry",),
)
PLAIN_SETTINGS = ImageSettings(server_image="server:1", evaluator_image="evaluator:1")
DIGEST = "sha256:" + "ab" * 32
RESOURCE = ModelDeployment.model_validate(
    {
        "metadata": {"name": "credit", "namespace": "bank", "uid": "uid-of-credit"},
        "spec": {
            "model": {
                "uri": "s3://models/credit/7",
                "credentialsSecretName": "store",
                "verification": {"publicKeySecretName": "signing"},
            },
            "server": {
                "replicas": 3,
                "autoscaling": {
                    "minReplicas": 2,
                    "maxReplicas": 10,
                    "targets": {
                        "cpuUtilizationPercent": 70,
                        "memoryUtilizationPercent": 90,
                        "podMetrics": [{"name": "inference_requests_per_second", "averageValue": 200}],
                    },
                },
                "workers": 2,
                "threads": 2,
                "batching": {"mode": "Disabled", "maxRows": 8, "maxDelayMilliseconds": 2},
                "limits": {
                    "maxBodyBytes": 4096,
                    "maxConnections": 100,
                    "maxInFlight": 10,
                    "headerTimeoutSeconds": 5,
                    "bodyTimeoutSeconds": 6,
                    "requestTimeoutSeconds": 20,
                },
                "feedback": {
                    "signingKeySecretName": "prediction-ids",
                    "maxAgeDays": 90,
                    "slices": ["region", "age"],
                },
                "capture": {
                    "uri": "s3://captured/credit",
                    "percent": 5,
                    "maxRowsPerHour": 1000,
                    "retentionDays": 7,
                    "excludeColumns": ["name", "x[3]"],
                    "credentialsSecretName": "captured",
                },
                "nodeSelector": {"disk": "ssd"},
                "tolerations": [{"key": "gpu", "operator": "Exists", "effect": "NoSchedule"}],
                "priorityClassName": "serving",
                "featureMonitoring": "Disabled",
            },
            "rollout": {
                "traffic": {
                    "gateway": {
                        "parentRefs": [
                            {"name": "public", "namespace": "gateways", "sectionName": "https", "port": 443}
                        ],
                        "hostnames": ["credit.example.com"],
                    }
                }
            },
        },
    }
)
REVISION = Revision.model_validate(
    {
        "name": "credit-0123456789",
        "digest": DIGEST,
        "uri": "s3://models/credit/7",
        "credentialsSecretName": "store",
        "publicKeySecretName": "signing",
        "origin": "Spec",
        "image": SETTINGS.server_image,
        "server": RESOURCE.spec.server.model_dump(by_alias=True),
        "createdTime": "2026-11-02T09:00:00Z",
    }
)
CLAIM_REVISION = REVISION.model_copy(
    update={
        "uri": "pvc://models/credit/7",
        "credentials_secret_name": None,
        "public_key_secret_name": None,
        "image": PLAIN_SETTINGS.server_image,
        "server": {},
    }
)
GPU_RESOURCE = ModelDeployment.model_validate(
    {
        "metadata": {"name": "credit", "namespace": "bank", "uid": "uid-of-credit"},
        "spec": {
            "model": {"uri": "pvc://models/credit/7"},
            "server": {
                "resources": {"limits": {"cpu": "4", "memory": "8Gi", "nvidia.com/gpu": 1}},
                "executionProviders": ["TensorRT", "CUDA", "CPU"],
                "grpc": "Disabled",
                "autoscaling": {"maxReplicas": 4},
                "feedback": {"mode": "Disabled", "signingKeySecretName": "unused"},
                "capture": {"uri": "pvc://models/captured"},
            },
            "rollout": {"traffic": {"gateway": {"parentRefs": [{"name": "private"}]}}},
        },
    }
)
GPU_REVISION = CLAIM_REVISION.model_copy(
    update={
        "image": "server-gpu:1",
        "server": GPU_RESOURCE.spec.server.model_dump(by_alias=True, exclude_none=True),
    }
)
POLICY = RetrainPolicy.model_validate(
    {
        "metadata": {"name": "nightly", "namespace": "bank", "uid": "uid-of-nightly"},
        "spec": {
            "modelDeploymentRef": {"name": "credit"},
            "trainer": {
                "image": "registry.example/trainer@sha256:4e5f",
                "command": ["python"],
                "args": ["train.py", "--months", "2"],
                "env": [{"name": "PRICE", "value": "5$ $(HOME)"}, {"name": "HOLDFAST_RUN", "value": "mine"}],
                "dataUri": "s3://data/credit",
                "credentialsSecretName": "data",
                "nodeSelector": {"pool": "training"},
                "tolerations": [{"key": "spot", "operator": "Equal", "value": "yes"}],
            },
            "gate": {"checks": [{"metric": "auc", "maxRegression": "0"}, {"metric": "auc", "min": "0.7"}]},
            "limits": {"activeDeadlineSeconds": 600, "backoffLimit": 1},
            "output": {"uri": "s3://models/credit", "credentialsSecretName": "publish"},
        },
    }
)
CLAIM_POLICY = RetrainPolicy.model_validate(
    {
        "metadata": {"name": "nightly", "namespace": "bank", "uid": "uid-of-nightly"},
        "spec": {
            "modelDeploymentRef": {"name": "credit"},
            "trainer": {"image": "trainer:1", "dataUri": "pvc://models/data/2026"},
            "output": {"uri": "pvc://models/credit"},
        },
    }
)
WATCHED_DATA = DataTrigger(uri="s3://data/credit", credentials_secret_name="data")
WATCHED_CLAIM = DataTrigger(uri="pvc://models/data/2026", check_interval_seconds=60)


RUN = RetrainRun.model_validate(
    {
        "metadata": {"name": "nightly-drift-0123456789", "namespace": "bank", "uid": "uid-of-run"},
        "spec": {
            "policyRef": {"name": "nightly"},
            "trigger": {"type": "Drift", "reason": "moved", "evidence": {"psi": "0.4"}},
        },
    }
)
REFERENCE = RunReference.model_validate(
    {
        "name": "nightly-drift-0123456789",
        "trigger": "Drift",
        "reason": "Feature temperature moved: PSI 0.40 on 900 rows.",
        "evidence": {"psi": "0.400", "rows": "900"},
        "intentTime": "2026-11-02T09:00:00Z",
    }
)


def autoscaling_of(resource: ModelDeployment) -> Autoscaling:
    assert resource.spec.server.autoscaling
    return resource.spec.server.autoscaling


def gateway_of(resource: ModelDeployment) -> Gateway:
    traffic = resource.spec.rollout.traffic
    assert traffic
    assert traffic.gateway
    return traffic.gateway


MIRRORED = GPU_RESOURCE.model_copy(
    update={"spec": GPU_RESOURCE.spec.model_copy(update={"rollout": Rollout(strategy="Shadow")})}
)
"""Its servers send copies of requests."""


def _services() -> dict[str, Manifest]:
    return {
        "service": render_service(RESOURCE),
        "service_without_grpc": render_service(GPU_RESOURCE),
        "service_of_one_revision": render_service(RESOURCE, REVISION.name),
        "network_policy_of_mirrored_model": render_network_policy(MIRRORED, reads_network=False),
        "server_deployment_of_mirrored_model": render_server_deployment(
            MIRRORED, CLAIM_REVISION, PLAIN_SETTINGS, 1
        ),
        "service_of_candidate": render_revision_service(RESOURCE, CANDIDATE_SUFFIX, REVISION.name),
    }


def every_child() -> dict[str, Manifest]:
    """Return the manifests by the name of their golden file."""
    champion = ChampionSource("s3://models/credit/7", DIGEST, "store", "signing")
    claim_champion = ChampionSource("pvc://models/credit/7", DIGEST)
    inspection = Inspection("a1b2c3d4e5", "s3://models/credit/7", DIGEST, "store", "signing")
    on_gpu = Inspection("0a9b8c7d6e", "pvc://models/credit/7", None, None)
    config_map = Inspection("f6a7b8c9d0", "configmap://tiny", None, None)
    trainer, claim_trainer = POLICY.spec.trainer, CLAIM_POLICY.spec.trainer
    assert trainer is not None
    assert claim_trainer is not None
    return {
        "service_account": render_service_account(RESOURCE),
        **_services(),
        "pod_disruption_budget": render_pod_disruption_budget(RESOURCE),
        "network_policy": render_network_policy(RESOURCE, reads_network=True),
        "network_policy_without_network": render_network_policy(RESOURCE, reads_network=False),
        "server_deployment": render_server_deployment(RESOURCE, REVISION, SETTINGS, 3),
        "server_deployment_from_claim": render_server_deployment(RESOURCE, CLAIM_REVISION, PLAIN_SETTINGS, 3),
        "server_deployment_on_gpu": render_server_deployment(GPU_RESOURCE, GPU_REVISION, PLAIN_SETTINGS, 1),
        "server_deployment_scaled_elsewhere": render_server_deployment(
            RESOURCE, CLAIM_REVISION, PLAIN_SETTINGS, None
        ),
        "horizontal_pod_autoscaler": render_horizontal_pod_autoscaler(
            RESOURCE, autoscaling_of(RESOURCE), REVISION
        ),
        "horizontal_pod_autoscaler_by_default": render_horizontal_pod_autoscaler(
            GPU_RESOURCE, autoscaling_of(GPU_RESOURCE), GPU_REVISION
        ),
        "http_route": render_http_route(
            RESOURCE, gateway_of(RESOURCE), [Backend("credit-stable", 90), Backend("credit-candidate", 10)]
        ),
        "http_route_of_shared_listener": render_http_route(
            GPU_RESOURCE, gateway_of(GPU_RESOURCE), [Backend("credit-stable", 100)]
        ),
        "inspection_job_of_gpu_model": render_inspection_job(GPU_RESOURCE, on_gpu, PLAIN_SETTINGS),
        "inspection_job": render_inspection_job(RESOURCE, inspection, SETTINGS),
        "inspection_job_of_config_map": render_inspection_job(RESOURCE, config_map, PLAIN_SETTINGS),
        "training_job": render_training_job(TrainingParts(RUN, POLICY, champion), trainer, SETTINGS),
        "training_job_on_claim": render_training_job(
            TrainingParts(RUN, CLAIM_POLICY, claim_champion), claim_trainer, PLAIN_SETTINGS
        ),
        "training_job_without_champion": render_training_job(
            TrainingParts(RUN, CLAIM_POLICY, None), claim_trainer, PLAIN_SETTINGS
        ),
        "look_job": render_look_job(POLICY, Look(WATCHED_DATA, 7, 0), SETTINGS),
        "look_job_on_claim": render_look_job(CLAIM_POLICY, Look(WATCHED_CLAIM, 7, 1), PLAIN_SETTINGS),
        "retrain_run": render_retrain_run(POLICY, REFERENCE),
        **workload_children(RUN, champion, SETTINGS),
    }
