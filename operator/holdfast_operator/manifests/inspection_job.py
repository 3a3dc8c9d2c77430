"""Inspection Job: fetch the model once, check it within limits, and report its digest and signature."""

from dataclasses import dataclass
from typing import Any, Final

from holdfast import labels
from holdfast.results import EXIT_MODEL_REFUSED, EXIT_STORE_UNREADABLE
from holdfast.settings import MODEL_DIR, InspectionSettings
from holdfast_operator.api.model_deployment import ModelDeployment
from holdfast_operator.manifests.environment import literal_env
from holdfast_operator.manifests.fetch_container import COMMAND
from holdfast_operator.manifests.metadata import (
    INSPECTION,
    ImageSettings,
    Manifest,
    child_metadata,
    prefix,
)
from holdfast_operator.manifests.model_source import Storage, package_storage
from holdfast_operator.manifests.pod_security import (
    container_security_context,
    placement,
    pod_defaults,
    resource_amounts,
    scratch_volume,
    without_devices,
)
from holdfast_operator.manifests.server_deployment import MODEL_VOLUME_SIZE
from holdfast_operator.manifests.service_account import service_account_name

INSPECT_CONTAINER: Final = "inspect"
DEADLINE_SECONDS: Final = 900


@dataclass(frozen=True)
class Inspection:
    """What is to be inspected, and the key that names this attempt."""

    key: str
    uri: str
    digest: str | None
    credentials_secret_name: str | None
    public_key_secret_name: str | None = None


def inspection_job_name(model_deployment: str, key: str) -> str:
    """Return the name of the Job."""
    return f"{prefix(model_deployment)}-inspect-{key}"


def render_inspection_job(
    resource: ModelDeployment, inspection: Inspection, settings: ImageSettings
) -> Manifest:
    """Return the Job; it has the resources of a serving pod, so what passes here fits there.

    But no GPU: the model is checked on the CPU, and those that there are may all be serving.
    """
    name = inspection_job_name(resource.metadata.name, inspection.key)
    metadata = child_metadata(resource, name, INSPECTION)
    metadata["labels"][labels.INSPECTION_KEY] = inspection.key
    codes = [EXIT_MODEL_REFUSED, EXIT_STORE_UNREADABLE]
    on_codes = {"containerName": INSPECT_CONTAINER, "operator": "In", "values": codes}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": metadata,
        "spec": {
            "backoffLimit": 2,
            "activeDeadlineSeconds": DEADLINE_SECONDS,
            "podFailurePolicy": {
                "rules": [
                    {"action": "FailJob", "onExitCodes": on_codes},
                    {"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget", "status": "True"}]},
                ]
            },
            "template": {
                "metadata": {"labels": metadata["labels"]},
                "spec": _pod(resource, inspection, settings),
            },
        },
    }


def _pod(resource: ModelDeployment, inspection: Inspection, settings: ImageSettings) -> dict[str, Any]:
    server = resource.spec.server
    source = package_storage(
        inspection.uri, inspection.credentials_secret_name, inspection.public_key_secret_name
    )
    return {
        **pod_defaults(settings),
        **placement(server.node_selector, server.tolerations, server.priority_class_name),
        "serviceAccountName": service_account_name(resource.metadata.name),
        "restartPolicy": "Never",
        "containers": [_container(resource, inspection, source, settings)],
        "volumes": [
            scratch_volume("model", MODEL_VOLUME_SIZE),
            scratch_volume("tmp", "256Mi"),
            *source.volumes,
        ],
    }


def _container(
    resource: ModelDeployment, inspection: Inspection, source: Storage, settings: ImageSettings
) -> dict[str, Any]:
    inspect = InspectionSettings(
        model_uri=inspection.uri,
        model_digest=inspection.digest,
        credentials_dir=source.credentials_dir,
        verification_key_file=source.key_file,
    )
    return {
        "name": INSPECT_CONTAINER,
        "image": settings.server_image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": COMMAND,
        "args": ["inspect"],
        "env": literal_env(inspect.to_env()),
        "resources": resource_amounts(without_devices(resource.spec.server.resources)),
        "securityContext": container_security_context(),
        "volumeMounts": [
            {"name": "model", "mountPath": MODEL_DIR},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
            *source.mounts,
        ],
    }
