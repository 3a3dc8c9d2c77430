"""How many pods a ModelDeployment should have: as many as the spec says, or as its autoscaler has set."""

from collections.abc import Mapping
from typing import Any

from holdfast_operator.api.model_deployment import ModelDeployment, Revision
from holdfast_operator.core.children import find_child
from holdfast_operator.core.observation import ModelDeploymentObservation
from holdfast_operator.manifests.metadata import FIELD_MANAGER, Manifest


def planned_replicas(observation: ModelDeploymentObservation) -> int:
    """Return the number of pods that should serve now.

    An autoscaler's is that of the stable revision's Deployment; before there is one, as few as allowed. A
    number beyond the bounds is the autoscaler's to correct, and 0 switches it off (autoscaling/v2).
    """
    resource = observation.resource
    autoscaling = resource.spec.server.autoscaling
    if autoscaling is None:
        return resource.spec.server.replicas
    deployment = _deployment(observation, resource.status.stable_revision)
    return autoscaling.min_replicas if deployment is None else live_replicas(deployment)


def most_replicas(resource: ModelDeployment) -> int:
    """Return the number of pods that there may be, apart from those of a rollout."""
    autoscaling = resource.spec.server.autoscaling
    return resource.spec.server.replicas if autoscaling is None else autoscaling.max_replicas


def live_replicas(deployment: Manifest) -> int:
    """Return the number of pods that the Deployment asks for, whoever has set it."""
    return int(deployment["spec"].get("replicas", 1))


def is_scaled_elsewhere(observation: ModelDeploymentObservation, revision: Revision) -> bool:
    """Whether the number of the revision's pods is to be left to the one who has set it.

    Server-side apply resets a field whose only owner stops naming it. So the number is named, as it is,
    until the autoscaler has changed it for the first time, and not after that.
    """
    stable = observation.resource.status.stable_revision
    if observation.resource.spec.server.autoscaling is None or stable is None or stable.name != revision.name:
        return False
    deployment = _deployment(observation, revision)
    return deployment is not None and any(
        _owns_replicas(entry) for entry in deployment["metadata"].get("managedFields") or ()
    )


def _owns_replicas(entry: Mapping[str, Any]) -> bool:
    is_ours = (entry.get("manager"), entry.get("operation")) == (FIELD_MANAGER, "Apply")
    return not is_ours and "f:replicas" in entry.get("fieldsV1", {}).get("f:spec", {})


def _deployment(observation: ModelDeploymentObservation, revision: Revision | None) -> Manifest | None:
    return find_child(observation.children, "Deployment", revision.name) if revision else None
