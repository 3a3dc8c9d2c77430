"""Deployment of one revision: fetch the package, accept only its digest, serve it."""

from typing import Any, Final

from holdfast import labels
from holdfast.settings import MODEL_DIR, FetchSettings
from holdfast_operator.api.model_deployment import ModelDeployment, Revision, Server
from holdfast_operator.manifests.fetch_container import render_fetch_container
from holdfast_operator.manifests.metadata import (
    SERVER,
    ImageSettings,
    Manifest,
    child_metadata,
    selector_labels,
)
from holdfast_operator.manifests.model_source import Storage, merge_volumes, package_storage
from holdfast_operator.manifests.pod_security import placement, pod_defaults, scratch_volume
from holdfast_operator.manifests.server_container import render_server_container, serving_storage
from holdfast_operator.manifests.service_account import service_account_name

FETCH_CONTAINER: Final = "fetch"
MODEL_VOLUME_SIZE: Final = "4Gi"
DRAIN_SECONDS: Final = 5
EXIT_SECONDS: Final = 10
"""After the drain and the requests that are then still in flight: to publish, to flush and to exit."""


def render_server_deployment(
    resource: ModelDeployment, revision: Revision, settings: ImageSettings, replicas: int | None
) -> Manifest:
    """Return the Deployment of a revision; without ``replicas`` their number is left as it is."""
    name = revision.name
    selector = selector_labels(resource.metadata.name, SERVER) | {labels.REVISION: name}
    metadata = child_metadata(resource, name, SERVER)
    metadata["labels"][labels.REVISION] = name
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            **({"replicas": replicas} if replicas is not None else {}),
            "revisionHistoryLimit": 1,
            "progressDeadlineSeconds": resource.spec.rollout.progress_deadline_seconds,
            "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxUnavailable": 0, "maxSurge": 1}},
            "selector": {"matchLabels": selector},
            "template": {
                "metadata": {"labels": metadata["labels"]},
                "spec": _pod(resource, revision, settings, selector),
            },
        },
    }


def _pod(
    resource: ModelDeployment, revision: Revision, settings: ImageSettings, selector: dict[str, str]
) -> dict[str, Any]:
    server = Server.model_validate(revision.server)
    source = package_storage(revision.uri, revision.credentials_secret_name, revision.public_key_secret_name)
    serving = serving_storage(server)
    return {
        **pod_defaults(settings),
        **placement(server.node_selector, server.tolerations, server.priority_class_name),
        "serviceAccountName": service_account_name(resource.metadata.name),
        "terminationGracePeriodSeconds": DRAIN_SECONDS + server.limits.request_timeout_seconds + EXIT_SECONDS,
        "topologySpreadConstraints": [
            _spread("kubernetes.io/hostname", selector),
            _spread("topology.kubernetes.io/zone", selector),
        ],
        "initContainers": [_fetch_container(revision, source, settings)],
        "containers": [render_server_container(resource, revision, serving, settings)],
        "volumes": [
            scratch_volume("model", MODEL_VOLUME_SIZE),
            scratch_volume("tmp", "256Mi"),
            *merge_volumes([*source.volumes, *serving.volumes]),
        ],
    }


def _fetch_container(revision: Revision, source: Storage, settings: ImageSettings) -> dict[str, Any]:
    fetch = FetchSettings(
        model_uri=revision.uri,
        model_digest=revision.digest,
        credentials_dir=source.credentials_dir,
        verification_key_file=source.key_file,
    )
    mounts = [
        {"name": "model", "mountPath": MODEL_DIR},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
        *source.mounts,
    ]
    return render_fetch_container(FETCH_CONTAINER, revision.image, settings.image_pull_policy, fetch, mounts)


def _spread(topology_key: str, selector: dict[str, str]) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": topology_key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector},
    }
