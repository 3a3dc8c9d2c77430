"""The init container that copies a model package into a volume, for serving and for training pods."""

from typing import Any, Final

from holdfast.settings import FetchSettings
from holdfast_operator.manifests.environment import literal_env
from holdfast_operator.manifests.pod_security import (
    FETCH_RESOURCES,
    container_security_context,
    resource_amounts,
)

COMMAND: Final = ["python", "-m", "holdfast_serving"]
"""Of every container of the serving image; the arguments name what it does."""


def render_fetch_container(
    name: str, image: str, pull_policy: str, fetch: FetchSettings, mounts: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the container; ``mounts`` holds the target folder, /tmp, and what the source needs."""
    return {
        "name": name,
        "image": image,
        "imagePullPolicy": pull_policy,
        "command": COMMAND,
        "args": ["fetch"],
        "env": literal_env(fetch.to_env()),
        "resources": resource_amounts(FETCH_RESOURCES),
        "securityContext": container_security_context(),
        "volumeMounts": mounts,
    }
