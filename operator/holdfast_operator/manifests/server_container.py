"""The container that serves: its settings, ports and probes, and the volumes that only it mounts."""

from typing import Any, Final

from holdfast.settings import GRPC_PORT, HTTP_PORT, MODEL_DIR, ServerSettings
from holdfast_operator.api.model_deployment import ModelDeployment, Revision, Server
from holdfast_operator.api.server import Capture
from holdfast_operator.manifests.environment import literal_env
from holdfast_operator.manifests.fetch_container import COMMAND
from holdfast_operator.manifests.metadata import ImageSettings
from holdfast_operator.manifests.model_source import (
    CAPTURE_DIR,
    FEEDBACK_DIR,
    Storage,
    key_storage,
    mounted_path,
    needs_network,
    storage_for,
)
from holdfast_operator.manifests.pod_security import container_security_context, resource_amounts
from holdfast_operator.manifests.service import shadow_url

SERVER_CONTAINER: Final = "server"


def serving_storage(server: Server) -> Storage:
    """Return what the server needs beside the package: for captured rows and the key of prediction ids."""
    capture = server.capture
    captured = (
        storage_for(capture.uri, capture.credentials_secret_name, CAPTURE_DIR, writable=True)
        if capture
        else Storage()
    )
    key = key_storage("feedback", _signing_key_secret(server), FEEDBACK_DIR)
    return Storage(
        captured.volumes + key.volumes, captured.mounts + key.mounts, captured.credentials_dir, key.key_file
    )


def render_server_container(
    resource: ModelDeployment, revision: Revision, serving: Storage, settings: ImageSettings
) -> dict[str, Any]:
    """Return the container; ``serving`` is its revision's ``serving_storage``."""
    server = Server.model_validate(revision.server)
    ports = [{"name": "http", "containerPort": HTTP_PORT, "protocol": "TCP"}]
    if server.grpc == "Enabled":
        ports.append({"name": "grpc", "containerPort": GRPC_PORT, "protocol": "TCP"})
    return {
        "name": SERVER_CONTAINER,
        "image": revision.image,
        "imagePullPolicy": settings.image_pull_policy,
        "command": COMMAND,
        "args": ["serve"],
        "env": literal_env(_settings(resource, revision.name, server, serving).to_env()),
        "ports": ports,
        "resources": resource_amounts(server.resources),
        "securityContext": container_security_context(),
        "startupProbe": _probe("live", period=1, timeout=5, failures=120),
        "livenessProbe": _probe("live", period=10, timeout=5, failures=6),
        "readinessProbe": _probe("ready", period=2, timeout=5, failures=3),
        "volumeMounts": [
            {"name": "model", "mountPath": MODEL_DIR, "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},  # noqa: S108 - a volume of the pod's own
            *serving.mounts,
        ],
    }


def _settings(
    resource: ModelDeployment, revision_name: str, server: Server, serving: Storage
) -> ServerSettings:
    limits, batching = server.limits, server.batching
    values: dict[str, Any] = {
        "model_name": resource.metadata.name,
        "model_revision": revision_name,
        "port": HTTP_PORT,
        "grpc_port": GRPC_PORT if server.grpc == "Enabled" else None,
        "workers": server.workers,
        "threads": server.threads,
        "execution_providers": ",".join(server.execution_providers),
        "batching": batching.mode,
        "batch_max_rows": batching.max_rows,
        "batch_max_delay_milliseconds": batching.max_delay_milliseconds,
        "feature_monitoring": server.feature_monitoring == "Enabled",
        **limits.model_dump(),
        **_feedback(resource, server, serving),
        **(_capture(server.capture, serving) if server.capture else {}),
        **_shadow(resource),
    }
    return ServerSettings(**values)


def _feedback(resource: ModelDeployment, server: Server, serving: Storage) -> dict[str, Any]:
    """Return the settings of feedback; the uid is what all replicas and revisions have in common."""
    if server.feedback.mode == "Disabled":
        return {"feedback": False}
    own = f"prediction-ids:{resource.metadata.uid}"
    key = {"feedback_key_file": serving.key_file} if serving.key_file else {"feedback_key": own}
    feedback = server.feedback
    return {
        "feedback_slices": ",".join(feedback.slices),
        "feedback_max_age_days": feedback.max_age_days,
        **key,
    }


def _capture(capture: Capture, serving: Storage) -> dict[str, Any]:
    folder = f"file://{mounted_path(capture.uri, CAPTURE_DIR)}"
    return {
        "capture_uri": capture.uri if needs_network(capture.uri) else folder,
        "capture_percent": capture.percent,
        "capture_max_rows_per_hour": capture.max_rows_per_hour,
        "capture_retention_days": capture.retention_days,
        "capture_exclude": ",".join(capture.exclude_columns),
        "capture_credentials_dir": serving.credentials_dir,
    }


def _shadow(resource: ModelDeployment) -> dict[str, Any]:
    """Return where copies of requests go; the name leads nowhere unless a candidate is judged on them."""
    rollout = resource.spec.rollout
    if not rollout.mirrors:
        return {}
    percent = rollout.shadow.percent if rollout.shadow else 100
    return {"shadow_url": shadow_url(resource), "shadow_percent": percent}


def _signing_key_secret(server: Server) -> str | None:
    return server.feedback.signing_key_secret_name if server.feedback.mode == "Enabled" else None


def _probe(endpoint: str, *, period: int, timeout: int, failures: int) -> dict[str, Any]:
    return {
        "httpGet": {"path": f"/v2/health/{endpoint}", "port": "http"},
        "periodSeconds": period,
        "timeoutSeconds": timeout,
        "failureThreshold": failures,
    }
