"""Deployment of one revision: fetch the package, accept only its digest, serve it."""

from typing import Any, Final

from holdfast import labels
from holdfast.settings import HTTP_PORT, MODEL_DIR, FetchSettings, ServerSettings
from holdfast_operator.api.model_deployment import ModelDeployment, Revision, Server
from holdfast_operator.manifests.environment import literal_env
from holdfast_operator.manifests.fetch_container import COMMAND, render_fetch_container
from holdfast_operator.manifests.metadata import (
    SERVER,
    ImageSettings,
    Manifest,
    child_metadata,
    selector_labels,
)
from holdfast_operator.manifests.model_source import Storage, storage_for
from holdfast_operator.manifests.pod_security import (
    container_security_context,
    placement,
    pod_defaults,
    resource_amounts,
    scratch_volume,
)
from holdfast_operator.manifests.service_account import service_account_name

FETCH_CONTAINER: Final = "fetch"
SERVER_CONTAINER: Final = "server"
MODEL_VOLUME_SIZE: Final = "4Gi"
TERMINATION_GRACE_SECONDS: Final = 45
"""Longer than the server's drain (5 s) and the requests that are then still in flight."""


def render_server_deployment(
    resource: ModelDeployment, revision: Revision, settings: ImageSettings
) -> Manifest:
    """Return the Deployment of a revision, with the replicas of the spec."""
    name = revision.name
    selector = selector_labels(resource.metadata.name, SERVER) | {labels.REVISION: name}
    metadata = child_metadata(resource, name, SERVER)
    metadata["labels"][labels.REVISION] = name
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": metadata,
        "spec": {
            "replicas": resource.spec.server.replicas,
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
    source = storage_for(revision.uri, revision.credentials_secret_name)
    return {
        **pod_defaults(settings),
        **placement(server.node_selector, server.tolerations, server.priority_class_name),
        "serviceAccountName": service_account_name(resource.metadata.name),
        "terminationGracePeriodSeconds": TERMINATION_GRACE_SECONDS,
        "topologySpreadConstraints": [
            _spread("kubernetes.io/hostname", selector),
            _spread("topology.kubernetes.io/zone", selector),
        ],
        "initContainers": [_fetch_container(revision, source, settings)],
        "containers": [_server_container(resource, revision, settings)],
        "volumes": [
            scratch_volume("model", MODEL_VOLUME_SIZE),
            scratch_volume("tmp", "256Mi"),
            *source.volumes,
        ],
    }


def _fetch_container(revision: Revision, source: Storage, settings: ImageSettings) -> dict[str, Any]:
    fetch = FetchSettings(
        model_uri=revision.uri,
        model_digest=revision.digest,
        credentials_dir=source.credentials_dir,
    )
    mounts = [
        {"name": "model", "mountPath": MODEL_DIR},
        {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
        *source.mounts,
    ]
    return render_fetch_container(FETCH_CONTAINER, revision.image, settings.image_pull_policy, fetch, mounts)


def _server_container(
    resource: ModelDeployment, revision: Revision, settings: ImageSettings
) -> dict[str, Any]:
    return {
        "name": SERVER_CONTAINER,
        "image": revision.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": COMMAND,
        "args": ["serve"],
        "env": literal_env(_server_settings(resource, revision).to_env()),
        "ports": [{"name": "http", "containerPort": HTTP_PORT, "protocol": "TCP"}],
        "resources": resource_amounts(Server.model_validate(revision.server).resources),
        "securityContext": container_security_context(),
        "startupProbe": _probe("live", period=1, timeout=5, failures=120),
        "livenessProbe": _probe("live", period=10, timeout=5, failures=6),
        "readinessProbe": _probe("ready", period=2, timeout=5, failures=3),
        "volumeMounts": [
            {"name": "model", "mountPath": MODEL_DIR, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
        ],
    }


def _server_settings(resource: ModelDeployment, revision: Revision) -> ServerSettings:
    server = Server.model_validate(revision.server)
    return ServerSettings(
        model_name=resource.metadata.name,
        model_revision=revision.name,
        port=HTTP_PORT,
        threads=server.threads,
        max_body_bytes=server.max_body_bytes,
        feature_monitoring=server.feature_monitoring == "Enabled",
    )


def _probe(endpoint: str, *, period: int, timeout: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": f"/v2/health/{endpoint}", "port": "http"},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }


def _spread(topology_key: str, selector: dict[str, str]) -> dict[str, Any]:
    return {
        "maxSkew": 1,
        "topologyKey": topology_key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector},
    }
