"""The containers of a training pod, in the order in which they run."""

from dataclasses import dataclass
from typing import Any, Final

from holdfast.gate_terms import GateTerms
from holdfast.manifest import canonical_json
from holdfast.settings import EvaluationSettings, FetchSettings
from holdfast_operator.api.pod_resources import ResourceAmounts
from holdfast_operator.api.retrain_policy import RetrainPolicy, Trainer
from holdfast_operator.api.retrain_run import RetrainRun
from holdfast_operator.manifests.environment import literal_env
from holdfast_operator.manifests.fetch_container import COMMAND, render_fetch_container
from holdfast_operator.manifests.metadata import ImageSettings
from holdfast_operator.manifests.model_source import (
    DATA_DIR,
    PUBLISH_DIR,
    Storage,
    mounted_path,
    needs_network,
    package_storage,
    storage_for,
)
from holdfast_operator.manifests.pod_security import (
    container_security_context,
    resource_amounts,
)

CHAMPION_CONTAINER: Final = "fetch-champion"
TRAINER_CONTAINER: Final = "trainer"
COLLECT_CONTAINER: Final = "fetch-output"
EVALUATE_CONTAINER: Final = "evaluate"
CHAMPION_DIR: Final = "/mnt/champion"
OUTPUT_DIR: Final = "/mnt/output"
TEMPORARY_DIR: Final = "/tmp"  # noqa: S108 - a volume of the pod's own


@dataclass(frozen=True)
class ChampionSource:
    """Where the package that serves comes from."""

    uri: str
    digest: str
    credentials_secret_name: str | None = None
    public_key_secret_name: str | None = None


@dataclass(frozen=True)
class TrainingParts:
    """One run with what its Jobs are made from."""

    run: RetrainRun
    policy: RetrainPolicy
    champion: ChampionSource | None


@dataclass(frozen=True)
class ContainerWithVolumes:
    """A container and the volumes that only it mounts."""

    container: dict[str, Any]
    volumes: tuple[dict[str, Any], ...]


def render_champion_container(champion: ChampionSource, settings: ImageSettings) -> ContainerWithVolumes:
    """Return the container that fetches the serving package."""
    source = package_storage(champion.uri, champion.credentials_secret_name, champion.public_key_secret_name)
    fetch = FetchSettings(
        model_uri=champion.uri,
        model_digest=champion.digest,
        model_dir=CHAMPION_DIR,
        credentials_dir=source.credentials_dir,
        verification_key_file=source.key_file,
    )
    mounts = [
        {"name": "champion", "mountPath": CHAMPION_DIR},
        {"name": "evaluate-tmp", "mountPath": TEMPORARY_DIR},
        *source.mounts,
    ]
    pull_policy = settings.image_pull_policy
    container = render_fetch_container(CHAMPION_CONTAINER, settings.server_image, pull_policy, fetch, mounts)
    return ContainerWithVolumes(container, source.volumes)


def render_trainer_container(
    run: RetrainRun, trainer: Trainer, *, has_champion: bool
) -> ContainerWithVolumes:
    """Return the user's container; it has no credentials but its own, and none for the output."""
    data = _data_storage(trainer)
    container = {
        "name": TRAINER_CONTAINER,
        "image": trainer.image,
        "imagePullPolicy": trainer.image_pull_policy,
        **({"command": list(trainer.command)} if trainer.command else {}),
        **({"args": list(trainer.args)} if trainer.args else {}),
        "env": _trainer_env(run, trainer, has_champion=has_champion),
        **_env_from(trainer.credentials_secret_name),
        "resources": resource_amounts(trainer.resources),
        "securityContext": container_security_context(),
        "volumeMounts": [
            {"name": "champion", "mountPath": CHAMPION_DIR, "readOnly": True},
            {"name": "output", "mountPath": OUTPUT_DIR},
            {"name": "trainer-tmp", "mountPath": TEMPORARY_DIR},
            *data.mounts,
        ],
    }
    return ContainerWithVolumes(container, data.volumes)


def render_evaluate_container(
    training: TrainingParts, resources: ResourceAmounts, settings: ImageSettings
) -> ContainerWithVolumes:
    """Return the container that compares, packages and publishes."""
    run, policy, champion = training.run, training.policy, training.champion
    output = policy.spec.output
    target = storage_for(output.uri, output.credentials_secret_name, PUBLISH_DIR, writable=True)
    evaluation = EvaluationSettings(
        candidate_dir=OUTPUT_DIR,
        champion_dir=CHAMPION_DIR if champion else None,
        champion_digest=champion.digest if champion else None,
        output_uri=output.uri,
        credentials_dir=target.credentials_dir,
        run=run.metadata.name,
        gate=canonical_json(_without_defaults(policy.spec.gate.terms())).decode(),
        trigger=canonical_json(run.spec.trigger.model_dump(by_alias=True)).decode(),
    )
    container = {
        "name": EVALUATE_CONTAINER,
        "image": settings.evaluator_image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": COMMAND,
        "args": ["evaluate"],
        "env": literal_env(evaluation.to_env()),
        "resources": resource_amounts(resources),
        "securityContext": container_security_context(),
        "volumeMounts": [
            {"name": "champion", "mountPath": CHAMPION_DIR, "readOnly": True},
            {"name": "output", "mountPath": OUTPUT_DIR},
            {"name": "evaluate-tmp", "mountPath": TEMPORARY_DIR},
            *target.mounts,
        ],
    }
    return ContainerWithVolumes(container, target.volumes)


def _without_defaults(gate: GateTerms) -> dict[str, Any]:
    """Return the gate's terms, but for those that the evaluator takes for granted, too."""
    return gate.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def _data_storage(trainer: Trainer) -> Storage:
    if trainer.data_uri is None or needs_network(trainer.data_uri):
        return Storage()
    return storage_for(trainer.data_uri, None, DATA_DIR)


def _trainer_env(run: RetrainRun, trainer: Trainer, *, has_champion: bool) -> list[dict[str, str]]:
    """Return the user's variables, then ours: those that share a name with ours are left out."""
    ours = {"HOLDFAST_OUTPUT_DIR": OUTPUT_DIR, **run_variables(run)}
    if has_champion:
        ours["HOLDFAST_CHAMPION_DIR"] = CHAMPION_DIR
    if trainer.data_uri is not None:
        ours["HOLDFAST_DATA_URI"] = trainer.data_uri
        if not needs_network(trainer.data_uri):
            ours["HOLDFAST_DATA_DIR"] = mounted_path(trainer.data_uri, DATA_DIR)
    # The root file system is read-only, and the image's user may have no home there.
    theirs = {"HOME": TEMPORARY_DIR} | {variable.name: variable.value for variable in trainer.env}
    return literal_env({"name": name, "value": value} for name, value in (theirs | ours).items())


def run_variables(run: RetrainRun) -> dict[str, str]:
    """Return what every trainer is told about its run."""
    return {
        "HOLDFAST_RUN": run.metadata.name,
        "HOLDFAST_TRIGGER": canonical_json(run.spec.trigger.model_dump(by_alias=True)).decode(),
    }


def _env_from(secret_name: str | None) -> dict[str, Any]:
    return {"envFrom": [{"secretRef": {"name": secret_name}}]} if secret_name else {}
