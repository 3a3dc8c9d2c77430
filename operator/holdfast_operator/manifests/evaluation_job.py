"""Evaluation Job of a run that another engine trains for: fetch its output, evaluate and publish."""

from typing import Final

from holdfast.results import EXIT_MODEL_REFUSED
from holdfast.settings import CollectionSettings
from holdfast_operator.api.workload import Workload
from holdfast_operator.manifests.environment import literal_env
from holdfast_operator.manifests.fetch_container import COMMAND
from holdfast_operator.manifests.metadata import ImageSettings, Manifest
from holdfast_operator.manifests.model_source import storage_for
from holdfast_operator.manifests.pod_security import (
    FETCH_RESOURCES,
    container_security_context,
    placement,
    pod_defaults,
    resource_amounts,
)
from holdfast_operator.manifests.training_containers import (
    COLLECT_CONTAINER,
    OUTPUT_DIR,
    TEMPORARY_DIR,
    ContainerWithVolumes,
    TrainingParts,
    render_evaluate_container,
)
from holdfast_operator.manifests.training_job import (
    champion_container,
    containers_of,
    render_run_job,
    run_metadata,
)
from holdfast_operator.manifests.workload import handover_uri, workload_name

SUFFIX: Final = "evaluate"


def evaluation_job_name(run: str) -> str:
    """Return the name of the Job; not the workload's, for some engines make a Job of that name."""
    return f"{workload_name(run)}-{SUFFIX}"


def render_evaluation_job(training: TrainingParts, workload: Workload, settings: ImageSettings) -> Manifest:
    """Return the Job; only its container that publishes has the credentials to do so."""
    champion = champion_container(training, settings)
    collect = _collect_container(training, workload, settings)
    evaluate = render_evaluate_container(training, workload.resources, settings)
    parts = [part for part in (champion, collect, evaluate) if part is not None]
    pod = {
        **pod_defaults(settings),
        **placement(workload.node_selector, workload.tolerations),
        **containers_of(parts, ["output", "champion", "evaluate-tmp"]),
    }
    metadata = run_metadata(training, evaluation_job_name(training.run.metadata.name))
    return render_run_job(training, metadata, {COLLECT_CONTAINER: EXIT_MODEL_REFUSED}, pod)


def _collect_container(
    training: TrainingParts, workload: Workload, settings: ImageSettings
) -> ContainerWithVolumes:
    uri = handover_uri(workload, training.run.metadata.name)
    source = storage_for(uri, workload.handover.credentials_secret_name)
    collection = CollectionSettings(
        source_uri=uri, output_dir=OUTPUT_DIR, credentials_dir=source.credentials_dir
    )
    container = {
        "name": COLLECT_CONTAINER,
        "image": settings.server_image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": COMMAND,
        "args": ["collect"],
        "env": literal_env(collection.to_env()),
        "resources": resource_amounts(FETCH_RESOURCES),
        "securityContext": container_security_context(),
        "volumeMounts": [
            {"name": "output", "mountPath": OUTPUT_DIR},
            {"name": "evaluate-tmp", "mountPath": TEMPORARY_DIR},
            *source.mounts,
        ],
    }
    return ContainerWithVolumes(container, source.volumes)
