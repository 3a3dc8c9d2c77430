"""The start of a RetrainRun: what it is to be judged against, and its Job."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import Champion, RetrainRun
from holdfast_operator.core.observation import RetrainRunObservation
from holdfast_operator.core.timestamps import format_time
from holdfast_operator.manifests.metadata import Manifest
from holdfast_operator.manifests.training_containers import ChampionSource
from holdfast_operator.manifests.training_job import TrainingParts, render_training_job


def plan_start(run: RetrainRun, model_deployment: ModelDeployment, now: datetime) -> Mapping[str, Any]:
    """Return the fields of the status that announce the Job."""
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
        "job": run.metadata.name,
        "start_time": format_time(now),
        "champion": champion,
    }


def plan_training_job(observation: RetrainRunObservation, policy: RetrainPolicy) -> Manifest:
    """Return the Job of a run whose start has been announced."""
    champion = observation.resource.status.champion
    source = (
        ChampionSource(
            champion.uri, champion.digest, champion.credentials_secret_name, champion.public_key_secret_name
        )
        if champion
        else None
    )
    return render_training_job(TrainingParts(observation.resource, policy, source), observation.settings)
