"""The start of a RetrainRun: what it is to be judged against, and what is announced before it is made."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import Champion, RetrainRun, WorkloadReference
from holdfast_operator.core.observation import RetrainRunObservation
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.manifests.evaluation_job import evaluation_job_name
from holdfast_operator.manifests.training_containers import ChampionSource, TrainingParts
from holdfast_operator.manifests.workload import workload_name


def plan_start(
    run: RetrainRun, policy: RetrainPolicy, model_deployment: ModelDeployment, now: datetime
) -> Mapping[str, Any]:
    """Return the fields of the status that announce what trains."""
    stable = model_deployment.status.stable_revision
    champion = (
        Champion(
            revision=stable.name,
            digest=stable.digest,
            uri=stable.uri,
            credentials_secret_name=stable.credentials_secret_name,
            public_key_secret_name=stable.public_key_secret_name,
        )
        if stable is not None
        else None
    )
    return {
        "model_deployment": model_deployment.metadata.name,
        "start_time": format_time(now),
        "champion": champion,
        **_names(run.metadata.name, policy),
    }


def training_parts(observation: RetrainRunObservation, policy: RetrainPolicy) -> TrainingParts:
    """Return what the objects of a run are made from, once its start has been announced."""
    champion = observation.resource.status.champion
    source = (
        ChampionSource(
            champion.uri, champion.digest, champion.credentials_secret_name, champion.public_key_secret_name
        )
        if champion
        else None
    )
    return TrainingParts(observation.resource, policy, source)


def _names(run: str, policy: RetrainPolicy) -> Mapping[str, Any]:
    if policy.spec.workload is None:
        return {"job": run}
    template = policy.spec.workload.template
    reference = WorkloadReference(
        api_version=template.api_version, kind=template.kind, name=workload_name(run)
    )
    return {"job": evaluation_job_name(run), "workload": reference}
