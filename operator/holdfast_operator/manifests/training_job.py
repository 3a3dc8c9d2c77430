"""Training Job: fetch the champion, run the user's trainer, then evaluate and publish in our container."""

from dataclasses import dataclass
from typing import Any, Final

from holdfast import labels
from holdfast.results import EXIT_BAD_DATA, EXIT_MODEL_REFUSED
from holdfast_operator.api.retrain_policy import RetrainPolicy
from holdfast_operator.api.retrain_run import RetrainRun
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
    ChampionSource,
    ContainerWithVolumes,
    render_champion_container,
    render_evaluate_container,
    render_trainer_container,
)

OUTPUT_SIZE: Final = "8Gi"
CHAMPION_SIZE: Final = "4Gi"
SCRATCH_SIZE: Final = "4Gi"


@dataclass(frozen=True)
class TrainingParts:
    """One run with what its Job is made from."""

    run: RetrainRun
    policy: RetrainPolicy
    champion: ChampionSource | None


def render_training_job(training: TrainingParts, settings: ImageSettings) -> Manifest:
    """Return the Job; it has the run's name and no time to live: it goes with the run."""
    run, limits = training.run, training.policy.spec.limits
    metadata = {
        "name": run.metadata.name,
        "namespace": run.metadata.namespace,
        "labels": {
            **child_labels(training.policy.spec.model_deployment_ref.name, TRAINING),
            labels.POLICY: label_value(training.policy.metadata.name),
            labels.RUN: label_value(run.metadata.name),
        },
        "ownerReferences": [owner_reference("RetrainRun", run.metadata)],
    }
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "backoffLimit": limits.backoff_limit,
            "activeDeadlineSeconds": limits.active_deadline_seconds,
            "podFailurePolicy": {"rules": _failure_rules(has_champion=training.champion is not None)},
            "template": {"metadata": {"labels": metadata["labels"]}, "spec": _pod(training, settings)},
        },
    }


def _failure_rules(*, has_champion: bool) -> list[dict[str, Any]]:
    codes = {TRAINER_CONTAINER: EXIT_BAD_DATA, EVALUATE_CONTAINER: EXIT_MODEL_REFUSED}
    if has_champion:
        codes[CHAMPION_CONTAINER] = EXIT_MODEL_REFUSED
    rules: list[dict[str, Any]] = [
        {
            "action": "FailJob",
            "onExitCodes": {"containerName": container, "operator": "In", "values": [code]},
        }
        for container, code in codes.items()
    ]
    disrupted = {"type": "DisruptionTarget", "status": "True"}
    return [*rules, {"action": "Ignore", "onPodConditions": [disrupted]}]


def _pod(training: TrainingParts, settings: ImageSettings) -> dict[str, Any]:
    trainer = training.policy.spec.trainer
    champion = _champion_container(training, settings)
    trained = render_trainer_container(
        training.run, training.policy.spec.trainer, has_champion=champion is not None
    )
    evaluate = render_evaluate_container(training.run, training.policy, training.champion, settings)
    parts = [part for part in (champion, trained, evaluate) if part is not None]
    return {
        **pod_defaults(settings),
        **placement(trainer.node_selector, trainer.tolerations),
        "restartPolicy": "Never",
        "initContainers": [part.container for part in parts[:-1]],
        "containers": [evaluate.container],
        "volumes": [
            scratch_volume("output", OUTPUT_SIZE),
            scratch_volume("champion", CHAMPION_SIZE),
            scratch_volume("trainer-tmp", SCRATCH_SIZE),
            scratch_volume("evaluate-tmp", SCRATCH_SIZE),
            *merge_volumes(volume for part in parts for volume in part.volumes),
        ],
    }


def _champion_container(training: TrainingParts, settings: ImageSettings) -> ContainerWithVolumes | None:
    return None if training.champion is None else render_champion_container(training.champion, settings)
