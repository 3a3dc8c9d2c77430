"""Training Job: fetch the champion, run the user's trainer, then evaluate and publish in our container."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from holdfast import labels
from holdfast.results import EXIT_BAD_DATA, EXIT_MODEL_REFUSED
from holdfast_operator.api.retrain_policy import Trainer
from holdfast_operator.manifests.metadata import (
    TRAINING,
    ImageSettings,
    Manifest,
    child_labels,
    label_value,
    owner_reference,
)
from holdfast_operator.manifests.model_source import merge_volumes
from holdfast_operator.manifests.pod_security import placement, pod_defaults, scratch_volume
from holdfast_operator.manifests.training_containers import (
    CHAMPION_CONTAINER,
    EVALUATE_CONTAINER,
    TRAINER_CONTAINER,
    ContainerWithVolumes,
    TrainingParts,
    render_champion_container,
    render_evaluate_container,
    render_trainer_container,
)

OUTPUT_SIZE: Final = "8Gi"
CHAMPION_SIZE: Final = "4Gi"
SCRATCH_SIZE: Final = "4Gi"
QUEUE_LABEL: Final = "kueue.x-k8s.io/queue-name"


def render_training_job(training: TrainingParts, trainer: Trainer, settings: ImageSettings) -> Manifest:
    """Return the Job; it has the run's name."""
    champion = champion_container(training, settings)
    trained = render_trainer_container(training.run, trainer, has_champion=champion is not None)
    evaluate = render_evaluate_container(training, trainer.resources, settings)
    parts = [part for part in (champion, trained, evaluate) if part is not None]
    pod = {
        **pod_defaults(settings),
        **placement(trainer.node_selector, trainer.tolerations),
        **containers_of(parts, ["output", "champion", "trainer-tmp", "evaluate-tmp"]),
    }
    metadata = run_metadata(training, training.run.metadata.name)
    metadata["labels"] |= queue_label(trainer.queue_name)
    return render_run_job(training, metadata, {TRAINER_CONTAINER: EXIT_BAD_DATA}, pod)


def render_run_job(
    training: TrainingParts, metadata: Mapping[str, Any], refusals: Mapping[str, int], pod: Mapping[str, Any]
) -> Manifest:
    """Return a Job of a run; it has no time to live, for the result must be read before it goes.

    Args:
        training: what it is made from.
        metadata: of the Job; its labels are those of the pods as well.
        refusals: exit codes by container that end the Job at once, beside those of our own containers.
        pod: spec of the pods.
    """
    limits = training.policy.spec.limits
    codes = {**refusals, EVALUATE_CONTAINER: EXIT_MODEL_REFUSED}
    if training.champion is not None:
        codes[CHAMPION_CONTAINER] = EXIT_MODEL_REFUSED
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "backoffLimit": limits.backoff_limit,
            "activeDeadlineSeconds": limits.active_deadline_seconds,
            "podFailurePolicy": {"rules": _failure_rules(codes)},
            "template": {"metadata": {"labels": metadata["labels"]}, "spec": pod},
        },
    }


def run_metadata(training: TrainingParts, name: str) -> dict[str, Any]:
    """Return the metadata of an object that a run owns."""
    run = training.run
    return {
        "name": name,
        "namespace": run.metadata.namespace,
        "labels": {
            **child_labels(training.policy.spec.model_deployment_ref.name, TRAINING),
            labels.POLICY: label_value(training.policy.metadata.name),
            labels.RUN: label_value(run.metadata.name),
        },
        "ownerReferences": [owner_reference("RetrainRun", run.metadata)],
    }


def queue_label(queue_name: str | None) -> dict[str, str]:
    """Return the label by which Kueue finds the queue of an object, if it is to have one."""
    return {} if queue_name is None else {QUEUE_LABEL: queue_name}


def champion_container(training: TrainingParts, settings: ImageSettings) -> ContainerWithVolumes | None:
    """Return the container that fetches what serves now, if anything does."""
    return None if training.champion is None else render_champion_container(training.champion, settings)


def containers_of(parts: Sequence[ContainerWithVolumes], scratch: Sequence[str]) -> dict[str, Any]:
    """Return the fields of a pod that runs the parts one after the other, the last as its container."""
    sizes = {"output": OUTPUT_SIZE, "champion": CHAMPION_SIZE}
    return {
        "restartPolicy": "Never",
        "initContainers": [part.container for part in parts[:-1]],
        "containers": [parts[-1].container],
        "volumes": [
            *(scratch_volume(name, sizes.get(name, SCRATCH_SIZE)) for name in scratch),
            *merge_volumes(volume for part in parts for volume in part.volumes),
        ],
    }


def _failure_rules(codes: Mapping[str, int]) -> list[dict[str, Any]]:
    rules: list[dict[str, Any]] = [
        {
            "action": "FailJob",
            "onExitCodes": {"containerName": container, "operator": "In", "values": [code]},
        }
        for container, code in codes.items()
    ]
    disrupted = {"type": "DisruptionTarget", "status": "True"}
    return [*rules, {"action": "Ignore", "onPodConditions": [disrupted]}]
