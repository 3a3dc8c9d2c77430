"""What every pod of ours has in common: the Pod Security level ``restricted`` and no token."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from holdfast_operator.api.pod_resources import ResourceAmounts, Toleration
from holdfast_operator.manifests.metadata import ImageSettings

USER: Final = 65532
"""User and group of all our containers, so that they can share volumes."""
FETCH_RESOURCES: Final = ResourceAmounts(
    requests={"cpu": "50m", "memory": "64Mi"}, limits={"cpu": "1", "memory": "512Mi"}
)
"""Of a container that only copies files."""


def pod_security_context() -> dict[str, Any]:
    """Return the security context of a pod."""
    return {
        "runAsNonRoot": True,
        "runAsUser": USER,
        "runAsGroup": USER,
        "fsGroup": USER,
        "fsGroupChangePolicy": "OnRootMismatch",
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def container_security_context() -> dict[str, Any]:
    """Return the security context of a container."""
    return {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "readOnlyRootFilesystem": True,
    }


def pod_defaults(settings: ImageSettings) -> dict[str, Any]:
    """Return the fields that every pod of ours has."""
    pull_secrets = [{"name": name} for name in settings.pod_image_pull_secrets]
    return {
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "securityContext": pod_security_context(),
        **({"imagePullSecrets": pull_secrets} if pull_secrets else {}),
    }


def placement(
    node_selector: Mapping[str, str],
    tolerations: Sequence[Toleration],
    priority_class_name: str | None = None,
) -> dict[str, Any]:
    """Return the fields that say where a pod may run, without those that are unset."""
    fields = {
        "nodeSelector": dict(node_selector),
        "tolerations": [item.model_dump(by_alias=True, exclude_none=True) for item in tolerations],
        "priorityClassName": priority_class_name,
    }
    return {name: value for name, value in fields.items() if value}


def resource_amounts(resources: ResourceAmounts) -> dict[str, Any]:
    """Return requests and limits as in a container."""
    amounts = {"requests": dict(resources.requests), "limits": dict(resources.limits)}
    return {name: value for name, value in amounts.items() if value}


def without_devices(resources: ResourceAmounts) -> ResourceAmounts:
    """Return the resources without GPUs."""
    parts = {"requests": resources.requests, "limits": resources.limits}
    kept = {
        part: {name: amount for name, amount in amounts.items() if not name.startswith("nvidia.com/")}
        for part, amounts in parts.items()
    }
    return ResourceAmounts(**kept)


def scratch_volume(name: str, size_limit: str) -> dict[str, Any]:
    """Return a volume that begins empty, lives as long as the pod and is bounded."""
    return {"name": name, "emptyDir": {"sizeLimit": size_limit}}
